"""The history: cards newest first over all audiences of a person, page by page."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from shared.audience import Audience
from shared.card import StoredAlert, format_moment
from shared.inbox.heads import Newest, overtaken
from shared.inbox.membership import Membership
from shared.inbox.people import KeptMark, PeopleStore
from shared.inbox.reading import EVERYTHING, AlertReader, Filter, precedence
from shared.inbox.state import State, state_of
from shared.position import Position

_ROUNDS: Final = 8
"""Reads for one page at most; more than one is needed only where many alerts in a row are hidden."""


class Seen(Struct, frozen=True):
    """A card as a person sees it."""

    alert: StoredAlert
    state: State
    mark: KeptMark | None = None


class Page(Struct, frozen=True):
    """A page of the history, and where the next one begins; None: there is none."""

    cards: list[Seen]
    before: Position | None
    gone: list[Seen] = []
    """What would stand among these cards, had it not been withdrawn or archived, or expired."""


class Wanted(Struct, frozen=True):
    """What a page is asked for."""

    limit: int
    before: Position | None = None
    unread: bool | None = None
    """Only unread cards, or only read ones; None: both."""
    only: Filter = EVERYTHING


class Reader(Struct, frozen=True):
    """For whom a page is read."""

    user: str
    memberships: Sequence[Membership]
    read_up_to: str
    newest: Mapping[Audience, Newest] = {}
    """The newest alerts of each audience, where they are known: they save looking cards up one by one."""


async def read_page(alerts: AlertReader, people: PeopleStore, reader: Reader, wanted: Wanted, now: datetime) -> Page:
    """The newest cards of all audiences together, those before a position if one is given.

    Each audience is read as far as this page may need and no further, so the cost grows with the page and the number of
    audiences, never with the inbox. A page may be shorter than asked for where much is hidden; `before` then says where
    to go on.
    """
    shown: dict[str, Seen] = {}
    gone: dict[str, Seen] = {}
    cursor = wanted.before
    for _ in range(_ROUNDS):
        certain, cursor = await _read_round(alerts, reader.memberships, wanted, cursor)
        candidates: dict[str, StoredAlert] = {}
        for alert in certain:
            # The first of a card is its newest revision; an older one of another audience is only its past.
            candidates.setdefault(alert.card, alert)
        fresh = [alert for card, alert in candidates.items() if card not in shown]
        visible = [alert for alert in fresh if not alert.retracted and not alert.alert.expired(now)]
        gone |= {
            alert.card: see(alert, None, reader.read_up_to)
            for alert in fresh
            if alert.retracted or alert.alert.expired(now)
        }
        marks, overtaken = await asyncio.gather(
            people.marks(reader.user, [alert.card for alert in visible]),
            asyncio.gather(*(_overtaken(alerts, reader, alert) for alert in visible)),
        )
        for alert in (alert for alert, old in zip(visible, overtaken, strict=True) if not old):
            card = alert.card
            seen = see(alert, marks.get(card), reader.read_up_to)
            if seen.state.archived:
                gone[card] = seen
                continue
            if wanted.unread is not None and seen.state.read is wanted.unread:
                continue
            if len(shown) == wanted.limit:
                end = min(item.alert.position for item in shown.values())
                return Page(list(shown.values()), end, [seen for seen in gone.values() if seen.alert.position >= end])
            shown[card] = seen
        if cursor is None or len(shown) == wanted.limit:
            break
    return Page(list(shown.values()), cursor, list(gone.values()))


def see(alert: StoredAlert, mark: KeptMark | None, read_up_to: str) -> Seen:
    """A card as a person sees it who has this mark for it."""
    return Seen(alert, state_of(alert.position, format_moment(alert.at), mark, read_up_to), mark)


async def _overtaken(alerts: AlertReader, reader: Reader, alert: StoredAlert) -> bool:
    """Whether another audience of the reader has a newer revision of this card: that one is shown, in its own place."""
    if not alert.elsewhere:
        return False
    others = [membership for membership in reader.memberships if membership.audience != alert.audience]
    return await overtaken(alerts, reader.newest, others, alert.card, alert.position)


async def _read_round(
    alerts: AlertReader, memberships: Sequence[Membership], wanted: Wanted, before: Position | None
) -> tuple[list[StoredAlert], Position | None]:
    """The alerts that are certain to follow `before` without a gap, newest first, and where to go on."""
    pages = await asyncio.gather(
        *(alerts.page(membership.audience, wanted.limit, before, wanted.only) for membership in memberships)
    )
    # An audience that filled its page may have more right below it: beyond that point nothing is certain.
    horizon = max((page[-1].position for page in pages if len(page) == wanted.limit), default=None)
    found = [
        alert
        for membership, page in zip(memberships, pages, strict=True)
        for alert in page
        if (horizon is None or alert.position >= horizon) and membership.covers(alert.at)
    ]
    return sorted(found, key=precedence, reverse=True), horizon
