import json
from collections import Counter
from typing import Any, Final

import aiohttp

from shared.alert import Severity
from tests.contract.notification_hubs.devices import Browser
from tests.phone import Phone
from tests.system import System, eventually

BROWSERS: Final = 30
PLATFORMS: Final = 3


async def test_a_closed_browser_is_told_what_its_notification_needs(system: System, unique: str) -> None:
    """Encrypted for it alone: title, text, link, card and what is unread; read elsewhere, it is taken back."""
    person = Phone(system, unique)
    alert: dict[str, Any] = {"title": "Oven", "body": "It is hot: 200 °C", "url": "/kitchen", "severity": "warning"}
    async with Browser() as browser:
        await person.register("browser", _subscription(browser))
        await person.ask("POST", "/alerts/read")  # what others have sent to everyone
        await _send(system, {**alert, "id": unique, "to": [f"user:{unique}"]})
        await browser.arrived(1)
        shown = json.loads(browser.received[0])
        [card] = await system.history(unique)
        assert shown == {
            "type": "alert",
            "card": unique,
            "position": card["position"],
            "severity": Severity.WARNING,
            "title": "Oven",
            "body": "It is hot: 200 °C",
            "url": "/kitchen",
            "silent": False,
            "unread": 1,
        }
        await person.ask("PATCH", f"/alerts/{unique}", json={"read": True})
        await browser.arrived(2)
    assert json.loads(browser.received[1]) == {
        "type": "clear",
        "card": unique,
        "position": card["position"],
        "unread": 0,
    }
    assert [headers["topic"] for headers in browser.headers] == [unique, unique]
    assert [headers["urgency"] for headers in browser.headers] == ["high", "normal"]


async def test_a_push_service_that_is_not_served_is_refused(system: System, unique: str) -> None:
    """400 with the field: the hub on this machine posts to no other one; nothing is registered."""
    person = Phone(system, unique)
    async with Browser() as browser:
        channel = browser.channel | {"endpoint": "https://push.example/1"}
    body = {"platform": "browser", "pushChannel": channel}
    problem = await person.ask("PUT", f"/devices/{unique}", 400, json=body)
    assert (problem["code"], problem["field"]) == ("invalid-body", "pushChannel")
    assert (await person.ask("GET", "/devices"))["devices"] == []


async def test_a_topic_of_many_costs_one_request_for_each_platform(system: System, unique: str) -> None:
    """Whatever the number of devices: each gets the push once, and the hub is asked three times."""
    async with Browser() as browser:
        for number in range(BROWSERS):
            phone = Phone(system, f"{unique}-{number}")
            await phone.register("browser", _subscription(browser))
            await phone.ask("PUT", "/subscriptions/offers")
        before = await _sends(system)
        await _send(system, {"id": unique, "to": ["topic:offers"], "title": f"Offer {unique}"})

        async def told() -> bool:
            return len(browser.received) == BROWSERS and await system.waiting() == 0

        await eventually(told)
    assert {json.loads(text)["title"] for text in browser.received} == {f"Offer {unique}"}
    assert await _sends(system) - before == PLATFORMS


def _subscription(browser: Browser) -> dict[str, str]:
    """As the API takes it: without TLS on this machine alone, which has one name there."""
    return browser.channel | {"endpoint": browser.channel["endpoint"].replace("127.0.0.1", "localhost")}


async def _send(system: System, alert: dict[str, Any]) -> None:
    async with system.publisher() as publisher:
        await publisher.send(alert)


async def _sends(system: System) -> int:
    """How often the hub was asked to send."""
    url = system.cloud.urls["notification_hubs"] + "/_statistics"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return Counter((await response.json())["operations"])["send"]
