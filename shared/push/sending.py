"""Sending pushes: one request for each platform, and what to do when one of them fails."""

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from shared.audience import Audience, Kind
from shared.card import StoredAlert
from shared.errors import BelfryError, TransientError
from shared.inbox.people import PeopleStore
from shared.position import Position
from shared.push import Message, Platform, alert_message, clear_message, clear_read_message
from shared.push.addressing import Target, everyone_in, target_of
from shared.push.deciding import silence_for
from shared.push.devices import DeviceStore

log = logging.getLogger(__name__)


class Sender(Protocol):
    """Where pushes are sent from."""

    async def send(self, message: Message, target: Target) -> None:
        """Send to the devices of the message's platform that a target names; succeeds, too, when there is none.

        Raises:
            TransientError: the service did not take it.
            RefusedError: it never will.
        """


class Pushing:
    """Pushes of alerts, and what takes them back.

    Args:
        sender: where pushes are sent from.
        devices: where it is known which platforms a person has.
        people: what people want to be pushed.
    """

    def __init__(self, sender: Sender, devices: DeviceStore, people: PeopleStore) -> None:
        self._sender = sender
        self._devices = devices
        self._people = people

    async def reaches(self, audience: Audience) -> bool:
        """Whether there may be devices of an audience at all; raises as `push`."""
        return bool(await self._platforms(audience))

    async def push(self, stored: StoredAlert, now: datetime) -> None:
        """Push an alert to the devices of its audience whose people want that.

        A later revision replaces the notification of an earlier one, and so does a repeat: the platforms know them by
        the card.

        Raises:
            TransientError: not all platforms took it; to send it again is harmless.
            RefusedError: one never will.
        """
        audience = stored.audience
        platforms = await self._platforms(audience)
        if not platforms:
            return
        if audience.kind is Kind.USER:
            preferences = (await self._people.profile(audience.name)).profile.preferences
            if silence := silence_for(preferences, stored, now):
                log.info("no push of %r to its person: %s", stored.card, silence.value)
                return
            target = everyone_in(audience)
        else:
            target = target_of(stored, now)
        await self._send([alert_message(platform, stored, now) for platform in platforms], target)

    async def clear(self, audience: Audience, card: str, position: Position, now: datetime) -> None:
        """Take the notification of a card away from the devices of an audience; raises as `push`."""
        platforms = await self._platforms(audience)
        messages = [clear_message(platform, card, position, now) for platform in platforms]
        await self._send(messages, everyone_in(audience))

    async def clear_or_say(self, audience: Audience, card: str, position: Position, now: datetime) -> None:
        """The same where it must not stand in the way of something else: a push is a hint."""
        try:
            await self.clear(audience, card, position, now)
        except BelfryError as error:
            log.warning("the notification of %r could not be taken away: %s", card, error)

    async def clear_read_or_say(self, audience: Audience, up_to: str, now: datetime) -> None:
        """Take the notifications of all that a person has read away from their devices, where that is possible.

        Args:
            audience: the person.
            up_to: what was stored up to then is read.
            now: with a time zone.
        """
        try:
            platforms = await self._platforms(audience)
            messages = [clear_read_message(platform, up_to, now) for platform in platforms]
            await self._send(messages, everyone_in(audience))
        except BelfryError as error:
            log.warning("the notifications of what %s has read could not be taken away: %s", audience, error)

    async def _platforms(self, audience: Audience) -> Collection[Platform]:
        """A person's own devices are known; of an audience of many, each platform may have some."""
        if audience.kind is not Kind.USER:
            return list(Platform)
        return sorted({device.platform for device in await self._devices.devices(audience.name)})

    async def _send(self, messages: Collection[Message], target: Target) -> None:
        outcomes = await asyncio.gather(
            *(self._sender.send(message, target) for message in messages), return_exceptions=True
        )
        failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        # What passes comes first: tried again, the others are refused again.
        for failure in sorted(failures, key=lambda failure: not isinstance(failure, TransientError)):
            raise failure
