"""The badge: how many cards a person has not read, as the icon of their app shows it.

A push knows its person by name only, and not by a token that says their roles. So the roles are those that the person's
devices were registered or brought in line with: as current as the tags by which pushes reach them.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from shared.identity import Person
from shared.inbox.counting import count_unread
from shared.inbox.heads import SharedHeads
from shared.inbox.membership import TopicAccess, memberships_of
from shared.inbox.people import PeopleStore
from shared.inbox.profile import Profile
from shared.inbox.reading import AlertReader


class Badges:
    """Counts what people have not read.

    Args:
        people: what is known about people.
        alerts: the stored alerts.
        access: who may subscribe to what.
        clock: the time, with a time zone.
    """

    def __init__(
        self, people: PeopleStore, alerts: AlertReader, access: TopicAccess, clock: Callable[[], datetime]
    ) -> None:
        self._people = people
        self._alerts = alerts
        self._access = access
        self._clock = clock

    def heads(self) -> SharedHeads:
        """What those of one batch share: read for it, for what was read before does not have its alerts."""
        return SharedHeads(self._alerts)

    async def count(self, person: Person, profile: Profile, heads: SharedHeads) -> int:
        """How many cards a person has not read, up to 100; raises `TransientError` when a store does not answer.

        Args:
            person: with the roles that they are taken to have.
            profile: theirs.
            heads: see `heads`.
        """
        memberships = memberships_of(person, profile.subscriptions, self._access)
        audiences = [membership.audience for membership in memberships]
        newest, marks = await asyncio.gather(
            heads.newest(audiences, dict.fromkeys(map(str, audiences), 0)),
            self._people.open_marks(person.user, profile.read_up_to),
        )
        counted = await count_unread(heads, self._alerts, newest, memberships, marks, profile.read_up_to, self._clock())
        return counted.unread
