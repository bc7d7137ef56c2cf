"""The unread count: exact up to 100, without reading the whole inbox."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from shared.audience import Audience
from shared.card import format_moment
from shared.inbox.heads import Newest, SharedHeads, overtaken
from shared.inbox.membership import Membership
from shared.inbox.people import KeptMark
from shared.inbox.reading import AlertReader, Head
from shared.inbox.state import state_of

LIMIT: Final = 100
"""Beyond it a count is only "many"."""


class Count(Struct, frozen=True):
    """How many cards are unread, and how long that holds if nothing changes."""

    unread: int
    until: datetime | None = None
    """When the first of the counted alerts expires."""
    oldest: str = ""
    """When the first of them was stored, of those stored after `read_up_to`; empty: there is none."""


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

    def horizon(self, membership: Membership) -> str:
        """The moment up to which alerts of an audience are read, or not shown."""
        since = "" if membership.since is None else format_moment(membership.since)
        return max(self.read_up_to, since)

    def concerns(self, head: Head, membership: Membership) -> bool:
        """Whether an alert was stored after `read_up_to`, and is shown."""
        return head.at > self.read_up_to and membership.covers(datetime.fromisoformat(head.at))


async def count_unread(
    heads: SharedHeads,
    alerts: AlertReader,
    newest: Mapping[Audience, Newest],
    memberships: Sequence[Membership],
    marks: Sequence[KeptMark],
    read_up_to: str,
    now: datetime,
) -> Count:
    """Count the cards that a person has not read.

    Args:
        heads: to read on from the newest alerts.
        alerts: the stored alerts.
        newest: the newest alerts of each of the person's audiences.
        memberships: the person's audiences.
        marks: the person's marks for cards stored after `read_up_to`, and those for unread ones before.
        read_up_to: as in the profile.
        now: alerts that have expired by then do not count.
    """
    reader = _Reader({mark.card: mark for mark in marks}, read_up_to, now)
    walked = await asyncio.gather(
        *(_walk(heads, newest[membership.audience], membership, reader) for membership in memberships)
    )
    cards: dict[str, Head] = {}
    for membership, known in zip(memberships, walked, strict=True):
        for head in known.heads.values():
            other = cards.get(head.card)
            if reader.concerns(head, membership) and (other is None or other.position < head.position):
                cards[head.card] = head
    unread = [head for head in cards.values() if reader.unread(head)]
    seen = {membership.audience: known for membership, known in zip(memberships, walked, strict=True)}
    counted = await _current(alerts, seen, memberships, unread)
    if len(counted) < LIMIT:
        # Of a card that is among those stored later, too, that may be another audience's older revision.
        current = {head.card for head in counted}
        marked = await _marked_unread(alerts, [mark for mark in marks if mark.card not in current], reader)
        counted += await _current(alerts, seen, memberships, marked)
    expiries = [head.expires_at for head in counted if head.expires_at]
    later = [head.at for head in counted if head.at > read_up_to]
    return Count(min(len(counted), LIMIT), min(expiries, default=None), min(later, default=""))


async def _walk(heads: SharedHeads, known: Newest, membership: Membership, reader: _Reader) -> Newest:
    """The alerts of an audience that were stored after `read_up_to`: all, or enough to be sure of LIMIT unread ones."""
    while True:
        unread = sum(reader.concerns(head, membership) and reader.unread(head) for head in known.heads.values())
        if unread >= LIMIT or known.after <= reader.horizon(membership):
            return known
        further = await heads.further(membership.audience, known)
        if len(further.heads) == len(known.heads):
            return known
        known = further


async def _current(
    alerts: AlertReader, seen: Mapping[Audience, Newest], memberships: Sequence[Membership], heads: Sequence[Head]
) -> list[Head]:
    """Those that no newer revision in another audience has overtaken, which may have been read already."""

    async def gone(head: Head) -> bool:
        return head.elsewhere and await overtaken(alerts, seen, memberships, head.card, head.position)

    old = await asyncio.gather(*map(gone, heads))
    return [head for head, is_gone in zip(heads, old, strict=True) if not is_gone]


async def _marked_unread(alerts: AlertReader, marks: Sequence[KeptMark], reader: _Reader) -> list[Head]:
    """Of the cards that were read by `read_up_to`, those that the person marked as unread and that are still there."""
    wanted = [mark for mark in marks if mark.at <= reader.read_up_to and mark.read is False and not mark.archived]
    stored = await asyncio.gather(*(alerts.find(Audience.parse(mark.audience), mark.card) for mark in wanted[:LIMIT]))
    found = [
        Head(
            card=alert.card,
            position=alert.position,
            at=format_moment(alert.at),
            expires_at=alert.alert.expires_at,
            retracted=alert.retracted,
            elsewhere=alert.elsewhere,
        )
        for alert in stored
        if alert is not None
    ]
    return [head for head in found if reader.unread(head)]
