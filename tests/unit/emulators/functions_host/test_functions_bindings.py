import json
from typing import Any

import pytest

from emulators.functions_host.bindings import (
    DataType,
    Function,
    HttpTrigger,
    IndexedFunction,
    ServiceBusTrigger,
    TimerTrigger,
    read,
)
from emulators.functions_host.errors import ConfigurationError, FunctionError
from emulators.functions_host.settings import Connection

ENVIRONMENT = {"BUS": "connection", "QUEUE": "alerts", "WHEN": "0 0 3 * * *"}
HTTP_OUTPUT = {"type": "http", "direction": "OUT", "name": "$return"}


def _read(*bindings: dict[str, Any], prefix: str = "api") -> Function:
    raw = tuple(json.dumps(binding) for binding in bindings)
    return read(IndexedFunction("name", "id", "function_app.py", raw), ENVIRONMENT, prefix)


def test_http() -> None:
    """An HTTP trigger has a route and methods; without them, the function's name and every method."""
    trigger = {"type": "httpTrigger", "name": "req", "route": "/alerts/{id}", "methods": ["get", "POST"]}
    assert _read(trigger, HTTP_OUTPUT).trigger == HttpTrigger("req", "alerts/{id}", frozenset({"GET", "POST"}))
    assert _read({"type": "httpTrigger", "name": "req"}, HTTP_OUTPUT).trigger == HttpTrigger("req", "name", None)


def test_service_bus() -> None:
    """A Service Bus trigger names its queue and connection, through settings; the default is single messages."""
    trigger = {"type": "serviceBusTrigger", "name": "m", "queueName": "%QUEUE%", "connection": "BUS"}
    connection = Connection(connection_string="connection")
    assert _read(trigger).trigger == ServiceBusTrigger("m", "alerts", connection, False, DataType.UNDEFINED, None)  # noqa: FBT003  # reads best
    many = _read({**trigger, "cardinality": "many", "dataType": "BINARY", "autoCompleteMessages": False}).trigger
    assert isinstance(many, ServiceBusTrigger)
    assert (many.many, many.data_type, many.auto_complete) == (True, DataType.BINARY, False)


def test_timer() -> None:
    """A timer trigger's schedule may be a setting."""
    timer = _read({"type": "timerTrigger", "name": "t", "schedule": "%WHEN%", "runOnStartup": True}).trigger
    assert isinstance(timer, TimerTrigger)
    assert timer.schedule.expression == "0 0 3 * * *"
    assert (timer.run_on_startup, timer.use_monitor) == (True, True)


@pytest.mark.parametrize(
    ("bindings", "reason"),
    [
        ([], "has 0 triggers"),
        ([{"type": "blobTrigger", "name": "b"}], "the trigger 'blobTrigger' is not served"),
        ([{"type": "httpTrigger", "name": "r"}, {"type": "cosmosDB", "name": "c"}], "the binding 'cosmosDB' is not"),
        ([{"type": "httpTrigger", "name": "r", "route": "a{b}"}], "the route segment 'a{b}' is not served"),
        ([{"type": "serviceBusTrigger", "name": "m", "topicName": "t"}], "topics are not served"),
        (
            [{"type": "serviceBusTrigger", "name": "m", "queueName": "q", "isSessionsEnabled": True}],
            "sessions are not served",
        ),
        (
            [{"type": "serviceBusTrigger", "name": "m", "queueName": "q", "cardinality": "many", "dataType": "stream"}],
            "'stream' cannot be combined",
        ),
        ([{"type": "timerTrigger", "name": "t", "schedule": "often"}], "'often' is not a schedule"),
    ],
)
def test_refused(bindings: list[dict[str, Any]], reason: str) -> None:
    """What is not served is refused with the function's name and the reason."""
    with pytest.raises(FunctionError, match="function 'name': ") as refusal:
        _read(*bindings)
    assert reason in str(refusal.value)


def test_reserved_routes() -> None:
    """A route cannot take the place of the built-in ones."""
    with pytest.raises(FunctionError, match="conflicts"):
        _read({"type": "httpTrigger", "name": "r", "route": "admin/x"}, prefix="")
    assert _read({"type": "httpTrigger", "name": "r", "route": "admin/x"}).name == "name"


def test_missing_setting() -> None:
    """A setting that is referred to and missing is named."""
    with pytest.raises(ConfigurationError, match="OTHER: setting is missing"):
        _read({"type": "serviceBusTrigger", "name": "m", "queueName": "%OTHER%", "connection": "BUS"})
