import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from shared.alert import MAXIMUM_BYTES, Alert
from shared.api.http import Request
from shared.api.problems import Code, ProblemError
from shared.api.sending import MAXIMUM_ALERTS, read_alerts
from shared.wire.cloudevents import event_id
from shared.wire.json import decode, encode

ALERT: dict[str, Any] = {"to": ["user:ada"], "title": "Your order is on its way"}
EVENT: dict[str, Any] = {"specversion": "1.0", "id": "17", "source": "/shop", "type": "alert", "data": ALERT}
JSON = {"content-type": "application/json"}


def post(document: Any, headers: dict[str, str] = JSON) -> Request:
    """A request with a document, or with bytes as they are."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Request("POST", headers, body=body)


def refusal(request: Request) -> ProblemError:
    """The problem that a request is refused with."""
    with pytest.raises(ProblemError) as problem:
        read_alerts(request)
    return problem.value


def test_one_alert_is_one_message() -> None:
    """Without an id it gets one, which the producer is told and the alert carries from then on."""
    [identifier], [message] = read_alerts(post(ALERT))
    assert decode(message.body, Alert) == Alert(to=("user:ada",), title=ALERT["title"], id=identifier)
    assert message.message_id == identifier
    assert re.fullmatch(r"[0-9a-f]{32}", identifier)


def test_an_id_of_the_producer_is_honoured() -> None:
    """It is the message id as well, by which the queue drops what is sent twice."""
    [identifier], [message] = read_alerts(post(ALERT | {"id": "order-42"}))
    assert (identifier, message.message_id) == ("order-42", "order-42")


def test_alerts_without_ids_are_never_one() -> None:
    """The same words twice are two alerts."""
    identifiers, messages = read_alerts(post([ALERT, ALERT]))
    assert len(set(identifiers)) == len({message.message_id for message in messages}) == 2


@pytest.mark.parametrize("count", [1, MAXIMUM_ALERTS])
def test_an_array_is_taken_in_its_order(count: int) -> None:
    """Up to a hundred at once."""
    names = [f"a{number}" for number in range(count)]
    identifiers, messages = read_alerts(post([ALERT | {"id": name} for name in names]))
    assert identifiers == [message.message_id for message in messages] == names


def test_white_space_before_an_array_does_not_matter() -> None:
    """Nor does it before an alert."""
    assert len(read_alerts(post(b" \r\n\t" + json.dumps([ALERT, ALERT]).encode()))[0]) == 2
    assert len(read_alerts(post(b"\n " + json.dumps(ALERT).encode()))[0]) == 1


@pytest.mark.parametrize("media_type", ["application/cloudevents+json", "application/json; charset=utf-8", ""])
def test_a_structured_event_is_taken(media_type: str) -> None:
    """With its media type or without; its id is made of source and id."""
    [identifier], _ = read_alerts(post(EVENT, {"content-type": media_type}))
    assert identifier == event_id("/shop", "17")


def test_a_batch_of_events_is_taken() -> None:
    """In CloudEvents' own batch format; alerts and events may even be mixed."""
    other = EVENT | {"id": "18", "data": ALERT | {"id": "own"}}
    headers = {"content-type": "application/cloudevents-batch+json"}
    identifiers, _ = read_alerts(post([EVENT, other, ALERT | {"id": "plain"}], headers))
    assert identifiers == [event_id("/shop", "17"), "own", "plain"]


@pytest.mark.parametrize(
    ("media_type", "document", "field", "sentence"),
    [
        ("application/cloudevents+json", EVENT | {"specversion": "0.3"}, "specversion", "`specversion`"),
        ("application/cloudevents+json", ALERT, "specversion", "Object missing required field `specversion`"),
        ("application/cloudevents+json", [EVENT], "", "Expected `object`, got `array`"),
        ("application/cloudevents-batch+json", EVENT, "", "Expected `array`, got `object`"),
    ],
)
def test_the_media_types_of_cloudevents_are_promises(media_type: str, document: Any, field: str, sentence: str) -> None:
    """Who sends an event is told what is wrong with the event, and one is no batch."""
    problem = refusal(post(document, {"content-type": media_type}))
    assert (problem.code, problem.field) == (Code.INVALID_ALERT, field)
    assert sentence in str(problem)


def test_a_binary_event_is_taken() -> None:
    """The attributes are headers."""
    headers = JSON | {"ce-specversion": "1.0", "ce-id": "17", "ce-source": "/shop", "ce-type": "alert"}
    [identifier], [message] = read_alerts(post(ALERT, headers))
    assert identifier == event_id("/shop", "17")
    assert decode(message.body, Alert).title == ALERT["title"]


