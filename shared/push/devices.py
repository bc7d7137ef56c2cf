"""Use cases: a person's devices, and what is to be known of them where pushes are sent from.

A device is registered under the person who is signed in on it, and belongs to whoever registered it last: before its
tags are changed, or it is removed, it is looked up whose it is now.

Several requests may be about one device at a time. So what is kept of it says which tags it has only if nobody else has
written it since they were sent there; else they are not known, and the next occasion brings them in line.
"""

import asyncio
import logging
import random
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, Protocol

from msgspec import Meta, Struct, structs

from shared.audience import NAME, Audience, Kind
from shared.errors import BelfryError, PermanentError, RefusedError
from shared.identity import Person
from shared.inbox.visiting import Reception, Visit
from shared.push.addressing import tags_of
from shared.push.message import Platform

log = logging.getLogger(__name__)

STALE: Final = timedelta(days=90)
"""When a device that has not been registered again is forgotten."""
SETTLED: Final = timedelta(seconds=10)
"""How long after a registration it is not taken for a rejection that the device is not known where pushes are sent
from: it is on its way there, or was written a moment ago."""
LOOK_SECONDS: Final = 2.0
"""The longest that a list of devices waits to hear which of them are still known there."""
MAXIMUM_DEVICES: Final = 50
"""Of one person. Each makes dearer whatever changes the person's tags, so they must not grow without end."""
_FORGOTTEN_AT_ONCE: Final = 2
"""Of those that are too many, by one registration: it must not become dear itself."""
_AT_ONCE: Final = 8
"""Devices that are asked for, or changed, there at the same time."""

