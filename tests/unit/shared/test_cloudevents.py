import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.alert import Alert
from shared.errors import InvalidAlertError
from shared.wire.cloudevents import binary_attributes, event_id, is_structured, open_binary, open_event

DATA: dict[str, Any] = {"to": ["user:ada"], "title": "The build failed"}
EVENT: dict[str, Any] = {"specversion": "1.0", "id": "17", "source": "/ci", "type": "alert", "data": DATA}
ATTRIBUTES = {"specversion": "1.0", "id": "17", "source": "/ci", "type": "alert"}
ALERT = Alert(to=("user:ada",), title="The build failed")


def open_json(event: dict[str, Any]) -> tuple[Alert, str]:
    """Open a structured event."""
    return open_event(json.dumps(event).encode())


def without(name: str) -> dict[str, Any]:
    """The event without one attribute."""
    return {key: value for key, value in EVENT.items() if key != name}


def test_a_structured_event_carries_the_alert_as_data() -> None:
    """The alert is what stands in `data`; the id it falls back to is made of source and id."""
    assert open_json(EVENT) == (ALERT, event_id("/ci", "17"))


def test_data_may_be_base64() -> None:
    """The JSON event format has two ways to write data, and both are read."""
    encoded = base64.b64encode(json.dumps(DATA).encode()).decode()
    assert open_json(without("data") | {"data_base64": encoded})[0] == ALERT


def test_extension_attributes_pass() -> None:
    """Tracing and other extensions are legal in every event."""
    extended = EVENT | {"traceparent": "00-x", "subject": "s", "time": "2026-01-01T00:00:00Z", "comexample": 1}
    assert open_json(extended)[0] == ALERT


@pytest.mark.parametrize(
    "media_type", ["application/json", "Application/JSON; charset=utf-8", "application/alert+json"]
)
def test_json_of_any_kind_is_data(media_type: str) -> None:
    """`datacontenttype` may say JSON in all the ways there are."""
    assert open_json(EVENT | {"datacontenttype": media_type})[0] == ALERT


WRONG: list[tuple[dict[str, Any], str]] = [
    (without("id"), "id"),
    (without("source"), "source"),
    (without("type"), "type"),
    (without("specversion"), "specversion"),
    (without("data"), "data"),
    (EVENT | {"specversion": "0.3"}, "specversion"),
    (EVENT | {"id": ""}, "id"),
    (EVENT | {"id": 17}, "id"),
    (EVENT | {"source": ""}, "source"),
    (EVENT | {"datacontenttype": "text/xml"}, "datacontenttype"),
    (EVENT | {"data": "text"}, "data"),
    (EVENT | {"data": None}, "data"),
    (EVENT | {"data": DATA | {"to": ["ada"]}}, "data.to[0]"),
    (EVENT | {"data": DATA | {"tilte": 1}}, "data.tilte"),
    (without("data") | {"data_base64": "%%%"}, "data_base64"),
    (without("data") | {"data_base64": "żółw"}, "data_base64"),
    (without("data") | {"data_base64": "e30="}, "data.to"),
    (without("data") | {"data_base64": 5}, "data_base64"),
]


@pytest.mark.parametrize(("event", "field"), WRONG, ids=lambda value: str(value)[:60])
def test_a_wrong_event_is_refused_by_name(event: dict[str, Any], field: str) -> None:
    """Envelope and alert are checked alike; the path tells which of them is wrong."""
    with pytest.raises(InvalidAlertError) as refusal:
        open_json(event)
    assert refusal.value.field == field


def test_an_event_is_known_by_media_type_or_by_content() -> None:
    """Emitters that send plain `application/json` are understood; alerts are never taken for events."""
    event, alert = json.dumps(EVENT).encode(), json.dumps(DATA).encode()
    assert is_structured(alert, "application/cloudevents+json; charset=utf-8")
    assert is_structured(event, "application/json")
    assert is_structured(event, None)
    assert not is_structured(alert, "application/json")
    assert not is_structured(alert, None)


@given(st.binary(max_size=50))
def test_noise_is_no_event(body: bytes) -> None:
    """Looking for an event never fails."""
    assert not is_structured(body, None)


def test_depth_does_not_hinder_looking() -> None:
    """Not even at what is nested without end."""
    assert not is_structured(b'{"a":' * 50_000, None)
    assert not is_structured(b"[" * 50_000, None)


@pytest.mark.parametrize("prefix", ["cloudEvents:", "cloudEvents_", "ce-", "CE-", "cloudevents:"])
def test_binary_attributes_are_found_under_each_prefix(prefix: str) -> None:
    """AMQP has two prefixes, HTTP one; names are compared without regard to case."""
    beside = {"content-type": "application/json", "x": 1, "position": "p"}
    assert binary_attributes({prefix + name: value for name, value in ATTRIBUTES.items()} | beside) == ATTRIBUTES


def test_without_a_version_there_is_no_event() -> None:
    """Single properties that only look like attributes do not make a message an event."""
    assert binary_attributes({"ce-id": "1", "ce-type": "t"}) == {}
    assert binary_attributes({}) == {}
    assert binary_attributes({"specversion": "1.0"}) == {}


def test_a_binary_event_carries_the_alert_in_the_body() -> None:
    """It is the same alert with the same id as the structured one."""
    assert open_binary(json.dumps(DATA).encode(), ATTRIBUTES) == open_json(EVENT)


@pytest.mark.parametrize("name", ["id", "source", "type"])
@pytest.mark.parametrize("value", [None, "", "a\udcff"])
def test_a_binary_event_needs_its_attributes(name: str, value: str | None) -> None:
    """The same attributes are required as in structured mode, and they are text."""
    attributes = {key: text for key, text in (ATTRIBUTES | {name: value}).items() if text is not None}
    with pytest.raises(InvalidAlertError) as refusal:
        open_binary(json.dumps(DATA).encode(), attributes)
    assert refusal.value.field == name


def test_other_versions_are_refused() -> None:
    """A version that does not exist yet may mean anything."""
    with pytest.raises(InvalidAlertError) as refusal:
        open_binary(json.dumps(DATA).encode(), ATTRIBUTES | {"specversion": "2.0"})
    assert refusal.value.field == "specversion"


@given(*[st.text(max_size=5)] * 4)
def test_event_ids_differ_with_source_and_id(source: str, identifier: str, other_source: str, other: str) -> None:
    """CloudEvents makes only the pair unique, so the pair decides; the id is one that an alert may have."""
    first, second = event_id(source, identifier), event_id(other_source, other)
    if "\n" not in source + other_source:
        assert (first == second) == ((source, identifier) == (other_source, other))
    assert Alert(to=("everyone",), title="x", id=first).id == first
