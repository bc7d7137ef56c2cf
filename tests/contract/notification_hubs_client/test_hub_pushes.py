import asyncio
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from shared.azure.notification_hubs import NotificationHub, fcm_v1, tag
from shared.azure.pushes import HubPushes
from shared.push.devices import Device
from shared.push.message import Platform
from tests.contract.notification_hubs_client.local import Received

NOW = datetime.now(UTC).replace(microsecond=0)
EXPIRES = NOW + timedelta(days=1)


def phone(installation: str, *tags: str, channel: str = "old") -> Device:
    """An Android phone with these tags."""
    return Device(
        installation=installation,
        platform=Platform.FCM_V1,
        push_channel=channel,
        registered_at=NOW,
        renewed_at=NOW,
        tags=tags,
    )


async def test_tags_are_changed_and_nothing_else(hub: NotificationHub, unique: str) -> None:
    """Push channel and expiry stay; adding a tag twice is one, and a device that is not known stays so."""
    pushes = HubPushes(hub)
    await pushes.retag(unique, ["a"], ["b"])
    assert await pushes.tags(unique) is None
    await pushes.register(phone(unique, "a", "b"), EXPIRES)
    before = await hub.get(unique)
    await pushes.retag(unique, ["b", "c", "d"], ["a"])
    await pushes.retag(unique, [], [])
    assert await pushes.tags(unique) == frozenset("bcd")
    after = await hub.get(unique)
    assert before is not None
    assert after is not None
    assert replace(after, tags=()) == replace(before, tags=())
    assert len(after.tags) == 3
    await pushes.unregister(unique)


async def test_a_push_channel_renewed_in_the_same_moment_stays(hub: NotificationHub, unique: str) -> None:
    """Whichever of the two comes first: the device is reached by its new channel."""
    pushes = HubPushes(hub)
    for number in range(20):
        installation = f"{unique}-{number}"
        await pushes.register(phone(installation, "a"), EXPIRES)
        renewed = phone(installation, "a", channel="renewed")
        await asyncio.gather(pushes.register(renewed, EXPIRES), pushes.retag(installation, ["b"], ["a"]))
        known = await hub.get(installation)
        assert known is not None
        assert known.push_channel == "renewed"
        await pushes.unregister(installation)


async def test_a_rejected_device_is_not_known_any_more(hub: NotificationHub, received: Received, unique: str) -> None:
    """Its platform rejects the first push; what is sent before tells nothing of it."""
    pushes = HubPushes(hub)
    await pushes.register(phone(unique, unique, channel=f"rejected-{unique}"), EXPIRES)
    assert await pushes.tags(unique) == frozenset([unique])
    await hub.send(fcm_v1(b'{"message":{"notification":{"title":"Hello"}}}'), tag(unique))
    [sent] = await received(unique, 1)
    assert sent["outcome"] == "rejected"
    assert await pushes.tags(unique) is None
