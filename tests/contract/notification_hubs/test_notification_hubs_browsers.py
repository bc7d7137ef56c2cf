import json

import aiohttp
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.utils import base64url_decode

from tests.contract.notification_hubs.devices import Browser, Hub, origin

ALERT = {"title": "Oven", "body": "It is hot: 200 °C"}


async def test_a_browser_gets_what_was_sent(hub: Hub, browser: Browser) -> None:
    """Encrypted for it alone, with the headers that the sender has chosen."""
    await hub.register("b1", browser.channel, "browser", "kitchen")
    await hub.send(ALERT, "browser", ServiceBusNotification_Tags="kitchen", TTL="60", Urgency="high", Topic="oven")
    await browser.arrived(1)
    assert [json.loads(text) for text in browser.received] == [ALERT]
    [headers] = browser.headers
    assert (headers["ttl"], headers["urgency"], headers["topic"]) == ("60", "high", "oven")
    device = await hub.settled("b1")
    assert [each["outcome"] for each in device["notifications"]] == ["delivered"]


async def test_a_browser_can_tell_who_sent(hub: Hub, browser: Browser, http: aiohttp.ClientSession) -> None:
    """The token is signed with the key with which sites subscribe, and meant for this push service."""
    async with http.get(f"{hub.service}/_vapid") as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        published = (await response.json())["publicKey"]
    await hub.register("b1", browser.channel, "browser")
    await hub.send(ALERT, "browser")
    await browser.arrived(1)
    scheme, _, parameters = browser.headers[0]["authorization"].partition(" ")
    token, key = (part.strip()[2:] for part in parameters.split(","))
    assert (scheme, key) == ("vapid", published)
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), base64url_decode(key))
    assert jwt.decode(token, public, algorithms=["ES256"], audience=origin(browser.channel["endpoint"]))["sub"]


async def test_a_browser_that_is_gone_is_removed(hub: Hub, browser: Browser) -> None:
    """Its push service says so, once."""
    browser.status = 410
    await hub.register("b1", browser.channel, "browser")
    await hub.send(ALERT, "browser")
    device = await hub.settled("b1")
    assert (device["registered"], device["notifications"][0]["outcome"]) == (False, "rejected")
    assert (await hub.call("GET", "installations/b1"))[0] == 404


async def test_a_busy_push_service_is_tried_again(hub: Hub, browser: Browser) -> None:
    """A notification is not lost because the other side was not ready."""
    browser.status = 503
    await hub.register("b1", browser.channel, "browser")
    await hub.send(ALERT, "browser")
    await browser.arrived(1)
    browser.status = 201
    await browser.arrived(2)
    device = await hub.settled("b1")
    assert device["notifications"][0]["outcome"] == "delivered"
    assert device["notifications"][0]["attempts"] == 2


async def test_a_push_service_elsewhere_is_not_posted_to(hub: Hub, browser: Browser) -> None:
    """It is registered as in Azure; what it is sent can be seen, and does not leave this machine."""
    await hub.register("b1", browser.channel | {"endpoint": "https://push.example/1"}, "browser")
    await hub.send(ALERT, "browser")
    [notification] = (await hub.settled("b1"))["notifications"]
    assert (notification["payload"], notification["outcome"]) == (ALERT, "failed")
    assert "--allow-endpoint push.example" in notification["detail"]


async def test_a_browser_is_sent_to_directly(hub: Hub, browser: Browser) -> None:
    """With its keys in headers, as the official packages send them."""
    channel = browser.channel
    handle = {
        "ServiceBusNotification-Format": "browser",
        "ServiceBusNotification-DeviceHandle": channel["endpoint"],
        "P256DH": channel["p256dh"],
        "Auth": channel["auth"],
    }
    status, body = await hub.call("POST", "messages/?direct=true", ALERT, handle)
    assert status == 201, body
    await browser.arrived(1)
    assert json.loads(browser.received[0]) == ALERT


async def test_many_browsers_are_reached(hub: Hub, browser: Browser) -> None:
    """Also more than are posted to at once."""
    for number in range(80):
        await hub.register(f"b{number}", browser.channel, "browser")
    await hub.send(ALERT, "browser")
    await browser.arrived(80)
    for number in range(80):
        assert [each["outcome"] for each in (await hub.settled(f"b{number}"))["notifications"]] == ["delivered"]
