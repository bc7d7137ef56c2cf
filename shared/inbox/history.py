"""The history: cards newest first over all audiences of a person, page by page."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct

from shared.audience import Audience, Kind
from shared.card import StoredAlert
from shared.position import Position

_ROUNDS: Final = 8
"""Reads for one page at most; more than one is needed only where many alerts in a row are hidden."""

_NEAREST = {Kind.USER: 0, Kind.ROLE: 1, Kind.TOPIC: 2, Kind.EVERYONE: 3}
"""Of the same alert for several audiences the nearest is shown."""


class AlertReader(Protocol):
    """Where alerts are read from, one partition at a time."""

    async def page(self, audience: Audience, limit: int, before: Position | None) -> list[StoredAlert]:
        """The newest `limit` alerts of an audience, those before a position if one is given; newest first."""


class Page(Struct, frozen=True):
    """A page of the history, and where the next one begins; None: there is none."""

    alerts: list[StoredAlert]
    before: Position | None


async def read_page(
    reader: AlertReader, audiences: Sequence[Audience], limit: int, before: Position | None, now: datetime
) -> Page:
    """The newest `limit` cards of all audiences together, those before a position if one is given.

    Each audience is read as far as this page may need and no further, so the cost grows with the page and the number of
    audiences, never with the inbox.
    """
    shown: dict[str, StoredAlert] = {}
    cursor = before
    for _ in range(_ROUNDS):
        certain, cursor = await _read_round(reader, audiences, limit, cursor)
        for alert in certain:
            if alert.retracted or alert.alert.expired(now) or alert.card in shown:
                continue
            if len(shown) == limit:
                return Page(list(shown.values()), _last(shown))
            shown[alert.card] = alert
        if cursor is None or len(shown) == limit:
            break
    return Page(list(shown.values()), cursor)


async def _read_round(
    reader: AlertReader, audiences: Sequence[Audience], limit: int, before: Position | None
) -> tuple[list[StoredAlert], Position | None]:
    """The alerts that are certain to follow `before` without a gap, newest first, and where to go on."""
    pages = await asyncio.gather(*(reader.page(audience, limit, before) for audience in audiences))
    # An audience that filled its page may have more right below it: beyond that point nothing is certain.
    horizon = max((page[-1].position for page in pages if len(page) == limit), default=None)
    found = [alert for page in pages for alert in page if horizon is None or alert.position >= horizon]
    found.sort(key=lambda alert: _NEAREST[alert.audience.kind])
    found.sort(key=lambda alert: alert.position, reverse=True)
    return found, horizon


def _last(shown: dict[str, StoredAlert]) -> Position:
    return min(alert.position for alert in shown.values())