InstallationId = Annotated[
    str, Meta(pattern=rf"^{NAME}$(?!\n)", description="1 to 64 letters, digits or `. _ -`, not `.` or `..`")
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
    """Those that it has where pushes are sent from; empty: not known, and to be brought in line."""
    roles: tuple[str, ...] | None = None
    """Those that its person had when it was registered or brought in line the last time, in order; None: not known."""


class DeviceStore(Protocol):
    """Where devices are kept, with what is known about their person. All raise `TransientError` when it is away."""

    async def devices(self, user: str) -> list[Device]:
        """A person's devices."""

    async def save_device(self, user: str, device: Device) -> str:
        """Keep a device; returns its version."""

    async def tag_device(
        self,
        user: str,
        installation: str,
        tags: Sequence[str],
        *,
        roles: Sequence[str] | None = None,
        version: str | None = None,
    ) -> str | None:
        """Note the tags of a device, and its person's roles if given, and leave the rest of it as it is.

        Returns:
            Its new version; None: it is not there, or not in this version if one is given.
        """

    async def remove_device(self, user: str, installation: str, version: str | None = None) -> None:
        """Forget a device, if it is there, and in this version if one is given."""


class PushService(Protocol):
    """Where pushes are sent from. All raise `TransientError` when it is away."""

    async def register(self, device: Device, expires: datetime) -> None:
        """Make a device and its tags known. Raises `RefusedError` when the push channel is none that it could use."""

    async def tags(self, installation: str) -> frozenset[str] | None:
        """The tags that a device has there; None: it is not known, or its platform has rejected it."""

    async def retag(self, installation: str, add: Collection[str], remove: Collection[str]) -> None:
        """Add and remove tags of a device, if it is known there, and touch nothing else of it."""

    async def unregister(self, installation: str) -> None:
        """Forget a device."""


class _Found(Struct, frozen=True):
    """A device that is its person's."""

    tags: frozenset[str]
    """Those that it has where pushes are sent from."""
    version: str
    """Of what is kept of it."""


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
        """The person's devices, the last registered first.

        Those that their platform has rejected, or that are somebody else's by now, are forgotten. What cannot be found
        out in time is listed.
        """
        devices = await self._store.devices(person.user)
        places = asyncio.Semaphore(_AT_ONCE)

        async def is_theirs(device: Device) -> bool:
            try:
                async with asyncio.timeout(LOOK_SECONDS), places:
                    return await self._is_theirs(person.user, device)
            except (BelfryError, TimeoutError) as error:
                log.warning("could not find out whether %r is still there: %r", device.installation, error)
                return True

        theirs = await asyncio.gather(*map(is_theirs, devices))
        kept = [device for device, is_kept in zip(devices, theirs, strict=True) if is_kept]
        return sorted(kept, key=lambda device: device.renewed_at, reverse=True)

    async def register(self, person: Person, installation: str, registration: Registration) -> Device:
        """Register a device, or renew it. It is forgotten when that is not done for 90 days.

        It is forgotten, too, when the person has registered 50 others since.

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
            roles=_roles(person),
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
        others = sorted((known[name] for name in known.keys() - {installation}), key=lambda other: other.renewed_at)
        surplus = others[: max(0, len(others) + 1 - MAXIMUM_DEVICES)]
        # Usually one. Of many that came at once each registration takes two, and not all the same ones.
        for other in random.sample(surplus, min(len(surplus), _FORGOTTEN_AT_ONCE)):
            await self._forget(person.user, other.installation)
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
        roles = _roles(visit.person)
        behind = [device for device in devices if (device.tags, device.roles) != (tags, roles)]
        places = asyncio.Semaphore(_AT_ONCE)

        async def retag(device: Device) -> None:
            async with places:
                await self._retag(visit.user, device, tags, roles)

        await asyncio.gather(*map(retag, behind))

    async def _retag(self, user: str, device: Device, tags: tuple[str, ...], roles: tuple[str, ...]) -> None:
        found = await self._find(user, device)
        if found is None:
            return
        # Of all that is known there only the tags: its push channel may be renewed at this moment.
        installation, wanted = device.installation, frozenset(tags)
        if found.tags != wanted:
            await self._service.retag(installation, wanted - found.tags, found.tags - wanted)
            there = await self._service.tags(installation)
            if there is not None and not _are_theirs(user, there):
                # It has changed hands in between: what was added is not for who has it now.
                await self._service.retag(installation, (), wanted - found.tags)
            if there != wanted:
                await self._unknown(user, installation)
                return
        if await self._store.tag_device(user, installation, tags, roles=roles, version=found.version) is None:
            await self._unknown(user, installation)

    async def _is_theirs(self, user: str, device: Device) -> bool:
        there = await self._service.tags(device.installation)
        if there is None and self._is_new(device):
            return True
        return _are_theirs(user, there) or await self._find(user, device) is not None

    async def _find(self, user: str, device: Device) -> _Found | None:
        """The person's device as it is now; it is forgotten if it is not theirs, or not known there.

        What is kept of it does not say its tags any more, and has a version that tells whether it is registered anew
        meanwhile: so that a device which is registered just now is not forgotten.
        """
        version = await self._unknown(user, device.installation)
        if version is None:
            return None
        there = await self._service.tags(device.installation)
        if there is not None and _are_theirs(user, there):
            return _Found(there, version)
        if there is not None or not self._is_new(device):
            await self._store.remove_device(user, device.installation, version)
        return None

    async def _unknown(self, user: str, installation: str) -> str | None:
        """Note that the device's tags are not known; what was taken for up to date would never be brought in line."""
        return await self._store.tag_device(user, installation, ())

    def _is_new(self, device: Device) -> bool:
        return self._reception.clock() - device.renewed_at < SETTLED

    async def _put(self, user: str, device: Device) -> None:
        # Kept first: what is registered there and unknown here could never be removed. Without its tags until they are
        # there for certain.
        untagged = structs.replace(device, tags=())
        version = await self._store.save_device(user, untagged)
        await self._service.register(device, device.renewed_at + STALE)
        if await self._store.tag_device(user, device.installation, device.tags, version=version):
            return
        if await self._unknown(user, device.installation) is None:
            await self._store.save_device(user, untagged)  # it was forgotten meanwhile, and is there again

    async def _forget(self, user: str, installation: str) -> None:
        version = await self._unknown(user, installation)
        if version is None:
            return
        if _are_theirs(user, await self._service.tags(installation)):
            await self._service.unregister(installation)
        await self._store.remove_device(user, installation, version)


def _roles(person: Person) -> tuple[str, ...]:
    return tuple(sorted(person.roles))


def _are_theirs(user: str, tags: frozenset[str] | None) -> bool:
    """Whether a device with these tags is there, and nobody else has signed in on it since."""
    return tags is not None and Audience(Kind.USER, user).tag in tags
