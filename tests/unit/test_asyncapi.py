import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jsonschema_rs
import pytest
import yaml
from msgspec import structs
from opentelemetry import trace

from scripts.write_asyncapi_schemas import PAGE, written
from shared.alert import Alert
from shared.api.openapi import VERSION
from shared.audience import Kind
from shared.azure.service_bus import ALERTS, POISON
from shared.delivery.channels.live import LiveChannel
from shared.identity import Person
from shared.inbox.marking import Marking, Said
from shared.inbox.membership import TopicAccess
from shared.inbox.settling_in import SettlingIn
from shared.inbox.visiting import Reception
from shared.telemetry import Telemetry, context_of
from shared.wire.json import encode
from shared.wire.message import (
    Outgoing,
    escalated,
    escalated_again,
    open_parcel,
    outgoing,
    poison,
    postponed,
    retry,
)
from tests.unit.shared.fakes import ADA, NOON, RecordingPublisher, SetClock, received, stored
from tests.unit.shared.memory import MemoryPeople, MemoryStore

TEXT = PAGE.read_text(encoding="utf-8")
DOCUMENT: dict[str, Any] = yaml.safe_load(TEXT)
MESSAGES: dict[str, dict[str, Any]] = DOCUMENT["components"]["messages"]
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SPAN = trace.get_current_span(context_of({"traceparent": TRACEPARENT}))
ADA_HERSELF = Person("ada", frozenset())


def resolved(reference: str) -> Any:
    """What a reference within the page leads to."""
    found: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def references(value: Any) -> Iterator[str]:
    """All references in a value."""
    match value:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for item in value.values():
                yield from references(item)
        case list():
            for item in value:
                yield from references(item)


def check(schema: dict[str, Any], value: Any) -> None:
    """Hold a value, as it is on the wire, against a schema of the page."""
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema_rs.Draft202012Validator(whole, validate_formats=True).validate(json.loads(encode(value)))


def headers_of(message: dict[str, Any]) -> dict[str, Any]:
    """The schema of a message's headers, with those of its traits; closed, so that none goes undocumented."""
    schemas = [resolved(trait["$ref"])["headers"] for trait in message.get("traits", ())]
    schemas += [message["headers"]] if "headers" in message else []
    return {
        "type": "object",
        "required": [name for schema in schemas for name in schema.get("required", ())],
        "properties": {name: described for schema in schemas for name, described in schema["properties"].items()},
        "additionalProperties": False,
    }


def test_the_schemas_are_those_of_the_code() -> None:
    """What the page says of alerts, cards and marks is what the code checks; the script that is imported writes it."""
    assert written(TEXT) == TEXT


def test_everything_that_is_referred_to_is_there() -> None:
    """No reference leads nowhere, and no message or schema is left over."""
    named = set(references(DOCUMENT))
    for reference in named:
        assert resolved(reference) is not None, reference
    for kind in ("messages", "schemas", "messageTraits", "securitySchemes"):
        for name in DOCUMENT["components"][kind]:
            assert f"#/components/{kind}/{name}" in named, name


def test_names_are_those_of_the_code() -> None:
    """Queues and version."""
    assert DOCUMENT["info"]["version"] == VERSION
    assert DOCUMENT["channels"]["alerts"]["address"] == ALERTS
    assert DOCUMENT["channels"]["poison"]["address"] == POISON


@pytest.mark.parametrize("name", MESSAGES)
def test_examples_are_valid(name: str) -> None:
    """Each message shows at least one, which is as described."""
    message = MESSAGES[name]
    assert message["examples"]
    for example in message["examples"]:
        check(message["payload"], example["payload"])
        check(headers_of(message), example.get("headers", {}))


@pytest.mark.parametrize("name", ["alert", "structuredEvent", "binaryEvent"])
def test_examples_of_producers_are_taken(name: str) -> None:
    """`deliver` reads what the page shows."""
    message = MESSAGES[name]
    for example in message["examples"]:
        body, properties = json.dumps(example["payload"]).encode(), example.get("headers", {})
        parcel = open_parcel(received(Outgoing(body, "m1", message["contentType"], properties)))
        assert parcel.alert.to == ("user:ada",)


def test_messages_that_are_sent_are_as_described() -> None:
    """To try again, to wait, and to park: their properties are documented, every one."""
    with trace.use_span(SPAN), Telemetry().sending([outgoing(Alert(to=("user:ada",), title="x", id="a"), "a")]) as sent:
        arrived = received(sent[0])
    check(headers_of(MESSAGES["alert"]), arrived.properties)
    parcel = open_parcel(arrived)
    check(MESSAGES["alert"]["payload"], json.loads(arrived.body))
    for message in (
        retry(parcel, (ADA,), frozenset({"live"}), NOON),
        postponed(parcel, NOON),
        escalated(parcel, 1, NOON),
        escalated_again(structs.replace(parcel, escalation=1), NOON),
    ):
        check(headers_of(MESSAGES["again"]), message.properties)
        check(headers_of(MESSAGES["poison"]), poison(received(message), "why", field="to").properties)
    for parked in (poison(arrived, "why"), poison(arrived, "why", field="to", parcel=parcel)):
        check(headers_of(MESSAGES["poison"]), parked.properties)


async def test_frames_that_are_sent_are_as_described() -> None:
    """Of cards, of marks, of audiences: there are no others, and each has the fields that are documented."""
    publisher, store, people, clock = RecordingPublisher(), MemoryStore(), MemoryPeople(), SetClock()
    reception = Reception(people, TopicAccess({"*": ["*"]}), publisher, clock)
    marking, settling = Marking(reception, store), SettlingIn(reception, store)
    kept = stored("a", 1, ADA, expires_at=NOON + timedelta(hours=1), deliver_at=NOON, data={"n": [1.5, None]})
    await store.create(ADA, [kept])
    await LiveChannel(publisher).deliver([kept, stored("b", 2, ADA, retract=True)])
    await LiveChannel(publisher).deliver([kept, structs.replace(stored("b", 2, ADA), traceparent=TRACEPARENT)])
    await marking.mark_all(ADA_HERSELF, None)
    await marking.mark(ADA_HERSELF, "a", Said(read=False))
    await marking.mark_all(ADA_HERSELF, None)
    await settling.subscribe(ADA_HERSELF, "offers")
    await settling.unsubscribe(ADA_HERSELF, "offers")
    await settling.leave(ADA_HERSELF)
    described = {message["name"]: message for message in MESSAGES.values() if "name" in message}
    for audience, frame in publisher.frames:
        assert audience.kind is Kind.USER
        check(described[frame["type"]]["payload"], frame)
    assert {frame["type"] for _, frame in publisher.frames} == described.keys()
    assert any(frame.get("marks") for _, frame in publisher.frames)
