"""The newest alerts of each audience, as far as counting and comparing need them; of groups read once for many."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from shared.audience import Audience, Kind
from shared.inbox.membership import Membership
from shared.inbox.reading import AlertReader, Head
from shared.position import Position, enqueued_at

_PAGE: Final = 128
_FRESH_SECONDS: Final = 1.0
_AUDIENCES_LIMIT: Final = 4_096
_CLOCKS_DIFFER: Final = timedelta(seconds=5)
"""The queue's clock, which positions are made of, from ours."""


class Newest(Struct, frozen=True):
    """The newest alerts of an audience: all that were stored after a moment."""

    heads: dict[str, Head]
    """By card."""
    after: str = ""
    """The moment; empty: these are all that there are."""

    def would_show(self, position: Position) -> bool:
        """Whether a card whose revision is newer than this one's position would be among them.

        What was enqueued later was stored later than this one was enqueued.
        """
        return not self.after or enqueued_at(position) > datetime.fromisoformat(self.after) + _CLOCKS_DIFFER


async def overtaken(
    alerts: AlertReader,
    newest: Mapping[Audience, Newest],
    memberships: Sequence[Membership],
    card: str,
    position: Position,
) -> bool:
    """Whether an audience has a newer revision of a card; asked for only where the newest alerts cannot tell.

    Args:
        alerts: the stored alerts.
        newest: what is known of each audience, if anything is.
        memberships: the audiences.
        card: which card.
        position: of the revision that may have been overtaken.
    """
    unknown: list[Membership] = []
    for membership in memberships:
        known = newest.get(membership.audience)
        head = known.heads.get(card) if known else None
        if head is not None:
            if head.position > position and membership.covers(datetime.fromisoformat(head.at)):
                return True
        elif known is None or not known.would_show(position):
            unknown.append(membership)
    found = await asyncio.gather(*(alerts.find(membership.audience, card) for membership in unknown))
    return any(
        other is not None and other.position > position and membership.covers(other.at)
        for membership, other in zip(unknown, found, strict=True)
    )


class _Reading(Struct, frozen=True):
    """What is being read for everybody, since when, and where the feed was by then."""

    at: float
    position: int
    task: asyncio.Task[Newest]

    @property
    def failed(self) -> bool:
        return self.task.done() and (self.task.cancelled() or self.task.exception() is not None)


class SharedHeads:
    """The newest heads of group audiences, read once a second for all of their people.

    Args:
        alerts: the stored alerts.
        clock: monotonic seconds.
        page: how many heads of an audience are read at a time.
    """

    def __init__(self, alerts: AlertReader, clock: Callable[[], float] = time.monotonic, page: int = _PAGE) -> None:
        self._alerts = alerts
        self._clock = clock
        self._size = page
        self._read: OrderedDict[Audience, _Reading] = OrderedDict()

    async def newest(self, audiences: Sequence[Audience], positions: Mapping[str, int]) -> dict[Audience, Newest]:
        """The newest alerts of audiences, read no earlier than their change feeds were at these positions.

        A count is sealed together with positions of the feeds: what they are past must be in it.
        """
        found = await asyncio.gather(*(self._newest(audience, positions[str(audience)]) for audience in audiences))
        return dict(zip(audiences, found, strict=True))

    async def further(self, audience: Audience, known: Newest) -> Newest:
        """What is known, and the next that were stored before."""
        page = await self._page(audience, known.after)
        return Newest(page.heads | known.heads, page.after)

    async def _newest(self, audience: Audience, position: int) -> Newest:
        if audience.kind is Kind.USER:
            return await self._page(audience)
        known = self._read.get(audience)
        if known is None or known.position < position or known.failed or self._clock() - known.at >= _FRESH_SECONDS:
            known = _Reading(self._clock(), position, asyncio.create_task(self._page(audience)))
            self._read[audience] = known
            self._read.move_to_end(audience)
            if len(self._read) > _AUDIENCES_LIMIT:
                self._read.popitem(last=False)
        # One of those who wait may go away; the others must get their answer all the same.
        return await asyncio.shield(known.task)

    async def _page(self, audience: Audience, until: str | None = None) -> Newest:
        page = await self._alerts.heads(audience, self._size, until)
        return Newest({head.card: head for head in page}, page[-1].at if len(page) == self._size else "")
