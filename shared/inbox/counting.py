"""The unread count: exact up to 100, without reading the whole inbox."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from shared.audience import Audience, Kind
from shared.card import format_moment
from shared.inbox.membership import Membership
from shared.inbox.people import KeptMark
from shared.inbox.reading import AlertReader, Head
from shared.inbox.state import state_of
from shared.position import enqueued_at

LIMIT: Final = 100
"""Beyond it a count is only "many"."""
_PAGE: Final = 128
_FRESH_SECONDS: Final = 1.0
_AUDIENCES_LIMIT: Final = 4_096
_CLOCKS_DIFFER: Final = timedelta(seconds=5)
"""The queue's clock, which positions are made of, from ours."""


class Count(Struct, frozen=True):
    """How many cards are unread, and how long that holds if nothing changes."""

    unread: int
    until: datetime | None = None
    """When the first of the counted alerts expires."""


class _Reading(Struct, frozen=True):
    """What is being read for everybody, since when, and where the feed was by then."""

    at: float
    position: int
    task: asyncio.Task[list[Head]]

    @property
    def failed(self) -> bool:
        return self.task.done() and (self.task.cancelled() or self.task.exception() is not None)


class SharedHeads:
    """The newest heads of group audiences, read once a second for all of their people.

    Args:
        alerts: the stored alerts.
        clock: monotonic seconds.
    """

    def __init__(self, alerts: AlertReader, clock: Callable[[], float] = time.monotonic) -> None:
        self._alerts = alerts
        self._clock = clock
        self._read: OrderedDict[Audience, _Reading] = OrderedDict()

    async def newest(self, audience: Audience, position: int) -> list[Head]:
        """The newest heads of an audience, read no earlier than its change feed was at a position.

        A count is sealed together with positions of the feeds: what they are past must be in it.
        """
        if audience.kind is Kind.USER:
            return await self._alerts.heads(audience, _PAGE, None)
        known = self._read.get(audience)
        if known is None or known.position < position or known.failed or self._clock() - known.at >= _FRESH_SECONDS:
            known = _Reading(self._clock(), position, asyncio.create_task(self._alerts.heads(audience, _PAGE, None)))
            self._read[audience] = known
            self._read.move_to_end(audience)
            if len(self._read) > _AUDIENCES_LIMIT:
                self._read.popitem(last=False)
        # One of those who wait may go away; the others must get their answer all the same.
        return await asyncio.shield(known.task)

    async def older(self, audience: Audience, until: str) -> list[Head]:
        """The heads of an audience that were stored up to a moment."""
        return await self._alerts.heads(audience, _PAGE, until)


class _Reader(Struct, frozen=True):
    """For whom is counted."""

    marks: dict[str, KeptMark]
    read_up_to: str
    now: datetime

    def unread(self, head: Head) -> bool:
        if head.retracted or (head.expires_at is not None and head.expires_at <= self.now):
            return False
        state = state_of(head.position, head.at, self.marks.get(head.card), self.read_up_to)
        return not state.read and not state.archived


async def count_unread(
    heads: SharedHeads,
    alerts: AlertReader,
    positions: Mapping[str, int],
    memberships: Sequence[Membership],
    marks: Sequence[KeptMark],
    read_up_to: str,
    now: datetime,
) -> Count:
    """Count the cards that a person has not read.

    Args:
        heads: the newest alerts.
        alerts: the stored alerts.
        positions: where the change feeds of the person's audiences were; the count is no older.
        memberships: the person's audiences.
        marks: the person's marks for cards stored after `read_up_to`, and those for unread ones before.
        read_up_to: as in the profile.
        now: alerts that have expired by then do not count.
    """
    reader = _Reader({mark.card: mark for mark in marks}, read_up_to, now)
    newest: dict[str, Head] = {}
    for found in await asyncio.gather(*(_since(heads, positions, membership, reader) for membership in memberships)):
        for head in found:
            known = newest.get(head.card)
            if known is None or known.position < head.position:
                newest[head.card] = head
    counted = await _current(alerts, memberships, [head for head in newest.values() if reader.unread(head)], read_up_to)
    if len(counted) < LIMIT:
        counted += await _marked_unread(alerts, [mark for mark in marks if mark.card not in newest], reader)
    expiries = [head.expires_at for head in counted if head.expires_at]
    return Count(min(len(counted), LIMIT), min(expiries, default=None))


async def _current(
    alerts: AlertReader, memberships: Sequence[Membership], heads: Sequence[Head], read_up_to: str
) -> list[Head]:
    """Those that no newer revision in another audience has overtaken.

    Newer ones that were stored after `read_up_to` are among the heads, and have won already. One that was stored before
    can only have overtaken what was enqueued before, and stored late: that is rare, and those are looked up.
    """
    horizon = datetime.fromisoformat(read_up_to) + _CLOCKS_DIFFER if read_up_to else None

    async def overtaken(head: Head) -> bool:
        if horizon is None or not head.elsewhere or enqueued_at(head.position) > horizon:
            return False
        found = await asyncio.gather(*(alerts.find(membership.audience, head.card) for membership in memberships))
        return any(
            other is not None and other.position > head.position and membership.covers(other.at)
            for membership, other in zip(memberships, found, strict=True)
        )

    old = await asyncio.gather(*map(overtaken, heads))
    return [head for head, gone in zip(heads, old, strict=True) if not gone]


async def _since(
    heads: SharedHeads, positions: Mapping[str, int], membership: Membership, reader: _Reader
) -> list[Head]:
    """The alerts of an audience that were stored after `read_up_to`: all, or enough to be sure of LIMIT unread ones."""
    since = "" if membership.since is None else format_moment(membership.since)
    found: dict[str, Head] = {}
    page = await heads.newest(membership.audience, positions[str(membership.audience)])
    while True:
        fresh = [head for head in page if head.card not in found]
        found |= {head.card: head for head in fresh if head.at > reader.read_up_to and head.at >= since}
        enough = sum(map(reader.unread, found.values())) >= LIMIT
        if enough or not fresh or len(page) < _PAGE or page[-1].at <= max(reader.read_up_to, since):
            return list(found.values())
        page = await heads.older(membership.audience, page[-1].at)


async def _marked_unread(alerts: AlertReader, marks: Sequence[KeptMark], reader: _Reader) -> list[Head]:
    """Of the cards that were read by `read_up_to`, those that the person marked as unread and that are still there."""
    wanted = [mark for mark in marks if mark.at <= reader.read_up_to and mark.read is False and not mark.archived]
    stored = await asyncio.gather(*(alerts.find(Audience.parse(mark.audience), mark.card) for mark in wanted[:LIMIT]))
    found = [
        Head(alert.card, alert.position, format_moment(alert.at), alert.alert.expires_at, alert.retracted)
        for alert in stored
        if alert is not None
    ]
    return [head for head in found if reader.unread(head)]
