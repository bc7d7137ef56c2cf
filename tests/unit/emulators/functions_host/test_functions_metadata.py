import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from azure.functions.servicebus import ServiceBusMessageInConverter
from hypothesis import given
from hypothesis import strategies as st

from emulators.functions_host.bindings import DataType
from emulators.functions_host.errors import BodyBindingError
from emulators.functions_host.message_metadata import Message, many, one
from emulators.functions_host.runtime import _datum
from emulators.functions_host.typed_data import Binaries, Binary, Json, Text, Texts, TypedData

AT = datetime(2026, 1, 2, 3, 4, 5, 250_000, tzinfo=UTC)


def _message(body: bytes = b"body", **more: Any) -> Message:
    return Message(body, 7, AT, 1, "5c2cd88f-57f6-4c7e-9eb4-934982c474e5", **more)


def _text(data: TypedData) -> Any:
    assert isinstance(data, Json)
    return json.loads(data.text)


def _decode(value: TypedData, metadata: dict[str, TypedData]) -> Any:
    """What a function gets: the library's own decoder."""
    datums = {name: _datum(item) for name, item in metadata.items()}
    return ServiceBusMessageInConverter.decode(_datum(value), trigger_metadata=datums)


def test_one_decoded() -> None:
    """The library's decoder finds every field of a single message."""
    message = _message(
        message_id="id",
        correlation_id="c",
        content_type="text/plain",
        subject="s",
        to="t",
        reply_to="r",
        session_id="session",
        reply_to_session_id="other",
        partition_key="p",
        time_to_live=timedelta(minutes=1),
        application_properties={"é": "日"},
    )
    decoded = _decode(*one(message, DataType.BINARY))
    assert decoded.get_body() == b"body"
    assert (decoded.message_id, decoded.correlation_id, decoded.content_type) == ("id", "c", "text/plain")
    assert (decoded.subject, decoded.label, decoded.to, decoded.reply_to) == ("s", "s", "t", "r")
    assert (decoded.session_id, decoded.reply_to_session_id, decoded.partition_key) == ("session", "other", "p")
    assert (decoded.sequence_number, decoded.delivery_count) == (7, 1)
    assert decoded.enqueued_time_utc == AT.replace(tzinfo=None)
    assert decoded.expires_at_utc == AT.replace(tzinfo=None) + timedelta(minutes=1)
    assert decoded.application_properties == decoded.user_properties == {"é": "日"}
    assert decoded.lock_token == message.lock_token
    assert decoded.time_to_live is None


def test_many_decoded() -> None:
    """The library's decoder finds every message of a batch, with its own numbers, times and properties."""
    messages = [
        _message(b"\xff", message_id="a", application_properties={"n": 1}),
        Message(b"", 8, AT + timedelta(seconds=1), 3, "token", message_id="b"),
    ]
    first, second = _decode(*many(messages, DataType.BINARY))
    assert (first.get_body(), second.get_body()) == (b"\xff", b"")
    assert (first.message_id, second.message_id) == ("a", "b")
    assert (first.sequence_number, second.sequence_number) == (7, 8)
    assert (first.delivery_count, second.delivery_count) == (1, 3)
    assert (first.application_properties, second.application_properties) == ({"n": 1}, {})
    assert second.enqueued_time_utc - first.enqueued_time_utc == timedelta(seconds=1)


def test_missing_text_moves_the_others() -> None:
    """In a batch, as in Azure, text that a message lacks is filled with that of a later one."""
    first, second = _decode(*many([_message(), _message(correlation_id="of the second")], DataType.BINARY))
    assert first.correlation_id == "of the second"
    assert second.correlation_id is None


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [(0, "2026-01-02T03:04:05"), (250_000, "2026-01-02T03:04:05.25"), (7_000, "2026-01-02T03:04:05.007")],
)
def test_times(microseconds: int, text: str) -> None:
    """Times are written without a zone and without zeros at the end of the fraction, as Json.NET writes them."""
    message = Message(b"", 1, AT.replace(microsecond=microseconds), 1, "t")
    _, metadata = one(message, DataType.BINARY)
    assert _text(metadata["EnqueuedTimeUtc"]) == text
    assert _text(metadata["EnqueuedTime"]) == f"{text}+00:00"


