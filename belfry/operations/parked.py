"""A message that could not be delivered: what it says of itself, and the message that delivers it again."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct, structs

from shared.errors import InvalidAlertError
from shared.position import position_of
from shared.wire.cloudevents import binary_attributes, is_structured
from shared.wire.message import ATTEMPT, ID, POSITION, Outgoing, Received, message_alert_id, open_parcel, unquoted

REASON: Final = "reason"
FIELD: Final = "field"
_MESSAGE_ID: Final = "messageId"
_ENQUEUED: Final = "enqueuedAt"
_NUMBER: Final = "sequenceNumber"
_POISON: Final = frozenset({REASON, FIELD, _MESSAGE_ID, _ENQUEUED, _NUMBER})
"""Application properties that say why a message is in `alerts-poison`, and what it was before."""
DEAD_LETTER_REASON: Final = "DeadLetterReason"
DEAD_LETTER_DESCRIPTION: Final = "DeadLetterErrorDescription"
_DEAD: Final = frozenset({DEAD_LETTER_REASON, DEAD_LETTER_DESCRIPTION})
"""Those that Service Bus gives a dead letter."""


class Place(StrEnum):
    """Where messages end that could not be delivered."""

    POISON = "alerts-poison"
    """What Belfry gave up: not valid, or failed for hours."""
    DEAD_LETTERS = "alerts/$deadletterqueue"
    """What Service Bus gave up: delivered too often without success, or too old."""


class Parked(Struct, frozen=True):
    """A message that could not be delivered."""

    place: Place
    message: Received
    """As it lies there; its sequence number is what commands call it by."""
    set_aside: bool = False
    """Whether it is deferred: received by its number only."""

    @property
    def number(self) -> int:
        """Its sequence number where it lies."""
        return self.message.sequence_number

    @property
    def at(self) -> datetime:
        """When it was parked; a dead letter, when it was first enqueued: Service Bus keeps no other time."""
        return self.message.enqueued

    @property
    def reason(self) -> str:
        """Why it is there; empty if nothing says so."""
        if self.place is Place.POISON:
            return self._text(REASON)
        words = (self._text(DEAD_LETTER_REASON), self._text(DEAD_LETTER_DESCRIPTION))
        return ": ".join(word for word in words if word)

    @property
    def field(self) -> str:
        """The field that is wrong; empty where it is not about one."""
        return self._text(FIELD) if self.place is Place.POISON else ""

    @property
    def original(self) -> Received:
        """The message as the queue `alerts` handed it over."""
        properties = self.message.properties
        if self.place is Place.DEAD_LETTERS:
            return structs.replace(self.message, properties=_without(properties, _DEAD))
        enqueued, number = self._text(_ENQUEUED), properties.get(_NUMBER)
        return structs.replace(
            self.message,
            message_id=self._text(_MESSAGE_ID),
            # Whoever put a message here by hand gave it none of these.
            enqueued=_moment(enqueued) or self.message.enqueued,
            sequence_number=number if isinstance(number, int) else self.message.sequence_number,
            properties=_without(properties, _POISON),
        )

    @property
    def id(self) -> str:
        """The alert's id as far as it can be told; else that of the message, which may be empty."""
        if known := self._text(ID):
            return known
        original = self.original
        try:
            return open_parcel(original).id
        except InvalidAlertError:
            return original.message_id

    def _text(self, name: str) -> str:
        value = self.message.properties.get(name)
        return value if isinstance(value, str) else ""


def replay(parked: Parked, body: bytes | None = None) -> Outgoing:
    """The message that has a parked one delivered after all: only what was still to be done, from the first attempt on.

    It keeps the alert's id and position, so that deliveries of it are told apart from new alerts, and an older
    revision of a thread never replaces a newer one. Its message id follows from the parked message (and the new body),
    so that the queue takes it once however often it is sent within the queue's time window.

    Args:
        parked: what could not be delivered.
        body: a corrected one, in the format of the original; None: the original bytes.

    Raises:
        InvalidAlertError: the corrected body is not valid either; the original one is not judged here.
    """
    original = parked.original if body is None else structs.replace(parked.original, body=body)
    properties: dict[str, str | int] = {
        POSITION: position_of(original.enqueued, original.sequence_number),
        **{name: value for name, value in original.properties.items() if isinstance(value, str | int)},
    }
    properties.pop(ATTEMPT, None)
    if not _is_event(original):  # an event has an id of its own
        properties.setdefault(ID, message_alert_id(original))
    if body is not None:
        open_parcel(structs.replace(original, properties=properties))
    return Outgoing(original.body, _message_id(parked, body), original.content_type, properties)


def _message_id(parked: Parked, body: bytes | None) -> str:
    name = f"replay.{parked.place.name.lower()}.{position_of(parked.message.enqueued, parked.number)}"
    return name if body is None else f"{name}.{hashlib.sha256(body).hexdigest()[:32]}"


def _is_event(message: Received) -> bool:
    return is_structured(unquoted(message.body), message.content_type) or bool(binary_attributes(message.properties))


def _without(properties: Mapping[str, object], names: frozenset[str]) -> dict[str, object]:
    return {name: value for name, value in properties.items() if name not in names}


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
