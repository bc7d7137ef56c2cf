"""The position: where an alert stands in the order of all alerts.

It is made of what Service Bus gave the message when it was enqueued, so it is the same on every redelivery of that
message and different for every other message: it orders all audiences alike, and tells a redelivery from a repeat.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta

Position = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{13}-[0-9]{19}$(?!\n)",
        description="13 digits, `-` and 19 digits: milliseconds since 1970, and the queue's sequence number",
        examples=["1795152345678-0000000000000000042"],
    ),
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def position_of(enqueued: datetime, sequence_number: int) -> Position:
    """The position of a message.

    Args:
        enqueued: when the queue took it, with a time zone; milliseconds count.
        sequence_number: the number the queue gave it, 0 to 2^63 - 1.
    """
    delta = enqueued - _EPOCH
    # Integers throughout: a float of seconds would round some milliseconds up and some down.
    milliseconds = (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000
    return f"{milliseconds:013d}-{sequence_number:019d}"


def enqueued_at(position: Position) -> datetime:
    """When the alert at this position was enqueued."""
    return _EPOCH + timedelta(milliseconds=int(position[:13]))
