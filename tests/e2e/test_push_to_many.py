import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Awaitable, Iterable
from typing import Any, Final

import aiohttp
import pytest

from shared.audience import Audience
from tests.contract.notification_hubs.devices import Browser, Hub
from tests.e2e.test_web_push import subscription
from tests.phone import Phone
from tests.system import System, eventually

pytestmark = pytest.mark.local_only(reason="what a device was sent cannot be asked of a real hub")

BROWSERS: Final = 30
DEVICES: Final = 1_000
PLATFORMS: Final = ("fcmv1", "apns", "browser")
AT_ONCE: Final = 16


async def test_a_topic_of_many_costs_one_request_for_each_platform(system: System, unique: str) -> None:
    """Whatever the number of devices: each gets the push once, and the hub is asked three times."""
    async with Browser() as browser:
        for number in range(BROWSERS):
            phone = Phone(system, f"{unique}-{number}")
            await phone.register("browser", subscription(browser))
            await phone.ask("PUT", "/subscriptions/offers")
        before = await _sends(system)
        await _send(system, {"id": unique, "to": ["topic:offers"], "title": f"Offer {unique}"})

        async def told() -> bool:
            return len(browser.received) == BROWSERS and await system.waiting() == 0

        await eventually(told)
    assert {json.loads(text)["title"] for text in browser.received} == {f"Offer {unique}"}
    assert await _sends(system) - before == len(PLATFORMS)


async def test_a_thousand_devices_cost_one_request_for_each_platform(system: System, unique: str) -> None:
    """Three requests in all, and each of the thousand has the alert, once."""
    topic = Audience.parse(f"topic:t-{unique}")
    names = [f"{unique}-{number}" for number in range(DEVICES)]
    async with Browser() as browser, aiohttp.ClientSession() as http:
        hub = Hub(system.cloud.urls["notification_hubs"], system.settings.get("NOTIFICATION_HUBS_HUB", "belfry"), http)
        channels = {"fcmv1": "token", "apns": "token", "browser": browser.channel}
        await _a_few_at_once(
            hub.register(name, channels[platform], platform, topic.tag)
            for name, platform in zip(names, itertools.cycle(PLATFORMS), strict=False)
        )
        before = await _sends(system)
        await _send(system, {"id": unique, "to": [str(topic)], "title": f"Offer {unique}"})

        async def sent() -> bool:
            one_of_each = [await hub.device(name) for name in names[-len(PLATFORMS) :]]
            return all(device["notifications"] for device in one_of_each) and await system.waiting() == 0

        await eventually(sent)
        await browser.arrived(DEVICES // len(PLATFORMS))
        devices = await _a_few_at_once(hub.settled(name) for name in names)
    assert await _sends(system) - before == len(PLATFORMS)
    assert Counter(device["platform"] for device in devices) == {"fcmv1": 334, "apns": 333, "browser": 333}
    for device in devices:
        [notification] = device["notifications"]
        assert (notification["title"], notification["outcome"]) == (f"Offer {unique}", "delivered")


async def _a_few_at_once[T](calls: Iterable[Awaitable[T]]) -> list[T]:
    places = asyncio.Semaphore(AT_ONCE)

    async def one(call: Awaitable[T]) -> T:
        async with places:
            return await call

    return await asyncio.gather(*map(one, calls))


async def _send(system: System, alert: dict[str, Any]) -> None:
    async with system.publisher() as publisher:
        await publisher.send(alert)


async def _sends(system: System) -> int:
    """How often the hub was asked to send."""
    url = system.cloud.urls["notification_hubs"] + "/_statistics"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return Counter((await response.json())["operations"])["send"]
