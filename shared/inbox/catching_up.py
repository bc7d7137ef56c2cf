"""Use cases: read the history, and catch up since."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, structs

from shared.audience import Audience, AudienceText
from shared.card import AnyCardJson, CardJson, StoredAlert, WithdrawnJson, format_moment, to_card
from shared.identity import Person
from shared.inbox.changes import AlertDecoder, Changed, Feeds, read_changes
from shared.inbox.counting import LIMIT, Count, count_unread
from shared.inbox.heads import Newest, SharedHeads
from shared.inbox.history import Reader, Seen, Wanted, read_page, see
from shared.inbox.people import KeptMark
from shared.inbox.reading import AlertReader
from shared.inbox.state import Mark, ReadUpToMoment
from shared.inbox.sync import MAXIMUM_CHARACTERS, SyncPoint, check, milliseconds, seal, unseal
from shared.inbox.visiting import Reception, Visit
from shared.position import Position

SETTLE_FROM: Final = 100
"""Marks that count, from which on it pays to settle what is read in any case."""
SETTLED: Final = timedelta(minutes=1)
"""How long ago an alert must have been stored to be settled: longer than storing one can take."""

SyncToken = Annotated[
    str,
    Meta(
        pattern=rf"^[A-Za-z0-9_-]{{1,{MAXIMUM_CHARACTERS}}}$(?!\n)", description="opaque", examples=["MXuZ5Vd3Yh0mJ7cQ"]
    ),
]
Unread = Annotated[int, Meta(ge=0, le=LIMIT, description="How many cards are unread; 100 stands for 100 and more.")]

Since = Annotated[
    dict[AudienceText, str | None],
    Meta(description="What the person belongs to; of a topic, alerts stored before this moment are left out."),
]


class History(Struct, frozen=True):
    """A page of a person's history."""

    alerts: list[CardJson]
    """Cards, newest first."""
    next: Position | None
    """`before` of the next page; null: this is the last."""
    unread: Unread
    sync: SyncToken
    """For `changes`: taken before the cards were read, so nothing falls in between."""
    marks: list[Mark]
    """What `read` and `archived` of these cards rest on, and what of the archived among them."""
    readUpTo: ReadUpToMoment  # noqa: N815  # named as in JSON
    audiences: Since
    gone: list[WithdrawnJson]
    """What is withdrawn, archived or expired among these cards: a frame from before may still bring it."""


class Changes(Struct, frozen=True):
    """What came or changed since."""

    alerts: list[AnyCardJson]
    """Cards, oldest first; of a withdrawn one only that it is gone."""
    marks: list[Mark]
    readUpTo: ReadUpToMoment  # noqa: N815  # named as in JSON
    unread: Unread
    sync: SyncToken
    audiences: Since
    more: bool
    """Whether to ask again at once: this is not all."""


