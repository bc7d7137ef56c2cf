import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from emulators.children import Child
from shared import push
from shared.azure.notification_hubs import (
    ApplePriority,
    ApplePushType,
    Installation,
    InstallationGoneError,
    Notification,
    NotificationHub,
    Platform,
    add_tags,
    any_of,
    apple,
    change_push_channel,
    change_user,
    fcm_v1,
    installation,
    remove_tags,
    tag,
    user,
)
from shared.errors import RefusedError, TransientError
from shared.push import alert_message, clear_message
from tests.contract.notification_hubs_client.local import HUB, Received, connection_string_of
from tests.unit.shared.fakes import OFFICE, stored

HELLO = fcm_v1(b'{"message":{"notification":{"title":"Hello"}}}')


async def test_an_installation_is_read_as_it_was_put(hub: NotificationHub, unique: str) -> None:
    """Its platform, channel, user, tags and expiration; then it is forgotten, twice if asked twice."""
    kept = Installation(
        installation_id=unique,
        platform=Platform.APNS,
        push_channel="0" * 64,
        user_id="ada@example.com",
        tags=("a-1", "b:2"),
        expiration_time=datetime.now(UTC).replace(microsecond=0) + timedelta(days=1),
    )
    await hub.put(kept)
    assert await hub.get(unique) == kept
    await hub.put(replace(kept, tags=("c",), expiration_time=None))
    assert await hub.get(unique) == replace(kept, tags=("c",), expiration_time=None)
    await hub.delete(unique)
    await hub.delete(unique)
    assert await hub.get(unique) is None


async def test_an_installation_is_changed_in_parts(hub: NotificationHub, unique: str) -> None:
    """Tags come and go one by one, the rest is replaced; what is not known cannot be changed."""
    with pytest.raises(InstallationGoneError):
        await hub.patch(unique, add_tags(["a"]))
    await hub.put(Installation(installation_id=unique, platform=Platform.FCM_V1, push_channel="old", tags=("a", "b")))
    await hub.patch(
        unique, [*remove_tags(["a"]), *add_tags(["c", "d"]), *change_push_channel("new"), *change_user("bob")]
    )
    changed = await hub.get(unique)
    assert changed is not None
    assert (changed.push_channel, changed.user_id, set(changed.tags)) == ("new", "bob", {"b", "c", "d"})
    await hub.delete(unique)


@pytest.mark.local_only(reason="what a device was sent cannot be asked of a real hub")
async def test_a_send_reaches_whose_tags_fulfil_the_expression(
    hub: NotificationHub, received: Received, unique: str
) -> None:
    """By any of the tags, by both, not by one, by user and by installation; and no other platform's devices."""
    office, kitchen = f"office-{unique}", f"kitchen-{unique}"
    phone, watch, apart = f"{unique}-1", f"{unique}-2", f"{unique}-3"
    await hub.put(
        Installation(installation_id=phone, platform=Platform.FCM_V1, push_channel=phone, tags=(office, kitchen))
    )
    await hub.put(
        Installation(
            installation_id=watch, platform=Platform.FCM_V1, push_channel=watch, tags=(office,), user_id=unique
        )
    )
    await hub.put(Installation(installation_id=apart, platform=Platform.APNS, push_channel=apart, tags=(office,)))
    receipts = [
        await hub.send(HELLO, any_of([office, kitchen])),
        await hub.send(HELLO, tag(office) & tag(kitchen)),
        await hub.send(HELLO, tag(office) & ~tag(kitchen)),
        await hub.send(HELLO, user(unique)),
        await hub.send(HELLO, installation(phone)),
    ]
    assert len({receipt.notification_id for receipt in receipts}) == 5
    assert all(receipt.notification_id and receipt.tracking_id for receipt in receipts)
    told = {device: [sent["notificationId"] for sent in await received(device, 3)] for device in (phone, watch)}
    ids = [str(receipt.notification_id) for receipt in receipts]
    assert sorted(told[phone]) == sorted([ids[0], ids[1], ids[4]])
    assert sorted(told[watch]) == sorted([ids[0], ids[2], ids[3]])
    assert await received(apart) == []


