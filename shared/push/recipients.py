"""The people of a batch of pushes: what has to be known of one of them is asked once, however many pushes they get."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from shared.errors import BelfryError
from shared.identity import Person
from shared.inbox.people import PeopleStore
from shared.inbox.profile import Profile
from shared.push.badges import Badges
from shared.push.devices import Device, DeviceStore

log = logging.getLogger(__name__)

BADGE_SECONDS: Final = 1.0
"""The longest that a push waits for its badge."""


class Recipients:
    """What is known of the people of one batch.

    Args:
        devices: where devices are kept.
        people: what is known about people.
        badges: counts what they have not read; None: nobody gets a badge.
    """

    def __init__(self, devices: DeviceStore, people: PeopleStore, badges: Badges | None) -> None:
        self._people = people
        self._counting = (badges, badges.heads()) if badges else None
        self._devices = _Once(devices.devices)
        self._profiles = _Once(self._read_profile)
        self._badges = _Once(self._badge)

    async def devices(self, user: str) -> Sequence[Device]:
        """A person's devices; raises `TransientError` when the store is away."""
        return await self._devices(user)

    async def profile(self, user: str) -> Profile:
        """A person's profile; raises `TransientError` when the store is away."""
        return await self._profiles(user)

    async def badge(self, user: str) -> int | None:
        """How many cards a person has not read, up to 100; None: that is not known, or could not be had in time.

        No push is held up or lost for its badge: whatever goes wrong is for the log.
        """
        return await self._badges(user)

    async def _read_profile(self, user: str) -> Profile:
        return (await self._people.profile(user)).profile

    async def _badge(self, user: str) -> int | None:
        try:
            async with asyncio.timeout(BADGE_SECONDS):
                return await self._count(user)
        except (BelfryError, TimeoutError) as error:
            log.warning("no badge for %r: %r", user, error)
        except Exception:  # a defect of ours must cost a push its badge only
            log.exception("counting for the badge of %r failed unexpectedly", user)
        return None

    async def _count(self, user: str) -> int | None:
        known = [device for device in await self.devices(user) if device.roles is not None]
        if not known or not self._counting:
            return None
        badges, heads = self._counting
        last = max(known, key=lambda device: device.renewed_at)
        return await badges.count(Person(user, frozenset(last.roles or ())), await self.profile(user), heads)


class _Once[T]:
    """Asks about each person once; all who want to know wait for the one answer."""

    def __init__(self, ask: Callable[[str], Awaitable[T]]) -> None:
        self._ask = ask
        self._asked: dict[str, asyncio.Future[T]] = {}

    async def __call__(self, user: str) -> T:
        if user not in self._asked:
            self._asked[user] = asyncio.ensure_future(self._ask(user))
        # One of those who wait may go away; the others must get their answer all the same.
        return await asyncio.shield(self._asked[user])
