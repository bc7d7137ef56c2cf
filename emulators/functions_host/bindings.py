"""The functions of an app, from the bindings that indexing found: what starts each of them.

Everything that this host does not serve is refused here, by name.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from . import ncrontab, routes, settings
from .errors import FunctionError, SyntaxProblem

_RESERVED = frozenset({"admin", "runtime"})


class DataType(Enum):
    """How a function wants the body of a message."""

    UNDEFINED = "undefined"
    STRING = "string"
    BINARY = "binary"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """Started by a request."""

    parameter: str
    """Name of the function's argument that takes the trigger's value."""
    route: str
    """Template, without the prefix; the function's name unless the app gives one."""
    methods: frozenset[str] | None
    """In upper case; None means all."""


@dataclass(frozen=True, slots=True)
class ServiceBusTrigger:
    """Started by messages of a queue."""

    parameter: str
    queue: str
    connection: settings.Connection
    many: bool
    """Whether the function takes batches."""
    data_type: DataType
    auto_complete: bool | None
    """None: as host.json says."""


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """Started by the clock."""

    parameter: str
    schedule: ncrontab.Schedule
    run_on_startup: bool
    use_monitor: bool
    """Whether occurrences that were missed while no host ran are made up for."""


type Trigger = HttpTrigger | ServiceBusTrigger | TimerTrigger


@dataclass(frozen=True, slots=True)
class IndexedFunction:
    """A function as the runtime indexed it."""

    name: str
    function_id: str
    script_file: str
    raw_bindings: Sequence[str]
    """JSON objects, as in a function.json."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function and what starts it."""

    name: str
    function_id: str
    script_file: str
    bindings: tuple[Mapping[str, Any], ...]
    """As in a function.json."""
    trigger: Trigger
    is_disabled: bool


def read(indexed: IndexedFunction, environment: Mapping[str, str], route_prefix: str) -> Function:
    """Understand a function's bindings.

    Raises:
        FunctionError: it has a binding that is not served, or one that is wrong.
        ConfigurationError: a setting it refers to is missing.
    """
    bindings = tuple(json.loads(text) for text in indexed.raw_bindings)
    triggers = [binding for binding in bindings if str(binding["type"]).endswith("Trigger")]
    if len(triggers) != 1:
        raise FunctionError(indexed.name, f"has {len(triggers)} triggers; it must have one")
    for binding in bindings:
        if binding is not triggers[0] and binding["type"] != "http":
            raise FunctionError(indexed.name, f"the binding '{binding['type']}' is not served by this host")
    try:
        trigger = _trigger(indexed.name, triggers[0], environment, route_prefix)
    except SyntaxProblem as problem:
        raise FunctionError(indexed.name, str(problem)) from None
    return Function(
        indexed.name,
        indexed.function_id,
        indexed.script_file,
        bindings,
        trigger,
        settings.is_disabled(indexed.name, environment),
    )


def _trigger(function: str, binding: Mapping[str, Any], environment: Mapping[str, str], route_prefix: str) -> Trigger:
    match binding["type"]:
        case "httpTrigger":
            return _http(function, binding, route_prefix)
        case "serviceBusTrigger":
            return _service_bus(function, binding, environment)
        case "timerTrigger":
            return _timer(binding, environment)
        case other:
            raise FunctionError(function, f"the trigger '{other}' is not served by this host")


def _http(function: str, binding: Mapping[str, Any], route_prefix: str) -> HttpTrigger:
    route = (binding.get("route") or function).strip("/")
    template = routes.parse(f"{route_prefix}/{route}")
    if isinstance(template[0], routes.Literal) and template[0].text.lower() in _RESERVED:
        raise FunctionError(
            function, f"the route '{route}' conflicts with the built-in routes under /admin and /runtime"
        )
    methods = binding.get("methods")
    return HttpTrigger(binding["name"], route, frozenset(str(name).upper() for name in methods) if methods else None)


def _service_bus(function: str, binding: Mapping[str, Any], environment: Mapping[str, str]) -> ServiceBusTrigger:
    if not binding.get("queueName"):
        raise FunctionError(function, "Service Bus topics are not served by this host")
    if binding.get("isSessionsEnabled"):
        raise FunctionError(function, "Service Bus sessions are not served by this host")
    many = str(binding.get("cardinality") or "one").lower() == "many"
    data_type = _data_type(binding.get("dataType"))
    if many and data_type is DataType.STREAM:
        raise FunctionError(function, "the data type 'stream' cannot be combined with the cardinality 'many'")
    return ServiceBusTrigger(
        binding["name"],
        settings.resolve(binding["queueName"], environment),
        settings.connection(binding.get("connection") or "", environment),
        many,
        data_type,
        binding.get("autoCompleteMessages"),
    )


def _data_type(value: object) -> DataType:
    if isinstance(value, int):
        return tuple(DataType)[value]
    return DataType(str(value).lower()) if value else DataType.UNDEFINED


def _timer(binding: Mapping[str, Any], environment: Mapping[str, str]) -> TimerTrigger:
    return TimerTrigger(
        binding["name"],
        ncrontab.parse(settings.resolve(binding["schedule"], environment)),
        run_on_startup=bool(binding.get("runOnStartup")),
        use_monitor=binding.get("useMonitor") is not False,
    )
