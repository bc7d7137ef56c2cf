"""Use cases: subscriptions, preferences, everything that is kept about a person, and leaving."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Final

from msgspec import Meta, Struct, structs

from shared.audience import Audience, Kind, UserId
from shared.card import AnyCardJson, to_card
from shared.errors import TransientError
from shared.identity import Person
from shared.inbox.errors import TooManySubscriptionsError, TopicClosedError
from shared.inbox.people import DEVICE_PREFIX, MARK_PREFIX, PROFILE_ID
from shared.inbox.profile import Preferences, Profile
from shared.inbox.reading import AlertReader
from shared.inbox.visiting import CONFLICTS, Reception

MAXIMUM_SUBSCRIPTIONS: Final = 50
"""A device can have 60 tags for push: the person, everyone, their roles, and their topics."""

_SERVICE_FIELDS: Final = ("_rid", "_self", "_etag", "_attachments", "_ts", "ttl")


_StoredJson = Annotated[dict[str, Any], Meta(description="As it is stored.")]


class Export(Struct, frozen=True):
    """Everything that is kept about a person; alerts to audiences of many are not about them."""

    user: UserId
    exportedAt: datetime  # noqa: N815  # named as in JSON
    profile: _StoredJson | None
    """Subscriptions, preferences, and how far they have read; null: nothing of that is kept."""
    marks: list[_StoredJson]
    """What they said about cards."""
    devices: list[_StoredJson]
    """Where they are pushed to."""
    alerts: list[AnyCardJson]
    """Those that are for them alone."""


class SettlingIn:
    """What people decide about their inbox.

    Args:
        reception: where each use case begins.
        alerts: the stored alerts.
    """

    def __init__(self, reception: Reception, alerts: AlertReader) -> None:
        self._reception = reception
        self._alerts = alerts

    async def subscriptions(self, person: Person) -> dict[str, datetime]:
        """The person's topics that are open to them, and since when they have them."""
        visit = await self._reception.visit(person)
        return {
            membership.audience.name: membership.since
            for membership in visit.memberships
            if membership.since is not None
        }

    async def subscribe(self, person: Person, topic: str) -> datetime:
        """Subscribe to a topic, from now on; returns since when, which a repeat does not change.

        Raises:
            TopicClosedError: it is not open to the person.
            TooManySubscriptionsError: the person has enough.
        """
        if not self._reception.access.allows(topic, person.roles):
            raise TopicClosedError
        now = self._reception.clock()

        def add(profile: Profile) -> Profile:
            if topic in profile.subscriptions:
                return profile
            if len(profile.subscriptions) >= MAXIMUM_SUBSCRIPTIONS:
                raise TooManySubscriptionsError
            return structs.replace(profile, subscriptions={**profile.subscriptions, topic: now})

        profile = await self._change(person, add)
        audience = Audience(Kind.TOPIC, topic)
        await self._regroup(person.user, lambda: self._reception.live.join(person.user, audience))
        return profile.subscriptions[topic]

    async def unsubscribe(self, person: Person, topic: str) -> None:
        """End a subscription, if there is one."""

        def remove(profile: Profile) -> Profile:
            kept = {name: since for name, since in profile.subscriptions.items() if name != topic}
            return structs.replace(profile, subscriptions=kept)

        await self._change(person, remove)
        audience = Audience(Kind.TOPIC, topic)
        await self._regroup(person.user, lambda: self._reception.live.leave(person.user, audience))

    async def preferences(self, person: Person) -> Preferences:
        """The person's preferences."""
        return (await self._reception.visit(person)).profile.preferences

    async def prefer(self, person: Person, preferences: Preferences) -> None:
        """Replace the person's preferences."""
        await self._change(person, lambda profile: structs.replace(profile, preferences=preferences))

    async def export(self, person: Person) -> Export:
        """Everything that is kept about the person."""
        documents = [document async for document in self._reception.people.everything(person.user)]
        alerts = [to_card(alert) async for alert in self._alerts.everything(Audience(Kind.USER, person.user))]
        return Export(
            user=person.user,
            exportedAt=self._reception.clock(),
            profile=next((_plain(item) for item in documents if item["id"] == PROFILE_ID), None),
            marks=[_plain(item) for item in documents if str(item["id"]).startswith(MARK_PREFIX)],
            devices=[_plain(item) for item in documents if str(item["id"]).startswith(DEVICE_PREFIX)],
            alerts=alerts,
        )

    async def leave(self, person: Person) -> None:
        """Forget the person: their profile, their marks, and the alerts that were for them alone."""
        visit = await self._reception.visit(person)
        await self._reception.people.erase(visit.user)
        await self._alerts.erase(Audience(Kind.USER, visit.user))
        topics = [audience for audience in visit.audiences if audience.kind is Kind.TOPIC]
        for audience in topics:
            await self._reception.live.leave(visit.user, audience)
        await self._reception.tell(visit.user, {"type": "audiences", "erased": True})

    async def _change(self, person: Person, change: Callable[[Profile], Profile]) -> Profile:
        for _ in range(CONFLICTS):
            visit = await self._reception.visit(person)
            profile = change(visit.profile)
            if profile == visit.profile:
                return profile
            if await self._reception.people.save_profile(person.user, profile, visit.kept.version):
                return profile
        raise TransientError(f"the profile of {person.user!r} is being changed by others all the time")

    async def _regroup(self, user: str, regroup: Callable[[], Awaitable[None]]) -> None:
        """Have open connections hear what the person belongs to now; when that fails, asking again is safe."""
        await regroup()
        await self._reception.tell(user, {"type": "audiences"})


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in _SERVICE_FIELDS}
