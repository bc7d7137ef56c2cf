"""Where the system is that a command works with: the local cloud, unless settings say otherwise.

Settings come from one source: a file that is named, or the environment, or else they are the local cloud's. They are
never mixed, so that no command can send with one system and read from another.
"""

import json
import os
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from belfry.cli.failing import WrongUseError
from belfry.operations.service_bus import Access
from shared.settings import DECLARED

API: Final = "BELFRY_API"
"""Address of the API: what clients know, and the application itself need not."""
TOKEN: Final = "BELFRY_TOKEN"  # noqa: S105  # the name of it
LOCAL: Final = {
    "SERVICE_BUS_CONNECTION": (
        "Endpoint=sb://localhost;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;"
        "UseDevelopmentEmulator=true;"
    ),
    "COSMOS_ENDPOINT": "http://localhost:8081",
    "COSMOS_KEY": "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==",
    "WEB_PUBSUB_CONNECTION": (
        "Endpoint=http://localhost:8080;AccessKey=ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH;Version=1.0;"
    ),
    "AUTH_ISSUER": "http://localhost:8091",
    "AUTH_AUDIENCE": "belfry",
    API: "http://localhost:7071/api",
}
"""The local cloud's. Its keys are public, and good for nothing else."""

_CONNECTION: Final = "SERVICE_BUS_CONNECTION"
_NAMESPACE: Final = "SERVICE_BUS_CONNECTION__fullyQualifiedNamespace"
_KNOWN: Final = frozenset({API, *(declaration.key for declaration in DECLARED)})
_ADDRESSES: Final = frozenset(
    {API, _CONNECTION, _NAMESPACE, "COSMOS_ENDPOINT", "WEB_PUBSUB_CONNECTION", "WEB_PUBSUB_ENDPOINT", "AUTH_ISSUER"}
)
"""Any of these in the environment says that another system is meant than the local one's usual addresses."""
_PUSHES: Final = "NOTIFICATION_HUBS_CONNECTION"
"""No command needs it. In the settings of a function app it is a reference to a secret, which only the app resolves."""
_SIMILAR: Final = 0.88
"""How alike two keys are of which one is a misspelling of the other."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Target:
    """The system that a command works with."""

    values: Mapping[str, str]
    """Its settings by key; those that are absent or empty are not there."""
    source: str
    """Where they were found, for people."""
    misspelt: Mapping[str, str] = field(default_factory=dict)
    """Keys that are no settings, and the ones that are probably meant."""

    @property
    def service_bus(self) -> Access:
        """How its queues are reached; raises `WrongUseError` or `SettingsError` when the settings do not say."""
        if namespace := self.values.get(_NAMESPACE):
            return Access(namespace, by_identity=True, client_id=self.values.get("AZURE_CLIENT_ID"))
        return Access.by_connection_string(self._required(_CONNECTION, f"or {_NAMESPACE}"))

    @property
    def api(self) -> str:
        """The API's address, without a slash at its end."""
        address = self._required(API, "(or --api URL): the API's address, as https://….azurewebsites.net/api")
        parts = urlsplit(address)
        if not parts.hostname or not (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        ):
            # A token goes there.
            raise WrongUseError(f"{API} must be an https URL; http only on this machine")
        return address.rstrip("/")

    @property
    def local_identity(self) -> str | None:
        """The issuer's address, if it is one of this machine: it gives everyone a token who asks."""
        issuer = self.values.get("AUTH_ISSUER", "")
        return issuer.rstrip("/") if urlsplit(issuer).hostname in _LOOPBACK else None

    def _required(self, key: str, more: str) -> str:
        try:
            return self.values[key]
        except KeyError:
            raise WrongUseError(f"{key} is missing in {self.source} {more}") from None


def find_target(options: Namespace, environment: Mapping[str, str] = os.environ) -> Target:
    """The system that is meant.

    Args:
        options: `settings`, a file or None; `api`, an address, where the command has that option.
        environment: the process's.

    Raises:
        WrongUseError: the file is none of settings.
    """
    values, source = _source(options.settings, environment)
    # Not a setting of the application, so a file of those may well lack it.
    api = getattr(options, "api", None) or values.get(API) or environment.get(API)
    given = {**values, API: api} if api else values
    known = {key: value.strip() for key, value in given.items() if key in _KNOWN - {_PUSHES} and value.strip()}
    similar = {key: get_close_matches(key, _KNOWN, 1, _SIMILAR) for key in given if key not in _KNOWN}
    return Target(known, source, {key: matches[0] for key, matches in similar.items() if matches})


def _source(file: Path | None, environment: Mapping[str, str]) -> tuple[Mapping[str, str], str]:
    if file:
        return read_settings(file), str(file)
    if any(environment.get(key) for key in _ADDRESSES):
        return environment, "the environment"
    return LOCAL, "the local cloud's settings"


def read_settings(file: Path) -> Mapping[str, str]:
    """The settings in a file.

    Args:
        file: `{"Values": {key: value}}`, as Azure Functions keeps them on a laptop, or `[{"name", "value"}]`, as the
            Azure CLI prints those of a function app.

    Raises:
        WrongUseError: it is not there, or neither of the two.
    """
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongUseError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise WrongUseError(f"{file} is not JSON: {error}") from error
    match content:
        case {"Values": dict(values)}:
            pass
        case [*items] if all(isinstance(item, dict) and "name" in item and "value" in item for item in items):
            values = {item["name"]: item["value"] for item in items}
        case _:
            raise WrongUseError(f"{file} has no settings: `Values` is missing")
    if not all(isinstance(value, str) for value in values.values()):
        raise WrongUseError(f"{file}: every setting must be text")
    return values