class CatchingUp:
    """Read the history, and catch up since.

    Args:
        reception: where each use case begins.
        alerts: the stored alerts.
        heads: the newest of them.
        feeds: the change feeds.
        decode: reads the documents of the alerts' feed.
        key: gives the key that sync tokens are sealed with.
        settle_from: with so many marks that count, what is read in any case is settled.
    """

    def __init__(
        self,
        reception: Reception,
        alerts: AlertReader,
        heads: SharedHeads,
        feeds: Feeds,
        decode: AlertDecoder,
        key: Callable[[], Awaitable[bytes]],
        *,
        settle_from: int = SETTLE_FROM,
    ) -> None:
        self._reception = reception
        self._alerts = alerts
        self._heads = heads
        self._feeds = feeds
        self._decode = decode
        self._key = key
        self._settle_from = settle_from

    async def history(self, person: Person, wanted: Wanted) -> History:
        """A page of the person's history."""
        # The order matters: whatever is written while this runs is after the positions taken, or in what is read then.
        now = self._reception.clock()
        heard = await self._feeds.people.now(person.user)
        visit = await self._reception.visit(person)
        positions = await self._feeds.now(visit.audiences)
        newest = await self._heads.newest(visit.audiences, positions)
        reader = Reader(visit.user, visit.memberships, visit.profile.read_up_to, newest)
        page = await read_page(self._alerts, self._reception.people, reader, wanted, now)
        count = await self._count(visit, newest, visit.profile.read_up_to, now)
        return History(
            alerts=[_card(seen) for seen in page.cards],
            next=page.before,
            unread=count.unread,
            sync=await self._seal(visit, positions, heard, count, now),
            marks=[seen.mark.told() for seen in (*page.cards, *page.gone) if seen.mark],
            readUpTo=visit.profile.read_up_to,
            audiences=_since(visit),
            gone=[_gone(seen.alert) for seen in page.gone],
        )

    async def changes(self, person: Person, token: str) -> Changes:
        """Everything since a sync token.

        Raises:
            SyncExpiredError: the answer could not be complete, or the token is not one of this person's.
        """
        now = self._reception.clock()
        since = unseal(token, person.user, await self._key())
        visit = await self._reception.visit(person)
        check(since, visit.memberships, await self._feeds.containers(), now)
        changed = await read_changes(self._feeds, self._decode, visit.user, visit.memberships, since)
        read_up_to = max(visit.profile.read_up_to, changed.read_up_to)
        count = await self._recount(visit, since, changed, read_up_to, now)
        memberships = {membership.audience: membership for membership in visit.memberships}
        shown = [alert for alert in changed.alerts if memberships[alert.audience].covers(alert.at)]
        # Those that the cards rest on as well, as in the history: a client need not have them yet.
        marks = await self._reception.people.marks(visit.user, [alert.card for alert in shown])
        marks = {mark.card: mark for mark in changed.marks} | marks
        return Changes(
            alerts=[_card_or_gone(alert, marks.get(alert.card), read_up_to, now) for alert in shown],
            marks=[mark.told() for mark in marks.values()],
            readUpTo=read_up_to,
            unread=count.unread,
            sync=await self._seal(visit, changed.audiences, changed.person, count, now),
            audiences=_since(visit),
            more=changed.more,
        )

    async def _recount(self, visit: Visit, since: SyncPoint, changed: Changed, read_up_to: str, now: datetime) -> Count:
        """The count, which stands as it was while nothing has changed: most who come back find just that."""
        if changed.anything or (since.until and since.until <= now.timestamp()):
            newest = await self._heads.newest(visit.audiences, changed.audiences)
            return await self._count(visit, newest, read_up_to, now)
        return Count(since.unread, datetime.fromtimestamp(since.until, now.tzinfo) if since.until else None)

    async def _count(self, visit: Visit, newest: Mapping[Audience, Newest], read_up_to: str, now: datetime) -> Count:
        marks = await self._reception.people.open_marks(visit.user, read_up_to)
        count = await count_unread(self._heads, self._alerts, newest, visit.memberships, marks, read_up_to, now)
        if len(marks) >= self._settle_from and count.unread < LIMIT:
            await self._settle(visit, count, now)
        return count

    async def _settle(self, visit: Visit, count: Count, now: datetime) -> None:
        """Say that everything before the first unread card is read, which changes nothing but what counting costs.

        Who reads card by card and never says "all" would otherwise have every mark read again each time. What is being
        stored at this moment has its time already, and is not to be born read: so not up to now.
        """
        moment = now - SETTLED
        if count.oldest:
            moment = min(moment, datetime.fromisoformat(count.oldest) - timedelta(milliseconds=1))
        read_up_to = format_moment(moment)
        if read_up_to > visit.profile.read_up_to:
            profile = structs.replace(visit.profile, read_up_to=read_up_to)
            # When somebody else changed the profile meanwhile, the next time will do.
            await self._reception.people.save_profile(visit.user, profile, visit.kept.version)

    async def _seal(self, visit: Visit, positions: dict[str, int], person: int, count: Count, now: datetime) -> str:
        point = SyncPoint(
            issued=milliseconds(now),
            containers=await self._feeds.containers(),
            person=person,
            audiences=positions,
            unread=count.unread,
            until=int(count.until.timestamp()) if count.until else 0,
        )
        return seal(point, visit.user, await self._key())


def _card(seen: Seen) -> dict[str, Any]:
    return to_card(seen.alert, read=seen.state.read, archived=seen.state.archived)


def _since(visit: Visit) -> dict[str, str | None]:
    return {
        str(membership.audience): format_moment(membership.since) if membership.since else None
        for membership in visit.memberships
    }


def _card_or_gone(alert: StoredAlert, mark: KeptMark | None, read_up_to: str, now: datetime) -> dict[str, Any]:
    """The card; of one that has expired since, that it is to be taken off the screen."""
    if alert.alert.expired(now):
        return _gone(alert)
    return _card(see(alert, mark, read_up_to))


def _gone(alert: StoredAlert) -> dict[str, Any]:
    return {"card": alert.card, "position": alert.position, "retracted": True}
