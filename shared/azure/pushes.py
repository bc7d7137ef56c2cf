"""Notification Hubs, as Belfry needs it: where devices are registered, and pushes are sent from."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Final

from shared.azure.notification_hubs import (
    BrowserChannel,
    Format,
    Installation,
    InstallationGoneError,
    Notification,
    NotificationHub,
    TagExpression,
    add_tags,
    any_of,
    remove_tags,
    tag,
)
from shared.azure.notification_hubs import Platform as HubPlatform
from shared.push import Message, Platform
from shared.push.addressing import Target
from shared.push.devices import Device, PushSubscription

_FORMATS: Final[Mapping[Platform, Format]] = {
    platform: HubPlatform(platform.value).notification_format for platform in Platform
}


class HubPushes:
    """A `PushService` and a `Sender`.

    Args:
        hub: the hub.
    """

    def __init__(self, hub: NotificationHub) -> None:
        self._hub = hub

    async def send(self, message: Message, target: Target) -> None:
        """See `Sender`."""
        await self._hub.send(
            Notification(_FORMATS[message.platform], message.payload, message.headers), expression_of(target)
        )

    async def register(self, device: Device, expires: datetime) -> None:
        """See `PushService`."""
        channel = device.push_channel
        await self._hub.put(
            Installation(
                installation_id=device.installation,
                platform=HubPlatform(device.platform.value),
                push_channel=BrowserChannel(channel.endpoint, channel.p256dh, channel.auth)
                if isinstance(channel, PushSubscription)
                else channel,
                tags=device.tags,
                expiration_time=expires,
            )
        )

    async def tags(self, installation: str) -> frozenset[str] | None:
        """See `PushService`."""
        known = await self._hub.get(installation)
        return None if known is None or known.push_channel_expired else frozenset(known.tags)

    async def retag(self, installation: str, add: Collection[str], remove: Collection[str]) -> None:
        """See `PushService`."""
        changes = (*remove_tags(sorted(remove)), *add_tags(sorted(add)))
        if changes:
            with suppress(InstallationGoneError):
                await self._hub.patch(installation, changes)

    async def unregister(self, installation: str) -> None:
        """See `PushService`."""
        await self._hub.delete(installation)

    async def check(self) -> None:
        """Ask for a device that does not exist; raises `BelfryError` when the service does not answer."""
        await self._hub.get("belfry-health")

    async def close(self) -> None:
        """Close the connections to the service."""
        await self._hub.close()


def expression_of(target: Target) -> TagExpression:
    """The condition on tags by which the hub chooses the devices of a target."""
    expression = reduce(and_, (~tag(name) for name in target.without), any_of((target.tag, *target.or_tags)))
    if asleep := target.asleep:
        # Only tags are negated, and no brackets: nothing that is documented shows the service doing that.
        expression &= ~tag(asleep.half) | (~tag(asleep.hour) & ~tag(asleep.quarter))
    return expression