WRONG: list[tuple[Any, str, str]] = [
    (ALERT | {"tilte": 1}, "tilte", "Object contains unknown field `tilte`"),
    ([ALERT, ALERT | {"to": ["ada"]}], "[1].to[0]", "[1]: `to[0]`: must be"),
    ([ALERT, EVENT | {"data": {}}], "[1].data.to", "[1]: in `data`: Object missing required field `to`"),
    ([ALERT, 5], "[1]", "[1]: Expected `object`, got `int`"),
    ([[ALERT]], "[0]", "[0]: Expected `object`, got `array`"),
    ([], "", "the array has no alert"),
    ({}, "to", "Object missing required field `to`"),
    (b"", "", "not JSON"),
    (b"[", "", "not JSON"),
    (b"[" * 10_000, "", "not"),
    (b'[{"to":["user:ada"],"title":"x"},]', "", "not JSON"),
    (b"\xff", "", "not UTF-8"),
    (b"null", "", "Expected `object`, got `null`"),
    (EVENT | {"type": ""}, "type", "`type`"),
]


@pytest.mark.parametrize(("document", "field", "sentence"), WRONG, ids=lambda value: str(value)[:40])
def test_a_wrong_alert_is_refused_by_place_and_name(document: Any, field: str, sentence: str) -> None:
    """Which of the alerts, which field of it, and what is wrong there."""
    problem = refusal(post(document))
    assert (problem.code, problem.field) == (Code.INVALID_ALERT, field)
    assert str(problem).startswith(sentence)


def test_a_hundred_and_one_are_too_many() -> None:
    """Refused whole, whatever they are."""
    problem = refusal(post([ALERT] * (MAXIMUM_ALERTS + 1)))
    assert problem.code is Code.TOO_LARGE
    assert "101" in str(problem)


BINARY = JSON | {"ce-specversion": "1.0", "ce-id": "17", "ce-source": "/shop", "ce-type": "alert"}
TOO_LARGE: list[tuple[str, Callable[[], Request]]] = [
    ("an alert", lambda: post(json.dumps(ALERT).encode().ljust(MAXIMUM_BYTES + 1))),
    ("an event", lambda: post(json.dumps(EVENT).encode().ljust(MAXIMUM_BYTES + 1))),
    ("a binary event", lambda: post(json.dumps(ALERT).encode().ljust(MAXIMUM_BYTES + 1), BINARY)),
    ("one of an array", lambda: post([ALERT, ALERT | {"body": "x" * MAXIMUM_BYTES}])),
    ("the request", lambda: post(b"[" + b" " * (MAXIMUM_ALERTS * MAXIMUM_BYTES))),
]


@pytest.mark.parametrize(("name", "request_of"), TOO_LARGE, ids=[name for name, _ in TOO_LARGE])
def test_what_is_too_large_is_refused_unread(name: str, request_of: Callable[[], Request]) -> None:
    """An alert has up to 64 KiB, in whatever form it comes; a request as much as a hundred of them."""
    assert refusal(request_of()).code is Code.TOO_LARGE, name


def alert_of(size: int) -> bytes:
    """A valid alert of so many bytes, about as many as there can be."""
    link = "/" + "\U0001f514" * 2000
    action = {"id": "a", "title": "x", "url": link}
    fields = ALERT | {
        "url": link,
        "icon": link,
        "image": link,
        "data": {"x": "y" * 16_000},
        "body": "\U0001f514" * 4000,
    }
    spare = size - len(encode(fields | {"actions": [action, action | {"id": "b", "url": "/"}]}))
    return encode(fields | {"actions": [action, action | {"id": "b", "url": "/" + "z" * spare}]})


def test_an_alert_that_grows_too_large_with_its_id_is_refused() -> None:
    """What is accepted can be delivered: it is the size of the message that counts, and an id is 40 bytes of it."""
    assert len(read_alerts(post(alert_of(MAXIMUM_BYTES - 40)))[1][0].body) == MAXIMUM_BYTES
    assert "65,537 bytes" in str(refusal(post(alert_of(MAXIMUM_BYTES - 39))))


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "json"])
def test_other_media_types_are_refused(media_type: str) -> None:
    """What is not JSON is not guessed at."""
    assert refusal(post(ALERT, {"content-type": media_type})).code is Code.UNSUPPORTED_MEDIA_TYPE


def test_a_retraction_may_be_posted() -> None:
    """It has the id of what it withdraws and a message id of its own."""
    [identifier], [message] = read_alerts(post({"to": ["user:ada"], "id": "order-42", "retract": True}))
    assert identifier == "order-42"
    assert message.message_id != "order-42"
