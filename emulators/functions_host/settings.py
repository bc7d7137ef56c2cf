"""The app's settings: `local.settings.json`, `%NAME%` references, and Service Bus connections.

The process's environment wins over the file, so that a test or a script can change one setting.
"""

import json
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cors import Policy
from .errors import ConfigurationError

FILE = "local.settings.json"
SAMPLE_FILE = "local.settings.sample.json"
_REFERENCE = re.compile(r"%([^%]+)%")


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """What `local.settings.json` says."""

    values: Mapping[str, str]
    cors: Policy | None
    """None: requests from other origins get no CORS headers."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How a trigger reaches its Service Bus namespace: one of the first two is set."""

    connection_string: str = ""
    namespace: str = ""
    """Fully qualified; signed in to with an identity."""
    managed_identity: bool = False
    """Only a managed identity may be used, not whoever is signed in on this machine."""
    client_id: str = ""
    """Of a user-assigned managed identity."""


def load(folder: Path, file: Path | None = None) -> LocalSettings:
    """Read `file`, or else the app's `local.settings.json`, or else its sample, or else nothing.

    Raises:
        ConfigurationError: the file is named and missing, or cannot be understood.
    """
    if file is not None and not file.is_file():
        raise ConfigurationError(str(file), "no such file")
    for path in (file,) if file else (folder / FILE, folder / SAMPLE_FILE):
        if path.is_file():
            return parse(path.read_bytes(), path.name)
    return LocalSettings({}, None)


def parse(content: bytes, name: str = FILE) -> LocalSettings:
    """Read the content of a settings file.

    Raises:
        ConfigurationError: it is not a settings file, or it is encrypted.
    """
    try:
        document: Any = json.loads(content)
    except ValueError as error:
        raise ConfigurationError(name, f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ConfigurationError(name, "not a JSON object")
    if document.get("IsEncrypted"):
        raise ConfigurationError(f"{name}: IsEncrypted", "encrypted settings are not served")
    values = document.get("Values") or {}
    host = document.get("Host") or {}
    if not isinstance(values, dict) or not isinstance(host, dict):
        raise ConfigurationError(name, "Values and Host must be objects")
    for key, value in values.items():
        if not isinstance(value, str | int | float):
            raise ConfigurationError(f"{name}: Values.{key}", "must be a string, a number or a boolean")
    return LocalSettings({key: str(value) for key, value in values.items()}, _cors(host, name))


def _cors(host: Mapping[str, Any], name: str) -> Policy | None:
    origins = frozenset(origin.strip().rstrip("/") for origin in str(host.get("CORS") or "").split(",")) - {""}
    if not origins:
        return None
    credentials = bool(host.get("CORSCredentials"))
    if credentials and "*" in origins:
        raise ConfigurationError(f"{name}: Host.CORSCredentials", "cannot be combined with the origin '*'")
    return Policy(origins, credentials=credentials)


def apply(settings: LocalSettings, environment: MutableMapping[str, str]) -> None:
    """Put the values into `environment`, except those it has."""
    for key, value in settings.values.items():
        environment.setdefault(key, value)


def resolve(text: str, environment: Mapping[str, str]) -> str:
    """Replace each `%NAME%` with the value of that setting.

    Raises:
        ConfigurationError: there is no such setting, or it is empty.
    """

    def value(match: re.Match[str]) -> str:
        found = environment.get(match[1], "")
        if not found:
            raise ConfigurationError(match[1], f"setting is missing; '{text}' refers to it")
        return found

    return _REFERENCE.sub(value, text)


def connection(name: str, environment: Mapping[str, str]) -> Connection:
    """Find the Service Bus connection that a trigger names, as the host looks for it.

    `AzureWebJobs<Name>` is tried before `<Name>`. A setting of that name is a connection string; settings of the form
    `<Name>__fullyQualifiedNamespace` ask for an identity. Without a name it is `AzureWebJobsServiceBus`.

    Raises:
        ConfigurationError: neither is set.
    """
    name = resolve(name, environment) or "ServiceBus"
    for candidate in (f"AzureWebJobs{name}", name, f"ConnectionStrings__{name}"):
        if text := environment.get(candidate):
            return Connection(connection_string=text)
        if namespace := environment.get(f"{candidate}__fullyQualifiedNamespace"):
            return Connection(
                namespace=namespace,
                managed_identity=environment.get(f"{candidate}__credential", "").lower() == "managedidentity",
                client_id=environment.get(f"{candidate}__clientId", ""),
            )
    raise ConfigurationError(
        name, f"setting is missing; give it a Service Bus connection string, or set {name}__fullyQualifiedNamespace"
    )


def is_disabled(function: str, environment: Mapping[str, str]) -> bool:
    """Whether `AzureWebJobs.<function>.Disabled` (or with `_`, where names cannot have dots) turns the function off."""
    names = (f"AzureWebJobs.{function}.Disabled", f"AzureWebJobs_{function}_Disabled")
    return any(environment.get(name, "").strip().lower() in {"true", "1"} for name in names)
