"""The push channel: phones, and browsers that are closed."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from shared.alert import Push
from shared.audience import Kind
from shared.card import StoredAlert
from shared.errors import BelfryError
from shared.push.recipients import Recipients
from shared.push.sending import Pushing

_AT_ONCE: Final = 16
"""Pushes under way at the same time; the service allows so many a second."""


class Presence(Protocol):
    """Who is connected."""

    async def connected(self, user: str) -> bool:
        """Whether a person has a live connection. Raises `BelfryError` when the service does not answer."""


class PushChannel:
    """A push for each alert, as it says: to who is not connected, to all, or to nobody.

    Args:
        pushing: sends them.
        presence: who is connected.
        clock: the time, with a time zone.
    """

    name = "push"

    def __init__(self, pushing: Pushing, presence: Presence, clock: Callable[[], datetime]) -> None:
        self._pushing = pushing
        self._presence = presence
        self._clock = clock
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def deliver(self, alerts: Sequence[StoredAlert]) -> list[BelfryError | None]:
        """See `Channel`."""
        recipients = self._pushing.recipients()
        return list(await asyncio.gather(*(self._deliver(stored, recipients) for stored in alerts)))

    async def _deliver(self, stored: StoredAlert, recipients: Recipients) -> BelfryError | None:
        now = self._clock()
        try:
            async with self._places:
                if not await self._pushing.reaches(stored.audience, recipients):
                    return None  # first of all: most people of most alerts have no device
                if stored.retracted:
                    await self._pushing.clear(stored.audience, stored.card, stored.position, now, recipients)
                elif not stored.alert.expired(now) and await self._wanted(stored):
                    await self._pushing.push(stored, now, recipients)
        except BelfryError as error:
            return error
        return None

    async def _wanted(self, stored: StoredAlert) -> bool:
        match stored.alert.push:
            case Push.NEVER:
                return False
            case Push.ALWAYS:
                return True
            case Push.OFFLINE:
                # To many it is sent, and each client drops what it has on screen already.
                return stored.audience.kind is not Kind.USER or not await self._is_connected(stored.audience.name)

    async def _is_connected(self, user: str) -> bool:
        try:
            return await self._presence.connected(user)
        except BelfryError:
            return False  # in doubt, twice is better than not at all
