"""Use cases: a person's devices, and what is to be known of them where pushes are sent from.

A device is registered under the person who is signed in on it, and belongs to whoever registered it last: before its
tags are changed, or it is removed, it is looked up whose it is now.
"""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Annotated, Final, Protocol

from msgspec import Meta, Struct, structs

from shared.audience import Audience, Kind
from shared.errors import BelfryError, PermanentError, RefusedError
from shared.identity import Person
from shared.inbox.visiting import Reception, Visit
from shared.push.addressing import tags_of
from shared.push.message import Platform

log = logging.getLogger(__name__)

STALE: Final = timedelta(days=90)
"""When a device that has not been registered again is forgotten."""

InstallationId = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$(?!\n)", description="1 to 64 letters, digits or `. _ -`")
]
_Base64Url = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9_=-]{16,200}$(?!\n)", description="a key of the subscription, in base64url")
]


class ChannelRefusedError(PermanentError):
    """The push service does not take this push channel."""


class PushSubscription(Struct, frozen=True, forbid_unknown_fields=True):
    """A browser's push subscription, as `PushSubscription.toJSON()` has it."""

    endpoint: Annotated[
        str,
        Meta(
            pattern=r"^(https://|http://localhost[:/])[^\s\u0000-\u001f]{1,2000}$(?!\n)",
            description="the https URL of the browser's push service",
        ),
    ]
    p256dh: _Base64Url
    auth: _Base64Url


class Registration(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What a device says of itself."""

    platform: Platform
    push_channel: (
        Annotated[str, Meta(min_length=1, max_length=4096, description="The token that the platform gave.")]
        | PushSubscription
    )
    """A phone's token, or a browser's subscription."""

    def __post_init__(self) -> None:
        if isinstance(self.push_channel, PushSubscription) is not (self.platform is Platform.BROWSER):
            raise ValueError("`pushChannel` must be a token for phones, and a subscription for browsers")


class Device(Struct, frozen=True, rename="camel", kw_only=True):
    """A device of a person."""

    installation: InstallationId
    platform: Platform
    push_channel: str | PushSubscription
    registered_at: datetime
    renewed_at: datetime
    tags: tuple[str, ...] = ()
    """Those that it has where pushes are sent from; empty: not known, for its registration was not answered."""


class DeviceStore(Protocol):
    """Where devices are kept, with what is known about their person. All raise `TransientError` when it is away."""

    async def devices(self, user: str) -> list[Device]:
        """A person's devices."""

    async def save_device(self, user: str, device: Device) -> None:
        """Keep a device."""

    async def remove_device(self, user: str, installation: str) -> None:
        """Forget a device, if it is there."""


class PushService(Protocol):
    """Where pushes are sent from. All raise `TransientError` when it is away."""

    async def register(self, device: Device, expires: datetime) -> None:
        """Make a device and its tags known. Raises `RefusedError` when the push channel is none that it could use."""

    async def tags(self, installation: str) -> tuple[str, ...] | None:
        """The tags that a device has there; None: it is not known, or its platform has rejected it."""

    async def unregister(self, installation: str) -> None:
        """Forget a device."""


class Devices:
    """A person's devices.

    Args:
        reception: where each use case begins.
        store: where devices are kept.
        service: where pushes are sent from.
    """

    def __init__(self, reception: Reception, store: DeviceStore, service: PushService) -> None:
        self._reception = reception
        self._store = store
        self._service = service

    async def list(self, person: Person) -> list[Device]:
        """The person's devices, the last registered first."""
        devices = await self._store.devices(person.user)
        return sorted(devices, key=lambda device: device.renewed_at, reverse=True)

    async def register(self, person: Person, installation: str, registration: Registration) -> Device:
        """Register a device, or renew it. It is forgotten when that is not done for 90 days.

        Raises:
            TooManyTagsError: the person has more audiences and mutes than a device can have tags for.
            ChannelRefusedError: the push channel is none that the platform could be reached by; nothing has changed.
        """
        visit = await self._reception.visit(person)
        now = self._reception.clock()
        known = {device.installation: device for device in await self._store.devices(person.user)}
        device = Device(
            installation=installation,
            platform=registration.platform,
            push_channel=registration.push_channel,
            registered_at=known[installation].registered_at if installation in known else now,
            renewed_at=now,
            tags=tags_of(visit.audiences, visit.profile.preferences, now),
        )
        try:
            await self._put(person.user, device)
        except RefusedError as error:
            log.warning("the push channel of %r was refused: %s", installation, error)
            if installation in known:
                await self._store.save_device(person.user, known[installation])
            else:
                await self._store.remove_device(person.user, installation)
            raise ChannelRefusedError from error
        return device

    async def remove(self, person: Person, installation: str) -> None:
        """Forget a device, if the person has it."""
        known = {device.installation for device in await self._store.devices(person.user)}
        if installation in known:
            await self._forget(person.user, installation)

    async def forget_all(self, person: Person) -> None:
        """Forget all of the person's devices."""
        for device in await self._store.devices(person.user):
            await self._forget(person.user, device.installation)

    async def refresh(self, person: Person) -> None:
        """Bring the devices' tags in line with what the person belongs to now, and what they have muted.

        Raises:
            TooManyTagsError: there are too many; the devices keep those they had.
        """
        visit = await self._reception.visit(person)
        await self._refresh(visit)

    async def refresh_or_say(self, visit: Visit) -> None:
        """The same where it must not stand in the way of something else."""
        try:
            await self._refresh(visit)
        except BelfryError as error:
            log.warning("the tags of devices of %r could not be brought in line: %s", visit.user, error)

    async def _refresh(self, visit: Visit) -> None:
        devices = await self._store.devices(visit.user)
        if not devices:
            return
        # Those of quiet hours follow the clock of the person's time zone, which is changed twice a year.
        tags = tags_of(visit.audiences, visit.profile.preferences, self._reception.clock())
        await asyncio.gather(*(self._retag(visit.user, device, tags) for device in devices if device.tags != tags))

    async def _retag(self, user: str, device: Device, tags: tuple[str, ...]) -> None:
        known = await self._service.tags(device.installation)
        if _are_theirs(user, known):
            await self._put(user, structs.replace(device, tags=tags))
        elif known is not None or device.tags:
            await self._store.remove_device(user, device.installation)
        # Else it is being registered just now, or will be again: that had no answer, or an error.

    async def _put(self, user: str, device: Device) -> None:
        # Kept first: what is registered there and unknown here could never be removed. Without its tags until they are
        # there for certain: what is taken for up to date is never brought in line.
        await self._store.save_device(user, structs.replace(device, tags=()))
        await self._service.register(device, device.renewed_at + STALE)
        await self._store.save_device(user, device)

    async def _forget(self, user: str, installation: str) -> None:
        if _are_theirs(user, await self._service.tags(installation)):
            await self._service.unregister(installation)
        await self._store.remove_device(user, installation)


def _are_theirs(user: str, tags: tuple[str, ...] | None) -> bool:
    """Whether a device with these tags is there, and nobody else has signed in on it since."""
    return tags is not None and Audience(Kind.USER, user).tag in tags
