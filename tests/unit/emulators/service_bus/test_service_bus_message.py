from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.service_bus.amqp.encoding import encode, encode_described_list
from emulators.service_bus.amqp.values import Long, Symbol, Timestamp, UByte, UInt, Value
from emulators.service_bus.errors import InvalidArgumentError, MalformedError
from emulators.service_bus.message import (
    MessageState,
    Section,
    Stamp,
    batched,
    parse,
    render,
    sections,
    with_application_properties,
)

STAMP = Stamp(sequence_number=7, enqueued_at=1000, state=MessageState.ACTIVE, delivery_count=2, time_to_live=500)
VALUE = b"\x00\x53\x77" + encode("body")


def section(code: Section, value: Value) -> bytes:
    """One section of a message."""
    return bytes((0x00, 0x53, code)) + encode(value)


def test_the_broker_writes_in_front_and_touches_nothing_behind() -> None:
    """The receiver gets the broker's header and annotations, the sender's own annotations, and the rest as it came."""
    annotations: dict[Value, Value] = {
        Symbol("x-opt-partition-key"): "p",
        Symbol("x-opt-sequence-number"): Long(666),
        Symbol("x-opt-scheduled-enqueue-time"): Timestamp(900),
    }
    rest = encode_described_list(Section.PROPERTIES, ["m-1", None, None, "subject"]) + VALUE
    encoded = (
        encode_described_list(Section.HEADER, [True, UByte(9), UInt(700)])
        + section(Section.MESSAGE_ANNOTATIONS, annotations)
        + rest
    )
    rendered = render(parse(encoded), STAMP)
    found: Any = sections(rendered)
    assert rendered.endswith(rest)
    assert found[Section.HEADER] == [True, 9, 500, False, 2]
    assert found[Section.MESSAGE_ANNOTATIONS] == {
        "x-opt-partition-key": "p",
        "x-opt-sequence-number": 7,
        "x-opt-enqueued-time": 1000,
        "x-opt-message-state": 0,
        "x-opt-scheduled-enqueue-time": 900,
    }


@pytest.mark.parametrize("properties", [b"", encode_described_list(Section.PROPERTIES, [None, b"user", "to"])])
def test_a_message_without_an_id_is_given_one(properties: bytes) -> None:
    """The id is made once, and is the same after the message was stored and parsed again."""
    first = parse(properties + VALUE)
    assert first.message_id
    assert parse(first.encoded) == first
    assert first.encoded.endswith(VALUE)


@pytest.mark.parametrize(
    ("given_id", "text"),
    [
        ("m", "m"),
        (UInt(7), None),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (b"\x0f", "0f"),
    ],
)
def test_ids_of_every_type_are_text(given_id: Value, text: str | None) -> None:
    """Duplicates are found whatever type the id has."""
    assert parse(encode_described_list(Section.PROPERTIES, [given_id]) + VALUE).message_id == (text or "7")


def test_application_properties_are_added_in_their_place() -> None:
    """Reasons join the application properties, or make some, between the properties and the body."""
    properties = encode_described_list(Section.PROPERTIES, ["m-1"])
    own = section(Section.APPLICATION_PROPERTIES, {"a": "1", "b": "2"})
    for encoded, expected in (
        (properties + own + VALUE, {"a": "1", "b": "3", "c": "4"}),
        (properties + VALUE, {"b": "3", "c": "4"}),
    ):
        changed: Any = sections(with_application_properties(parse(encoded), {"b": "3", "c": "4"}).encoded)
        assert changed[Section.APPLICATION_PROPERTIES] == expected
        assert list(changed) == [Section.PROPERTIES, Section.APPLICATION_PROPERTIES, Section.VALUE]


def test_a_batch_is_its_messages() -> None:
    """Each data section of a batch is a message."""
    inner = [encode_described_list(Section.PROPERTIES, [name]) + VALUE for name in "abc"]
    batch = b"".join(section(Section.DATA, each) for each in inner)
    assert [message.message_id for message in batched(batch)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(VALUE + encode_described_list(Section.PROPERTIES, ["late"]), id="out of order"),
        pytest.param(VALUE + VALUE, id="twice"),
        pytest.param(b"\x00\x53\x79\x40", id="unknown section"),
        pytest.param(section(Section.PROPERTIES, {}), id="properties that are no list"),
        pytest.param(section(Section.APPLICATION_PROPERTIES, []), id="application properties that are no map"),
        pytest.param(b"\x00\x53", id="cut short"),
        pytest.param(b"\x40", id="no section"),
    ],
)
def test_what_is_no_message_is_malformed(encoded: bytes) -> None:
    """Sections must be known, in order, of the right shape, and whole."""
    with pytest.raises(MalformedError):
        parse(encoded)


def test_a_schedule_must_be_a_timestamp() -> None:
    """A scheduled time of another type is an argument error, not a message for now."""
    wrong = section(Section.MESSAGE_ANNOTATIONS, {Symbol("x-opt-scheduled-enqueue-time"): "tomorrow"})
    with pytest.raises(InvalidArgumentError):
        parse(wrong + VALUE)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_message_or_malformed(data: bytes) -> None:
    """Whatever is sent can be stored, parsed again, dead-lettered and rendered, or is refused at once."""
    try:
        message = parse(data)
    except (MalformedError, InvalidArgumentError):
        return
    assert parse(message.encoded) == message
    sections(render(with_application_properties(message, {"DeadLetterReason": "x"}), STAMP))
