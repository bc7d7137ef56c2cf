"""What a person has done with a card: read it, put it away, or neither yet. One rule, on the server and on clients.

A mark is about one revision of a card. Without a mark for its current revision a card is read if it was there when the
person last said "mark all as read": so that is one write, whatever the number of cards.
"""

from typing import Annotated

from msgspec import Meta, Struct

from shared.alert import Id
from shared.position import Position

ReadUpToMoment = Annotated[
    str,
    Meta(
        pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z)?$(?!\n)",
        description="What was stored up to then is read, unless a mark says otherwise; empty: nothing is.",
        examples=["2026-11-20T06:00:00.000Z"],
    ),
]


class Mark(Struct, frozen=True):
    """What a person said about one revision of a card."""

    card: Id
    position: Position
    """Of the revision that it is about; for any other it says nothing."""
    version: Annotated[int, Meta(ge=1)]
    """Counts what was said about this card, so that of two marks the later one is known."""
    read: bool | None = None
    """None: as if there were no mark."""
    archived: bool = False

    def supersedes(self, other: "Mark") -> bool:
        """Whether this one counts, and not `other`, which is about the same card."""
        return (self.position, self.version) > (other.position, other.version)


class State(Struct, frozen=True):
    """How a person sees a card."""

    read: bool
    archived: bool


def state_of(position: Position, at: str, mark: Mark | None, read_up_to: str) -> State:
    """The state of a card.

    Args:
        position: of the card's current revision.
        at: when that was stored, RFC 3339 with milliseconds, as in the card.
        mark: the person's mark for this card, if there is one.
        read_up_to: everything that was stored up to then is read; empty if the person never said so.
    """
    valid = mark if mark is not None and mark.position == position else None
    unmarked = at <= read_up_to
    if valid is None:
        return State(read=unmarked, archived=False)
    return State(read=unmarked if valid.read is None else valid.read, archived=valid.archived)