@pytest.mark.parametrize("time_to_live", [None, timedelta.max])
def test_no_expiry(time_to_live: timedelta | None) -> None:
    """A message that does not expire has .NET's latest date, which the decoder takes."""
    value, metadata = one(_message(time_to_live=time_to_live), DataType.BINARY)
    assert _text(metadata["ExpiresAtUtc"]) == "9999-12-31T23:59:59.9999999"
    assert _decode(value, metadata).expires_at_utc.year == 9999


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("é", "é"),
        (b"\xff\x00", "/wA="),
        (5, 5),
        (1.5, 1.5),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (True, True),
        (None, None),
        (Decimal("1.5"), 1.5),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (AT, "2026-01-02T03:04:05.25Z"),
    ],
)
def test_properties(value: Any, expected: object) -> None:
    """A property's value is written as Json.NET writes the .NET client's value."""
    _, metadata = one(_message(application_properties={"p": value}), DataType.BINARY)
    assert _text(metadata["ApplicationProperties"]) == {"p": expected}


def test_data_types_of_one() -> None:
    """A single body is passed as bytes or as text; what is not UTF-8 becomes replacement characters in text."""
    assert one(_message(b"\xff"), DataType.BINARY)[0] == Binary(b"\xff")
    assert one(_message(b"\xff"), DataType.STREAM)[0] == Binary(b"\xff")
    assert one(_message(b"\xff"), DataType.STRING)[0] == Text("\ufffd")
    assert one(_message(b"text"), DataType.UNDEFINED)[0] == Text("text")


def test_data_types_of_many() -> None:
    """The bodies of a batch are passed as bytes, as text without the empty ones, or as JSON."""
    messages = [_message(b"1"), _message(b""), _message(b'{"a": 2}')]
    assert many(messages, DataType.BINARY)[0] == Binaries((b"1", b"", b'{"a": 2}'))
    assert many(messages, DataType.STRING)[0] == Texts(("1", '{"a": 2}'))
    assert many([messages[0], messages[2]], DataType.UNDEFINED)[0] == Json('[1,{"a":2}]')
    with pytest.raises(BodyBindingError, match="BINARY"):
        many(messages, DataType.UNDEFINED)


def test_only_data_can_be_bound() -> None:
    """A body that is an AMQP value or sequence fails the invocation."""
    with pytest.raises(BodyBindingError, match="only data"):
        one(_message(body_is_data=False), DataType.BINARY)
    with pytest.raises(BodyBindingError, match="only data"):
        many([_message(), _message(body_is_data=False)], DataType.BINARY)


def test_body_fields_overwrite_metadata() -> None:
    """A JSON object passed as text overwrites metadata of the same name in any case; lists and nulls do not."""
    body = json.dumps({"TO": "body", "messageid": 5, "subject": None, "label": [1], "more": {"a": 1}, "yes": True})
    _, metadata = one(_message(body.encode(), subject="kept", message_id="sent"), DataType.STRING)
    assert metadata["To"] == Text("body")
    assert metadata["MessageId"] == Text("5")
    assert metadata["Subject"] == metadata["Label"] == Text("kept")
    assert metadata["more"] == Json('{"a":1}')
    assert metadata["yes"] == Text("True")
    assert one(_message(body.encode()), DataType.BINARY)[1].keys() & {"more", "To"} == set()


@given(
    st.lists(
        st.tuples(
            st.binary(max_size=20),
            st.integers(1, 2**63 - 1),
            st.dictionaries(
                st.text(max_size=5), st.one_of(st.text(max_size=5), st.integers(-(2**63), 2**63 - 1), st.booleans())
            ),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_batch_decodes(items: list[tuple[bytes, int, dict[str, Any]]]) -> None:
    """Whatever bytes and properties a batch has, each message is decoded with its own."""
    messages = [
        Message(body, number, AT, 1, "token", message_id="m", application_properties=properties)
        for body, number, properties in items
    ]
    decoded = _decode(*many(messages, DataType.BINARY))
    assert [(m.get_body(), m.sequence_number, m.application_properties) for m in decoded] == items
