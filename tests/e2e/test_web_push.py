import json
from typing import Any

import aiohttp
import pytest

from shared.alert import Severity
from tests.contract.notification_hubs.devices import Browser
from tests.phone import Phone
from tests.system import System

pytestmark = pytest.mark.local_only(reason="what a device was sent cannot be asked of a real hub")


async def test_a_closed_browser_is_told_what_its_notification_needs(system: System, unique: str) -> None:
    """Encrypted for it alone: title, text, link, card and what is unread; read elsewhere, it is taken back."""
    person = Phone(system, unique)
    alert: dict[str, Any] = {"title": "Oven", "body": "It is hot: 200 °C", "url": "/kitchen", "severity": "warning"}
    async with Browser() as browser:
        await person.ask("POST", "/alerts/read")  # what others have sent to everyone; before there is a device to tell
        await person.register("browser", subscription(browser))
        await _send(system, {**alert, "id": unique, "to": [f"user:{unique}"]})
        await browser.arrived(1)
        shown = json.loads(browser.received[0])
        [card] = await system.history(unique)
        assert shown == {
            "type": "alert",
            "card": unique,
            "position": card["position"],
            "at": card["at"],
            "severity": Severity.WARNING,
            "title": "Oven",
            "body": "It is hot: 200 °C",
            "url": "/kitchen",
            "silent": False,
            "unread": 1,
        }
        await person.ask("PATCH", f"/alerts/{unique}", json={"read": True})
        await browser.arrived(2)
        await person.ask("POST", "/alerts/read")
        await browser.arrived(3)
    assert json.loads(browser.received[1]) == {
        "type": "clear",
        "card": unique,
        "position": card["position"],
        "unread": 0,
    }
    assert json.loads(browser.received[2]) == {"type": "clear", "upTo": card["at"], "unread": 0}
    assert [headers["topic"] == unique for headers in browser.headers] == [True, True, False]
    assert [headers["urgency"] for headers in browser.headers] == ["high", "normal", "normal"]


async def test_a_browser_subscribes_with_the_key_that_pushes_are_signed_with(system: System, unique: str) -> None:
    """The API tells it, so that no app has to have it in its code."""
    told = (await Phone(system, unique).ask("GET", "/devices"))["applicationServerKey"]
    async with (
        aiohttp.ClientSession() as session,
        session.get(system.cloud.urls["notification_hubs"] + "/_vapid") as response,
    ):
        assert told == (await response.json())["publicKey"]


async def test_a_browser_of_any_push_service_is_registered(system: System, unique: str) -> None:
    """What it is sent can be seen at the hub, which posts to this machine alone."""
    person = Phone(system, unique)
    async with Browser() as browser:
        channel = browser.channel | {"endpoint": "https://push.example/1"}
    await person.register("browser", channel)
    await _send(system, {"id": unique, "to": [f"user:{unique}"], "title": "Oven"})
    await person.wait_for(("alert", "Oven"))


async def test_a_push_channel_that_the_hub_refuses_is_refused(system: System, unique: str) -> None:
    """400 with the field: its key is none; nothing is registered."""
    person = Phone(system, unique)
    async with Browser() as browser:
        channel = subscription(browser) | {"p256dh": "B" + "A" * 86}
    body = {"platform": "browser", "pushChannel": channel}
    problem = await person.ask("PUT", f"/devices/{unique}", 400, json=body)
    assert (problem["code"], problem["field"]) == ("invalid-body", "pushChannel")
    assert (await person.ask("GET", "/devices"))["devices"] == []


def subscription(browser: Browser) -> dict[str, str]:
    """As the API takes it: without TLS on this machine alone, which has one name there."""
    return browser.channel | {"endpoint": browser.channel["endpoint"].replace("127.0.0.1", "localhost")}


async def _send(system: System, alert: dict[str, Any]) -> None:
    async with system.publisher() as publisher:
        await publisher.send(alert)
