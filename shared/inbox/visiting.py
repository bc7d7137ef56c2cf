"""A person and their inbox: who they are, what they belong to, and the services that every use case shares."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from msgspec import Struct

from shared.audience import Audience, Kind
from shared.errors import BelfryError
from shared.identity import Person
from shared.inbox.membership import Membership, TopicAccess, memberships_of
from shared.inbox.people import KeptProfile, PeopleStore
from shared.inbox.profile import Profile

log = logging.getLogger(__name__)

CONFLICTS: Final = 8
"""Tries to change a document that others change too."""


class LiveConnections(Protocol):
    """The people who are connected. All raise `BelfryError` when the service does not answer."""

    async def client_url(self, user: str, audiences: Sequence[Audience], lifetime: timedelta) -> str:
        """An address at which a person's client connects, with a token in it."""

    async def publish(self, audience: Audience, frame: dict[str, Any]) -> None:
        """Send a frame to everyone of an audience who is connected."""

    async def join(self, user: str, audience: Audience) -> None:
        """Put a person's open connections into an audience's group."""

    async def leave(self, user: str, audience: Audience) -> None:
        """Take a person's open connections out of an audience's group."""


class Visit(Struct, frozen=True):
    """One person at one moment."""

    person: Person
    kept: KeptProfile
    memberships: tuple[Membership, ...]

    @property
    def user(self) -> str:
        """The person's id."""
        return self.person.user

    @property
    def profile(self) -> Profile:
        """The person's profile."""
        return self.kept.profile

    @property
    def audiences(self) -> tuple[Audience, ...]:
        """What the person belongs to."""
        return tuple(membership.audience for membership in self.memberships)


class Reception:
    """Where each use case begins: with the person's profile and memberships.

    Args:
        people: what is known about people.
        access: who may subscribe to what.
        live: the people who are connected.
        clock: the time, with a time zone.
    """

    def __init__(
        self, people: PeopleStore, access: TopicAccess, live: LiveConnections, clock: Callable[[], datetime]
    ) -> None:
        self.people = people
        self.access = access
        self.live = live
        self.clock = clock

    async def visit(self, person: Person) -> Visit:
        """The person as they are now."""
        kept = await self.people.profile(person.user)
        return Visit(person, kept, memberships_of(person, kept.profile.subscriptions, self.access))

    async def tell(self, user: str, frame: dict[str, Any]) -> None:
        """Tell the person's other tabs and devices. A hint: who misses it learns it when catching up."""
        try:
            await self.live.publish(Audience(Kind.USER, user), frame)
        except BelfryError as error:
            log.warning("could not tell %r frame of %r: %s", frame["type"], user, error)
