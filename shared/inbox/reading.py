"""Where alerts are read from, and what reading them has in common."""

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

from shared.alert import Severity
from shared.audience import Audience, Kind
from shared.card import StoredAlert
from shared.position import Position

NEAREST: Mapping[Kind, int] = {Kind.USER: 0, Kind.ROLE: 1, Kind.TOPIC: 2, Kind.EVERYONE: 3}
"""Of the same alert for several audiences the nearest is shown."""


class Filter(Struct, frozen=True):
    """Which alerts are asked for; what is empty admits all."""

    severities: frozenset[Severity] = frozenset()
    categories: frozenset[str] = frozenset()


EVERYTHING: Final = Filter()


class Head(Struct, frozen=True):
    """As much of a stored alert as counting needs."""

    card: str
    position: Position
    at: str
    """RFC 3339 with milliseconds."""
    expires_at: datetime | None = None
    retracted: bool = False
    elsewhere: bool = False
    """As in the stored alert."""


class AlertReader(Protocol):
    """The stored alerts, one audience at a time. All raise `TransientError` when the store does not answer."""

    async def page(
        self, audience: Audience, limit: int, before: Position | None, only: Filter = EVERYTHING
    ) -> list[StoredAlert]:
        """The newest `limit` alerts of an audience, those before a position if one is given; newest first."""

    async def heads(self, audience: Audience, limit: int, until: str | None) -> list[Head]:
        """The `limit` alerts of an audience that were stored last, those up to a moment if one is given; last first."""

    async def find(self, audience: Audience, card: str) -> StoredAlert | None:
        """The card of an audience as it is now."""

    async def acknowledge(self, audience: Audience, card: str, position: Position) -> None:
        """Note that somebody has acted on this revision of a card; nothing, if there is another one by now."""

    def everything(self, audience: Audience) -> AsyncIterator[StoredAlert]:
        """Every alert of an audience, in no order."""

    async def erase(self, audience: Audience) -> int:
        """Delete every alert of an audience; returns how many there were."""


def precedence(alert: StoredAlert) -> tuple[Position, datetime, int]:
    """What decides which of the same card for several audiences is shown.

    The newest revision; of that the copy that was stored last, for as long as it is unread so is the card; of those
    that were stored at once, which is the rule, the nearest audience's.
    """
    return alert.position, alert.at, -NEAREST[alert.audience.kind]


def nearest(found: Collection[StoredAlert]) -> StoredAlert:
    """Of the same card for several audiences the one that is shown; see `precedence`."""
    return max(found, key=precedence)