@pytest.mark.local_only(reason="what a device was sent cannot be asked of a real hub")
async def test_a_broadcast_reaches_every_device_of_its_platform(
    hub: NotificationHub, received: Received, unique: str
) -> None:
    """Also one without any tag."""
    await hub.put(Installation(installation_id=unique, platform=Platform.APNS, push_channel=unique))
    notification = apple(
        b'{"aps":{"content-available":1}}',
        push_type=ApplePushType.BACKGROUND,
        priority=ApplePriority.CONSIDERATE,
        collapse_id="disk",
    )
    receipt = await hub.broadcast(notification)
    (sent,) = await received(unique, 1)
    assert sent["notificationId"] == receipt.notification_id
    assert sent["headers"] == dict(notification.headers)


@pytest.mark.local_only(reason="what a device was sent cannot be asked of a real hub")
async def test_a_direct_send_reaches_its_device(hub: NotificationHub, received: Received, unique: str) -> None:
    """By the token alone, whatever its tags."""
    await hub.put(Installation(installation_id=unique, platform=Platform.FCM_V1, push_channel=unique))
    receipt = await hub.send_direct(HELLO, unique)
    (sent,) = await received(unique, 1)
    assert sent["notificationId"] == receipt.notification_id


@pytest.mark.local_only(reason="what a device was sent cannot be asked of a real hub")
@pytest.mark.parametrize("platform", [push.Platform.FCM_V1, push.Platform.APNS])
async def test_what_belfry_pushes_is_taken(
    hub: NotificationHub, received: Received, unique: str, platform: push.Platform
) -> None:
    """The longest alert of odd characters, its revision and its end: one notification, and then none."""
    await hub.put(
        Installation(installation_id=unique, platform=Platform(platform.value), push_channel=unique, tags=(unique,))
    )
    alert = stored("c" * 128, 1, OFFICE, title="𝄞" * 200, body='"€\n' * 1300, url="/" + "u" * 900)
    now = datetime.now(UTC)
    form = Platform(platform.value).notification_format
    for pushed in (
        alert_message(platform, alert, now, badge=1),
        alert_message(platform, stored("c" * 128, 2, OFFICE, title="Solved"), now),
        clear_message(platform, alert.card, alert.position, now),
    ):
        await hub.send(Notification(form, pushed.payload, pushed.headers), tag(unique))
    cleared, revised, first = await received(unique, 3)
    assert [sent["kind"] for sent in (first, revised, cleared)] == ["alert", "alert", "silent"]
    assert [sent["outcome"] for sent in (first, revised, cleared)] == ["delivered"] * 3
    assert (first["title"], revised["title"]) == ("𝄞" * 200, "Solved")
    assert first["collapseId"] == revised["collapseId"]
    assert "clear" in json.dumps(cleared["payload"])


async def test_the_service_says_why_it_refuses(hub: NotificationHub, unique: str) -> None:
    """A payload that FCM would not take is refused for good, with the sentence of the service."""
    with pytest.raises(RefusedError, match=r"Notification Hubs answered 400: .+"):
        await hub.send(fcm_v1(b"no JSON"), tag(unique))


@pytest.mark.local_only(reason="it breaks the service")
async def test_a_wrong_key_passes_once_an_operator_mends_it(local_url: str) -> None:
    """It is no fault of the notification."""
    connection = connection_string_of(local_url, key="wrong")
    async with NotificationHub.from_connection_string(connection, HUB) as client:
        with pytest.raises(TransientError, match="answered 401") as told:
            await client.get("1")
    assert "wrong" not in str(told.value)


@pytest.mark.local_only(reason="it breaks the service")
async def test_a_service_that_hangs_passes() -> None:
    """It is given 6 seconds to answer a send, which is not sent a second time."""
    with Child("emulators.notification_hubs", ["--port", "0", "--ephemeral"]) as child:
        async with NotificationHub.from_connection_string(connection_string_of(child.url), HUB) as client:
            await client.send(HELLO, tag("a"))
            child.pause()
            begun = time.monotonic()
            with pytest.raises(TransientError, match="Notification Hubs failed"):
                await client.send(HELLO, tag("a"))
        assert time.monotonic() - begun < 9
        child.kill()


async def test_a_service_that_is_not_there_passes() -> None:
    """No answer is a passing reason, and it is found out quickly."""
    connection = connection_string_of("http://127.0.0.1:9")
    async with NotificationHub.from_connection_string(connection, HUB) as client:
        with pytest.raises(TransientError, match="Notification Hubs failed"):
            await client.send(HELLO, tag("a"))
