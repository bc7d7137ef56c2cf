"""The messages of the queue: what came in, what it asks to be done, and what goes out again."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, TypeGuard

import msgspec
from msgspec import Meta, Struct, structs

from shared.alert import ID_PATTERN, MAXIMUM_AUDIENCES, MAXIMUM_BYTES, Alert, Id
from shared.audience import Audience, AudienceText
from shared.errors import InvalidAlertError
from shared.position import Position, position_of
from shared.wire.cloudevents import binary_attributes, is_structured, open_binary, open_event
from shared.wire.json import convert, decode, encode

JSON: Final = "application/json"

# Application properties that Belfry sets on the messages it sends to itself. Producers have properties of their own,
# and may call them what they like, but for the first three.
POSITION: Final = "position"
ATTEMPT: Final = "attempt"
CHANNELS: Final = "channels"
AUDIENCES: Final = "belfryAudiences"
ID: Final = "belfryId"
DUE: Final = "belfryDue"
ROUND: Final = "belfryEscalation"

OURS: Final = frozenset({POSITION, ATTEMPT, CHANNELS, AUDIENCES, ID, DUE, ROUND})

# Service Bus takes 64 KB of properties, 256 KB in all: a copy has to fit, whatever the message was like.
MAXIMUM_CARRIED_BYTES: Final = 16 * 1024
"""Of a producer's application properties, which copies carry on."""
_OURS_BYTES: Final = 32 * 1024
"""Of those that we set: room for a hundred of the longest audiences."""
MAXIMUM_PARKED_BYTES: Final = 128 * 1024
"""Of a body that is parked. No alert is as large."""
_REASON_CHARACTERS: Final = 2_048

STORE: Final = "store"
"""The first step of delivery, named like a channel: keep the alert in the inbox."""
ESCALATION: Final = "escalation"
"""What a round of escalation is counted as where others are counted by channel."""

_ID = re.compile(ID_PATTERN)
_OWN: Final = "belfry/"
"""Begins the ids of messages that Belfry sends to itself. No alert has such an id: else somebody who sends an alert by
it beforehand could make the queue drop the message as a repeat."""
_Attempt = Annotated[int, Meta(ge=0)]
_Round = Annotated[int, Meta(ge=1, le=11)]


class Received(Struct, frozen=True):
    """A message as the queue hands it over."""

    body: bytes
    message_id: str
    enqueued: datetime
    sequence_number: int
    content_type: str | None = None
    properties: Mapping[str, object] = {}


class Outgoing(Struct, frozen=True):
    """A message to send."""

    body: bytes
    message_id: str
    content_type: str | None = JSON
    properties: Mapping[str, str | int] = {}
    scheduled: datetime | None = None
    """Not before; None: at once."""


class Parcel(Struct, frozen=True):
    """An alert on its way, and what is still to be done with it."""

    alert: Alert
    id: str
    """The alert's id: its own, or one made from the message."""
    position: Position
    message: Received
    audiences: tuple[Audience, ...]
    """Those still to be served."""
    attempt: int = 0
    """How often it was tried again."""
    channels: frozenset[str] | None = None
    """What is still to be done, `STORE` among it; None: everything."""
    due: bool = False
    """Whether its `deliverAt` was waited for already."""
    escalation: int = 0
    """The round of escalation that this is; 0: the alert itself."""

    def wants(self, channel: str) -> bool:
        """Whether this channel still has to be served."""
        return self.channels is None or channel in self.channels


