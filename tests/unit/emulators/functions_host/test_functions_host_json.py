import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.functions_host import timespan
from emulators.functions_host.errors import ConfigurationError
from emulators.functions_host.host_json import HostJson, ServiceBusOptions, parse


def _parse(service_bus: dict[str, Any], environment: dict[str, str] | None = None) -> ServiceBusOptions:
    document = {"version": "2.0", "extensions": {"serviceBus": service_bus}}
    return parse(json.dumps(document).encode(), environment or {}, 2).service_bus


def test_defaults() -> None:
    """Without a word about them, the options have the defaults of the host in Azure."""
    assert parse(b'{"version": "2.0"}', {}, 2) == HostJson(
        "api",
        ServiceBusOptions(
            prefetch_count=0,
            auto_complete=True,
            max_lock_renewal=timedelta(minutes=5),
            max_concurrent_calls=32,
            max_batch=1000,
            min_batch=1,
            max_batch_wait=timedelta(seconds=30),
        ),
    )


def test_values() -> None:
    """Each option is read, whatever the case of its key."""
    options = _parse(
        {
            "prefetchCount": 5,
            "AutoCompleteMessages": False,
            "maxAutoLockRenewalDuration": "00:10:00",
            "maxConcurrentCalls": 3,
            "maxMessageBatchSize": 32,
            "minMessageBatchSize": 8,
            "maxBatchWaitTime": "00:00:10",
        }
    )
    assert options == ServiceBusOptions(5, False, timedelta(minutes=10), 3, 32, 8, timedelta(seconds=10))  # noqa: FBT003  # reads best


def test_endless_renewal() -> None:
    """Minus one millisecond means that locks are renewed for ever."""
    assert _parse({"maxAutoLockRenewalDuration": "-00:00:00.0010000"}).max_lock_renewal is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("prefetchCount", -1),
        ("prefetchCount", "many"),
        ("prefetchCount", True),
        ("autoCompleteMessages", "perhaps"),
        ("autoCompleteMessages", 1),
        ("maxAutoLockRenewalDuration", 300),
        ("maxAutoLockRenewalDuration", "-00:00:01"),
        ("maxAutoLockRenewalDuration", "5 minutes"),
        ("maxConcurrentCalls", 0),
        ("maxMessageBatchSize", 0),
        ("minMessageBatchSize", 0),
        ("minMessageBatchSize", 1001),
        ("maxBatchWaitTime", "00:02:31"),
    ],
)
def test_wrong_value(key: str, value: object) -> None:
    """A wrong value is refused and its key named."""
    with pytest.raises(ConfigurationError, match=rf"host.json: extensions.serviceBus.{key}: "):
        _parse({key: value})


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"version": "1.0"}', b'{"version": "2.0", "extensions": 1}'])
def test_not_a_host_json(content: bytes) -> None:
    """What is not a host.json of version 2.0 is refused."""
    with pytest.raises(ConfigurationError, match=r"host\.json"):
        parse(content, {})


def test_settings_override() -> None:
    """A setting overrides the file's value, as in Azure."""
    environment = {"AzureFunctionsJobHost__extensions__serviceBus__prefetchCount": "7"}
    assert _parse({"prefetchCount": 5}, environment).prefetch_count == 7
    assert _parse({}, environment).prefetch_count == 7


def test_ignored_keys() -> None:
    """Keys that mean nothing to this host are listed, so that a typing error is noticed."""
    document = {"version": "2.0", "extensions": {"http": {"routePrefix": "/v1/"}, "serviceBus": {"prefetch": 1}}}
    found = parse(json.dumps(document).encode(), {})
    assert found.route_prefix == "v1"
    assert found.ignored == ("host.json: extensions.serviceBus.prefetch",)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("00:05:00", timedelta(minutes=5)),
        ("00:05", timedelta(minutes=5)),
        ("1.02:03:04.5", timedelta(days=1, hours=2, minutes=3, seconds=4.5)),
        ("-00:00:00.0010000", timedelta(milliseconds=-1)),
    ],
)
def test_timespan(text: str, span: timedelta) -> None:
    """A duration is read as .NET writes it."""
    assert timespan.parse(text) == span


@pytest.mark.parametrize("text", ["", "5", "24:00:00", "00:60:00", "00:00:60", "1:2:3:4"])
def test_not_a_timespan(text: str) -> None:
    """What .NET would not read is refused."""
    with pytest.raises(ValueError, match=r"time span|out of range"):
        timespan.parse(text)


@given(st.timedeltas(timedelta(), timedelta(days=9999)))
def test_any_timespan(span: timedelta) -> None:
    """Every duration survives being written and read."""
    seconds = span.seconds
    text = f"{span.days}.{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{span.microseconds:06}0"
    assert timespan.parse(text) == span
