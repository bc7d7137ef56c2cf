"""What came or changed since a sync token: complete, or refused; never a part of it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from shared.audience import Audience, Kind
from shared.card import StoredAlert
from shared.inbox.feeds import Feed, FeedGoneError, FeedPage
from shared.inbox.membership import Membership
from shared.inbox.people import MARK_PREFIX, PROFILE_ID, KeptMark
from shared.inbox.reading import nearest
from shared.inbox.sync import SyncExpiredError, SyncPoint

LIMIT: Final = 500
"""Changes of one feed in one answer; where there are more, the answer says so."""


class AlertDecoder(Protocol):
    """Reads the documents of the alerts' feed."""

    def __call__(self, document: Mapping[str, Any], /) -> StoredAlert:
        """The alert that a document holds."""


class Feeds(Struct, frozen=True):
    """The feeds that concern a person."""

    groups: Feed
    """Of the alerts' container, shared: for audiences of many."""
    own: Feed
    """Of the alerts' container: for the person's own audience, which only they read."""
    people: Feed

    def of(self, audience: Audience) -> Feed:
        """The feed to read for an audience."""
        return self.own if audience.kind is Kind.USER else self.groups

    async def containers(self) -> tuple[str, str]:
        """What positions belong to."""
        return await self.own.identity(), await self.people.identity()

    async def now(self, audiences: Sequence[Audience]) -> dict[str, int]:
        """The positions in the feeds of audiences, to be taken before their alerts are read."""
        positions = await asyncio.gather(*(self.of(audience).now(str(audience)) for audience in audiences))
        return dict(zip(map(str, audiences), positions, strict=True))


class Changed(Struct, frozen=True):
    """What changed, and the positions that it is up to."""

    alerts: list[StoredAlert]
    """Each card once, in its newest revision, oldest position first."""
    marks: list[KeptMark]
    read_up_to: str
    """As the profile has it, if that changed; else empty."""
    audiences: dict[str, int]
    person: int
    more: bool

    @property
    def anything(self) -> bool:
        """Whether there is any change at all."""
        return bool(self.alerts or self.marks or self.read_up_to)


async def read_changes(
    feeds: Feeds, decode: AlertDecoder, user: str, memberships: Sequence[Membership], since: SyncPoint
) -> Changed:
    """Everything that came or changed in a person's audiences and marks since a point.

    Raises:
        SyncExpiredError: a feed does not go back that far.
    """
    audiences = [membership.audience for membership in memberships]
    try:
        *pages, person = await asyncio.gather(
            *(feeds.of(audience).after(str(audience), since.audiences[str(audience)], LIMIT) for audience in audiences),
            feeds.people.after(user, since.person, LIMIT),
        )
    except FeedGoneError as error:
        raise SyncExpiredError from error
    by_card: dict[str, list[StoredAlert]] = {}
    for membership, page in zip(memberships, pages, strict=True):
        for alert in map(decode, page.items):
            if membership.covers(alert.at):
                by_card.setdefault(alert.card, []).append(alert)
    alerts = [nearest(found) for found in by_card.values()]
    return Changed(
        alerts=sorted(alerts, key=lambda alert: alert.position),
        marks=_marks(person),
        read_up_to=next((str(item.get("readUpTo", "")) for item in person.items if item["id"] == PROFILE_ID), ""),
        audiences={str(audience): page.position for audience, page in zip(audiences, pages, strict=True)},
        person=person.position,
        more=person.more or any(page.more for page in pages),
    )


def _marks(page: FeedPage) -> list[KeptMark]:
    names = KeptMark.__struct_encode_fields__
    return [
        msgspec.convert({name: item[name] for name in names if name in item}, KeptMark)
        for item in page.items
        if str(item["id"]).startswith(MARK_PREFIX)
    ]