def open_parcel(message: Received) -> Parcel:
    """Read a message of the queue `alerts`.

    Raises:
        InvalidAlertError: it can never be delivered; says why.
    """
    _check_size(message.body)
    properties = message.properties
    _check_carried({name: value for name, value in properties.items() if name not in OURS})
    alert, fallback = _open_body(message)
    position = position_of(message.enqueued, message.sequence_number)
    if POSITION in properties:
        position = _property(message, POSITION, Position)
    if ID in properties:
        fallback = _property(message, ID, Id)
    channels = _names(message, CHANNELS)
    audiences = [_property_value(name, AudienceText, AUDIENCES) for name in _audiences(message) or alert.to]
    return Parcel(
        alert=alert,
        id=alert.id or fallback,
        position=position,
        message=message,
        # An audience that is named twice is served once.
        audiences=tuple(Audience.parse(name) for name in dict.fromkeys(audiences)),
        attempt=_property(message, ATTEMPT, _Attempt) if ATTEMPT in properties else 0,
        channels=frozenset(channels) if channels else None,
        due=DUE in properties,
        escalation=_property(message, ROUND, _Round) if ROUND in properties else 0,
    )


def outgoing(alert: Alert, message_id: str) -> Outgoing:
    """The message that carries an alert from its producer.

    A retraction has the id of what it withdraws, and needs a message id of its own: the queue drops repeats by it.

    Raises:
        InvalidAlertError: it is too large to be delivered.
    """
    body = encode(alert)
    _check_size(body)
    own = alert.id or message_id
    if alert.retract:
        own = "retract/" + hashlib.sha256(own.encode()).hexdigest()[:40]
    return Outgoing(body, own)


def retry(parcel: Parcel, audiences: tuple[Audience, ...], channels: frozenset[str], when: datetime) -> Outgoing:
    """The same message again, later, for what has failed only."""
    properties: dict[str, str | int] = {
        ID: parcel.id,
        POSITION: parcel.position,
        ATTEMPT: parcel.attempt + 1,
        CHANNELS: ",".join(sorted(channels)),
        AUDIENCES: ",".join(sorted(map(str, audiences))),
        DUE: 1,
    }
    return _copy(parcel.message, properties, when)


def escalated(parcel: Parcel, number: int, when: datetime) -> Outgoing:
    """A round of the alert's escalation. However often it is asked for, it is one message: the queue drops repeats."""
    copy = _copy(parcel.message, {ID: parcel.id, POSITION: parcel.position, ROUND: number, DUE: 1}, when)
    carried = {name: value for name, value in copy.properties.items() if name not in (ATTEMPT, CHANNELS, AUDIENCES)}
    return Outgoing(copy.body, f"{_OWN}{parcel.position}.{number}", copy.content_type, carried, when)


def escalated_again(parcel: Parcel, when: datetime) -> Outgoing:
    """The same round again, later, because it could not be told."""
    properties: dict[str, str | int] = {
        ID: parcel.id,
        POSITION: parcel.position,
        ROUND: parcel.escalation,
        ATTEMPT: parcel.attempt + 1,
        DUE: 1,
    }
    return _copy(parcel.message, properties, when)


def postponed(parcel: Parcel, when: datetime) -> Outgoing:
    """The same message again when its time has come; it takes its position then."""
    return _copy(parcel.message, {ID: parcel.id, DUE: 1}, when)


def poison(message: Received, reason: str, *, field: str = "", parcel: Parcel | None = None) -> Outgoing:
    """What can never be delivered, with the reason and the bytes it came as; the first of them if it is too large."""
    properties: dict[str, str | int] = {
        "reason": reason[:_REASON_CHARACTERS],
        "messageId": message.message_id,
        "enqueuedAt": message.enqueued.isoformat(),
        "sequenceNumber": message.sequence_number,
    }
    if field:
        properties["field"] = field[:512]
    if len(message.body) > MAXIMUM_PARKED_BYTES:
        properties["bodyBytes"] = len(message.body)
        message = structs.replace(message, body=message.body[:MAXIMUM_PARKED_BYTES])
    if parcel is not None:
        properties |= {ID: parcel.id, POSITION: parcel.position, ATTEMPT: parcel.attempt}
        properties[AUDIENCES] = ",".join(sorted(map(str, parcel.audiences)))
        if parcel.channels is not None:
            properties[CHANNELS] = ",".join(sorted(parcel.channels))
    return _copy(message, properties, None)


