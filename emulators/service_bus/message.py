"""Messages as senders encode them, and as the broker hands them on (part 3 of the specification, §3.2).

The broker reads the header, the annotations and the message id. Everything from the properties on stays the bytes that
the sender wrote: nothing is lost in translation, and a large body costs nothing.
"""

import enum
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID, uuid4

from emulators.service_bus.amqp.decoding import decode, decode_whole, skip
from emulators.service_bus.amqp.encoding import encode, encode_described_list
from emulators.service_bus.amqp.values import Int, Long, Symbol, Timestamp, UByte, UInt, Value
from emulators.service_bus.errors import InvalidArgumentError, MalformedError

BATCH_FORMAT: Final = 0x80013700
"""Message format of a batch: each data section of it is a whole encoded message."""
LONGEST_ID: Final = 128
"""Characters of a message id, as the service limits it."""

_SEQUENCE_NUMBER: Final = Symbol("x-opt-sequence-number")
_ENQUEUED_TIME: Final = Symbol("x-opt-enqueued-time")
_LOCKED_UNTIL: Final = Symbol("x-opt-locked-until")
_MESSAGE_STATE: Final = Symbol("x-opt-message-state")
_SCHEDULED_ENQUEUE_TIME: Final = Symbol("x-opt-scheduled-enqueue-time")
_WRITTEN_BY_BROKER: Final = frozenset(
    {_SEQUENCE_NUMBER, _ENQUEUED_TIME, _LOCKED_UNTIL, _MESSAGE_STATE, _SCHEDULED_ENQUEUE_TIME}
    | {Symbol("x-opt-enqueue-sequence-number"), Symbol("x-opt-lock-token")}
)
"""Annotations that a sender cannot set; the scheduled time is read and written anew."""
_DEFAULT_PRIORITY: Final = UByte(4)
_LONGEST_TIME_TO_LIVE: Final = 0xFFFFFFFF
_DESCRIPTOR_SIZE: Final = 3
_SMALL_ULONG: Final = 0x53
_DESCRIBED_BY_SMALL_ULONG: Final = bytes((0x00, _SMALL_ULONG))
_MAP_SIZE: Final = struct.Struct(">II")


class Section(enum.IntEnum):
    """Descriptor codes of the sections, in the order in which they come."""

    HEADER = 0x70
    DELIVERY_ANNOTATIONS = 0x71
    MESSAGE_ANNOTATIONS = 0x72
    PROPERTIES = 0x73
    APPLICATION_PROPERTIES = 0x74
    DATA = 0x75
    SEQUENCE = 0x76
    VALUE = 0x77
    FOOTER = 0x78


_REPEATABLE: Final = frozenset({Section.DATA, Section.SEQUENCE})
# Rendering is on the path of every delivery: what never changes is encoded once.
_ANNOTATIONS_START: Final = bytes((0x00, _SMALL_ULONG, Section.MESSAGE_ANNOTATIONS, 0xD1))
_ENCODED_SEQUENCE_NUMBER: Final = encode(_SEQUENCE_NUMBER)
_ENCODED_ENQUEUED_TIME: Final = encode(_ENQUEUED_TIME)
_ENCODED_LOCKED_UNTIL: Final = encode(_LOCKED_UNTIL)
_ENCODED_MESSAGE_STATE: Final = encode(_MESSAGE_STATE)
_ENCODED_SCHEDULED_ENQUEUE_TIME: Final = encode(_SCHEDULED_ENQUEUE_TIME)


class MessageState(enum.IntEnum):
    """What a message waits for, as `x-opt-message-state` says it."""

    ACTIVE = 0
    DEFERRED = 1
    SCHEDULED = 2


@dataclass(frozen=True, slots=True)
class Message:
    """What a sender sent."""

    encoded: bytes
    """All of it, as it is stored and can be parsed again."""
    bare_from: int
    """Where the sections begin that are handed on untouched: properties, application properties, body, footer."""
    message_id: str
    """As text, whatever type the sender gave it: duplicates are detected by it."""
    durable: bool
    priority: UByte
    time_to_live: int | None
    """Milliseconds."""
    scheduled_for: int | None
    """Milliseconds since 1970; None: at once."""
    annotations: bytes
    """The sender's own annotations: keys and values, encoded."""
    annotation_count: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the broker says of a message when it hands it on."""

    sequence_number: int
    enqueued_at: int
    """Milliseconds since 1970."""
    state: MessageState
    delivery_count: int
    """Deliveries that failed before this one."""
    time_to_live: int | None
    """Milliseconds, the queue's default included."""
    locked_until: int | None = None
    """Milliseconds since 1970; None if the receiver got no lock."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a section stands."""

    section: Section
    start: int
    value: int
    end: int


def sections(encoded: bytes) -> dict[Section, Value]:
    """The sections of a message that has each of them at most once, decoded.

    Raises:
        MalformedError: it is not a message.
    """
    return {place.section: decode_whole(encoded[place.value : place.end]) for place in _places(encoded)}


