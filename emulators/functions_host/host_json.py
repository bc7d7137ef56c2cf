"""`host.json`: what this host honours of it, with the defaults and the checks of the host in Azure.

A value can be overridden by a setting: `AzureFunctionsJobHost__extensions__serviceBus__prefetchCount=0`.
Source: ServiceBusOptions and ServiceBusHostBuilderExtensions of Microsoft.Azure.WebJobs.Extensions.ServiceBus 5.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from . import timespan
from .errors import ConfigurationError

FILE = "host.json"
_OVERRIDE = "AzureFunctionsJobHost__"
_VERSION = "2.0"
_TELEMETRY_MODES = frozenset({"applicationinsights", "opentelemetry", "none"})
_LONGEST_BATCH_WAIT = timedelta(minutes=2, seconds=30)
_INFINITE = timedelta(milliseconds=-1)
_CALLS_PER_PROCESSOR = 16


@dataclass(frozen=True, slots=True)
class ServiceBusOptions:
    """How Service Bus triggers receive."""

    prefetch_count: int = 0
    auto_complete: bool = True
    max_lock_renewal: timedelta | None = timedelta(minutes=5)
    """How long the lock of a single message is kept while its function runs; None: as long as it takes.
    Locks of batches are not renewed, here as in Azure."""
    max_concurrent_calls: int = _CALLS_PER_PROCESSOR
    """Invocations at a time of a function that takes single messages."""
    max_batch: int = 1000
    min_batch: int = 1
    max_batch_wait: timedelta = timedelta(seconds=30)
    """How long a batch smaller than `min_batch` is held back."""


@dataclass(frozen=True, slots=True)
class HostJson:
    """The part of `host.json` that this host honours."""

    route_prefix: str = "api"
    """Without slashes at its ends; may be empty."""
    service_bus: ServiceBusOptions = ServiceBusOptions()
    ignored: tuple[str, ...] = ()
    """Keys under the extensions that are served which mean nothing to this host: typing errors, or not served."""


def load(folder: Path, environment: Mapping[str, str]) -> HostJson:
    """Read the app's `host.json`.

    Raises:
        ConfigurationError: it is missing, or a value in it is wrong.
    """
    try:
        content = (folder / FILE).read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(FILE, f"not found in {folder}; is this the folder of a function app?") from None
    return parse(content, environment, os.process_cpu_count() or 1)


def parse(content: bytes, environment: Mapping[str, str], processors: int = 1) -> HostJson:
    """Read the content of a `host.json`, and the settings that override it.

    Raises:
        ConfigurationError: a value is wrong; names the key.
    """
    try:
        document: Any = json.loads(content)
    except ValueError as error:
        raise ConfigurationError(FILE, f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ConfigurationError(FILE, "not a JSON object")
    if document.get("version") != _VERSION:
        raise ConfigurationError(f"{FILE}: version", f"must be '{_VERSION}'")
    mode = document.get("telemetryMode", "ApplicationInsights")
    if not isinstance(mode, str) or mode.lower() not in _TELEMETRY_MODES:
        raise ConfigurationError(f"{FILE}: telemetryMode", "must be ApplicationInsights, OpenTelemetry or None")
    http = _Section("extensions.http", document, environment)
    bus = _Section("extensions.serviceBus", document, environment)
    prefix = http.text("routePrefix", "api").strip("/")
    options = _service_bus(bus, processors)
    return HostJson(prefix, options, (*http.ignored(), *bus.ignored()))


def _service_bus(section: "_Section", processors: int) -> ServiceBusOptions:
    max_batch = section.integer("maxMessageBatchSize", 1000, 1)
    min_batch = section.integer("minMessageBatchSize", 1, 1)
    if min_batch > max_batch:
        raise section.wrong("minMessageBatchSize", f"{min_batch} is more than maxMessageBatchSize, {max_batch}")
    wait = section.duration("maxBatchWaitTime", timedelta(seconds=30))
    if not timedelta() <= wait <= _LONGEST_BATCH_WAIT:
        raise section.wrong("maxBatchWaitTime", "must be from 00:00:00 to 00:02:30")
    renewal = section.duration("maxAutoLockRenewalDuration", timedelta(minutes=5))
    if renewal < timedelta() and renewal != _INFINITE:
        raise section.wrong("maxAutoLockRenewalDuration", "must not be negative; -00:00:00.0010000 means for ever")
    return ServiceBusOptions(
        prefetch_count=section.integer("prefetchCount", 0, 0),
        auto_complete=section.boolean("autoCompleteMessages", default=True),
        max_lock_renewal=None if renewal == _INFINITE else renewal,
        max_concurrent_calls=section.integer("maxConcurrentCalls", _CALLS_PER_PROCESSOR * processors, 1),
        max_batch=max_batch,
        min_batch=min_batch,
        max_batch_wait=wait,
    )


class _Section:
    """One object of the document, read key by key; keys are not case-sensitive, as in .NET configuration."""

    def __init__(self, path: str, document: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self.path = path
        found: Any = document
        for name in path.split("."):
            found = next((value for key, value in found.items() if key.lower() == name.lower()), None) or {}
            if not isinstance(found, dict):
                raise ConfigurationError(f"{FILE}: {path}", "must be an object")
        self._values: dict[str, Any] = {key.lower(): value for key, value in found.items()}
        self._names = {key.lower(): key for key in found}
        prefix = (_OVERRIDE + path.replace(".", "__") + "__").lower()
        for key, text in environment.items():
            if key.lower().startswith(prefix):
                self._values[key.lower()[len(prefix) :]] = text
        self._read: set[str] = set()

    def wrong(self, key: str, problem: str) -> ConfigurationError:
        return ConfigurationError(f"{FILE}: {self.path}.{key}", problem)

    def ignored(self) -> Iterator[str]:
        """The keys that nobody asked for."""
        return (f"{FILE}: {self.path}.{name}" for key, name in self._names.items() if key not in self._read)

    def text(self, key: str, default: str) -> str:
        value = self._value(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, "must be a string")
        return value

    def integer(self, key: str, default: int, minimum: int) -> int:
        value = self._value(key, default)
        try:
            number = int(value) if isinstance(value, str) else value
        except ValueError:
            number = None
        if not isinstance(number, int) or isinstance(number, bool) or number < minimum:
            raise self.wrong(key, f"must be a whole number of at least {minimum}, not {json.dumps(value)}")
        return number

    def boolean(self, key: str, *, default: bool) -> bool:
        value = self._value(key, default)
        if isinstance(value, str) and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise self.wrong(key, f"must be true or false, not {json.dumps(value)}")
        return value

    def duration(self, key: str, default: timedelta) -> timedelta:
        value = self._value(key, default)
        if isinstance(value, timedelta):
            return value
        try:
            return timespan.parse(value)
        except (TypeError, ValueError, AttributeError):
            raise self.wrong(key, f"must be a time span such as 00:05:00, not {json.dumps(value)}") from None

    def _value(self, key: str, default: Any) -> Any:
        self._read.add(key.lower())
        value = self._values.get(key.lower())
        return default if value is None else value