def message_alert_id(message: Received) -> str:
    """The id of an alert that names none: its message's, or a digest of that where no alert may have such an id.

    Message ids are optional: where there is none, what the queue gave the message tells it from every other.
    """
    if not message.message_id:
        return "m-" + position_of(message.enqueued, message.sequence_number)
    if _ID.fullmatch(message.message_id):
        return message.message_id
    return "m-" + hashlib.sha256(message.message_id.encode()).hexdigest()[:40]


def _copy(message: Received, properties: Mapping[str, str | int], when: datetime | None) -> Outgoing:
    """The message's own bytes and properties, with ours in addition.

    The message id tells this copy from every other but not from itself: should the batch be redelivered, the queue
    drops the second copy as a duplicate.
    """
    origin = position_of(message.enqueued, message.sequence_number)
    digest = hashlib.sha256(repr((origin, sorted(properties.items()))).encode()).hexdigest()[:32]
    carried = _carried(message.properties)
    return Outgoing(message.body, f"{_OWN}{origin}.{digest}", message.content_type, {**carried, **properties}, when)


def _open_body(message: Received) -> tuple[Alert, str]:
    body = unquoted(message.body)
    if attributes := binary_attributes(message.properties):
        return open_binary(body, attributes)
    if is_structured(body, message.content_type):
        return open_event(body)
    return decode(body, Alert), message_alert_id(message)


def unquoted(body: bytes) -> bytes:
    """The JSON in a body that is a JSON string: the client for JavaScript encodes any text once more."""
    try:
        return msgspec.json.decode(body, type=str).encode() if body.startswith(b'"') else body
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return body


def _check_size(body: bytes) -> None:
    if len(body) > MAXIMUM_BYTES:
        raise InvalidAlertError(f"the alert has {len(body):,} bytes, more than {MAXIMUM_BYTES:,}")


def _carried(properties: Mapping[str, object]) -> dict[str, str | int]:
    """What copies have of a message's properties: all, unless it is parked for having too many."""
    carried: dict[str, str | int] = {}
    room = {True: _OURS_BYTES, False: MAXIMUM_CARRIED_BYTES}
    for name, value in properties.items():
        size = _bytes(name, value)
        if _is_carried(value) and size <= room[name in OURS]:
            room[name in OURS] -= size
            carried[name] = value
    return carried


def _is_carried(value: object) -> TypeGuard[str | int]:
    """Whether copies can have a property: text, or a whole number that AMQP has a signed type for."""
    return isinstance(value, str) or (isinstance(value, int) and -(2**63) <= value < 2**63)


def _check_carried(properties: Mapping[str, object]) -> None:
    size = sum(_bytes(name, value) for name, value in properties.items())
    if size > MAXIMUM_CARRIED_BYTES:
        raise InvalidAlertError(f"the application properties have {size:,} bytes, more than {MAXIMUM_CARRIED_BYTES:,}")


def _bytes(name: str, value: object) -> int:
    return len(f"{name}{value}".encode(errors="replace"))


def _audiences(message: Received) -> list[str]:
    names = _names(message, AUDIENCES)
    if len(names) > MAXIMUM_AUDIENCES:
        raise InvalidAlertError(
            f"application property `{AUDIENCES}`: {len(names):,} audiences, more than {MAXIMUM_AUDIENCES}", AUDIENCES
        )
    return names


def _names(message: Received, name: str) -> list[str]:
    value = message.properties.get(name, "")
    return [item for item in str(value).split(",") if item]


def _property[T](message: Received, name: str, kind: type[T]) -> T:
    return _property_value(message.properties[name], kind, name)


def _property_value[T](value: object, kind: type[T], name: str) -> T:
    try:
        return convert(value, kind)
    except InvalidAlertError as error:
        raise InvalidAlertError(f"application property `{name}`: {error}", name) from error