def parse(encoded: bytes) -> Message:
    """Read a message as a sender encoded it.

    A message without a message id is given one: the lock renewer of the JavaScript client cannot do without.

    Raises:
        MalformedError: it is not a message.
        InvalidArgumentError: its message id is too long.
    """
    header: list[Value] = []
    annotations: dict[Value, Value] = {}
    properties: list[Value] = []
    bare_from = 0
    properties_end = 0
    for place in _places(encoded):
        if place.section >= Section.DATA:
            continue
        value = decode_whole(encoded[place.value : place.end])
        match place.section:
            case Section.HEADER:
                header = _listed(value)
            case Section.MESSAGE_ANNOTATIONS:
                annotations = _mapped(value)
            case Section.PROPERTIES:
                properties = _listed(value)
            case Section.APPLICATION_PROPERTIES:
                _mapped(value)
        if place.section < Section.PROPERTIES:
            bare_from = properties_end = place.end
        elif place.section is Section.PROPERTIES:
            properties_end = place.end
    message_id = properties[0] if properties else None
    if message_id is None:
        message_id = uuid4().hex
        rewritten = encode_described_list(Section.PROPERTIES, [message_id, *properties[1:]])
        encoded = encoded[:bare_from] + rewritten + encoded[properties_end:]
    durable, priority, time_to_live = (*header, None, None, None)[:3]
    own = {name: value for name, value in annotations.items() if name not in _WRITTEN_BY_BROKER}
    return Message(
        encoded=encoded,
        bare_from=bare_from,
        message_id=_identifier(message_id),
        durable=durable is True,
        priority=priority if isinstance(priority, UByte) else _DEFAULT_PRIORITY,
        time_to_live=time_to_live if isinstance(time_to_live, UInt) else None,
        scheduled_for=_moment(annotations.get(_SCHEDULED_ENQUEUE_TIME)),
        annotations=b"".join(encode(name) + encode(value) for name, value in own.items()),
        annotation_count=len(own),
    )


def batched(encoded: bytes) -> list[Message]:
    """The messages of a batch.

    Raises:
        MalformedError: it is not a batch of messages.
        InvalidArgumentError: one of them is refused.
    """
    messages = []
    for place in _places(encoded):
        if place.section is Section.DATA:
            inner = decode_whole(encoded[place.value : place.end])
            if not isinstance(inner, bytes):
                raise MalformedError
            messages.append(parse(inner))
    return messages


def with_application_properties(message: Message, changes: Mapping[Value, Value]) -> Message:
    """The same message with application properties added or replaced."""
    if not changes:
        return message
    encoded = message.encoded
    start = end = message.bare_from
    properties: dict[Value, Value] = {}
    for place in _places(encoded):
        if place.section is Section.PROPERTIES:
            start = end = place.end
        elif place.section is Section.APPLICATION_PROPERTIES:
            properties = _mapped(decode_whole(encoded[place.value : place.end]))
            start, end = place.start, place.end
    section = bytes((0x00, _SMALL_ULONG, Section.APPLICATION_PROPERTIES)) + encode({**properties, **changes})
    return replace(message, encoded=encoded[:start] + section + encoded[end:])


def render(message: Message, stamp: Stamp) -> bytes:
    """The message as a receiver gets it: the broker's header and annotations, then the sender's bytes."""
    header = encode_described_list(
        Section.HEADER,
        [
            message.durable,
            message.priority,
            None if stamp.time_to_live is None else UInt(min(stamp.time_to_live, _LONGEST_TIME_TO_LIVE)),
            stamp.delivery_count == 0,
            UInt(stamp.delivery_count),
        ],
    )
    entries = [
        _ENCODED_SEQUENCE_NUMBER + encode(Long(stamp.sequence_number)),
        _ENCODED_ENQUEUED_TIME + encode(Timestamp(stamp.enqueued_at)),
        _ENCODED_MESSAGE_STATE + encode(Int(stamp.state)),
    ]
    if stamp.locked_until is not None:
        entries.append(_ENCODED_LOCKED_UNTIL + encode(Timestamp(stamp.locked_until)))
    if message.scheduled_for is not None:
        entries.append(_ENCODED_SCHEDULED_ENQUEUE_TIME + encode(Timestamp(message.scheduled_for)))
    body = b"".join(entries) + message.annotations
    count = 2 * (len(entries) + message.annotation_count)
    annotations = _ANNOTATIONS_START + _MAP_SIZE.pack(len(body) + 4, count) + body
    return header + annotations + message.encoded[message.bare_from :]


def _places(encoded: bytes) -> Iterator[_Place]:
    position = 0
    latest = 0
    while position < len(encoded):
        if encoded[position : position + 2] == _DESCRIBED_BY_SMALL_ULONG:
            code: Value = encoded[position + 2] if position + 2 < len(encoded) else None
            value = position + _DESCRIPTOR_SIZE
        elif encoded[position] == 0x00:
            code, value = decode(encoded, position + 1)
        else:
            raise MalformedError("A message consists of sections.")
        if not isinstance(code, int) or code not in Section:
            raise MalformedError("A message has an unknown section.")
        section = Section(code)
        repeats = section in _REPEATABLE and section == latest
        if section <= latest and not repeats:
            raise MalformedError("The sections of a message are out of order.")
        end = skip(encoded, value)
        yield _Place(section, position, value, end)
        position, latest = end, section


def _listed(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise MalformedError("A header or properties section is not a list.")
    return value


def _mapped(value: Value) -> dict[Value, Value]:
    if not isinstance(value, dict):
        raise MalformedError("An annotations or application properties section is not a map.")
    return value


def _identifier(value: Value) -> str:
    text = value.hex() if isinstance(value, bytes) else str(value)
    if not isinstance(value, str | int | bytes | UUID) or len(text) > LONGEST_ID:
        raise InvalidArgumentError(f"The message id must be text of at most {LONGEST_ID} characters.")
    return text


def _moment(value: Value) -> int | None:
    if value is None:
        return None
    if not isinstance(value, Timestamp):
        raise InvalidArgumentError("The scheduled enqueue time must be a timestamp.")
    return value
