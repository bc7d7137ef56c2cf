import asyncio
import re
from typing import Final

import pytest
from playwright.async_api import Page, expect

from emulators.cloud import Cloud
from tests.browser.views import bell, card, cards, expect_unread, open_inbox
from tests.browser.visitors import Visitors
from tests.system import System, eventually

AWAY: Final = "status of 50[0-9]|WebSocket|ERR_CONNECTION_REFUSED"
"""What a browser itself logs while a service is away."""
KEPT: Final = """async () => {
    const [{ name }] = await indexedDB.databases();
    const opened = indexedDB.open(name);
    await new Promise((done) => (opened.onsuccess = done));
    const counted = opened.result.transaction("cards").objectStore("cards").count();
    await new Promise((done) => (counted.onsuccess = done));
    opened.result.close();
    return counted.result > 0;
}"""
"""Whether cards are kept on this device: that is done a second after they have come."""
SECONDS: Final = 60.0
"""A client tries again at growing intervals."""


async def test_an_alert_that_is_sent_while_the_functions_are_gone_is_there_when_they_are_back(
    visitors: Visitors, system: System, cloud: Cloud, unique: str
) -> None:
    """Nobody has to reload the page, and a mark said meanwhile is not lost either."""
    person = await visitors.add(unique)
    person.allow(AWAY)
    page = await person.visit("/customer.html")
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "Before"})
        await expect_unread(page, 1)
        inbox = await open_inbox(page)
        await _kill(cloud, "functions_host")
        await card(inbox, "Before").get_by_role("button", name="Mark as read").click()
        await expect_unread(page, 0)
        await publisher.send({"to": [f"user:{unique}"], "title": "Meanwhile"})
        await _start(cloud, "functions_host")
    await inbox.get_by_role("button", name="1 new").click(timeout=SECONDS * 1000)
    await expect(card(inbox, "Meanwhile")).to_be_visible()

    async def known() -> bool:
        return {each["title"]: each["read"] for each in await system.history(unique)} == {
            "Before": True,
            "Meanwhile": False,
        }

    await eventually(known, SECONDS)
    await expect_unread(page, 1)


async def test_an_alert_that_is_sent_while_web_pubsub_is_gone_is_there_when_it_is_back(
    visitors: Visitors, system: System, cloud: Cloud, unique: str
) -> None:
    """The page says that it has no connection, and comes back to everything by itself; from then on it is live."""
    person = await visitors.add(unique)
    person.allow(AWAY)
    page = await person.visit("/customer.html")
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "Before"})
        await expect_unread(page, 1)
        await _kill(cloud, "web_pubsub")
        await publisher.send({"to": [f"user:{unique}"], "title": "Meanwhile"})
        await _cut_off(page)

        async def stored() -> bool:
            return len(await system.history(unique)) == 2

        await eventually(stored)
        await _start(cloud, "web_pubsub")
        await expect(bell(page)).to_have_accessible_name("Notifications, 2 unread", timeout=SECONDS * 1000)
        await publisher.send({"to": [f"user:{unique}"], "title": "Afterwards"})
    inbox = await open_inbox(page)
    await expect(cards(inbox).get_by_role("heading")).to_have_text(["Afterwards", "Meanwhile", "Before"])


@pytest.mark.timeout(180)
async def test_a_page_that_is_opened_during_an_outage_recovers(
    visitors: Visitors, system: System, cloud: Cloud, unique: str
) -> None:
    """Without a live connection it shows the history; without the functions it waits; afterwards it is as any other."""
    person = await visitors.add(unique)
    person.allow(AWAY)
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "Before"})
        await _kill(cloud, "web_pubsub")
        page = await person.visit("/customer.html")
        await expect(bell(page)).to_have_accessible_name(re.compile("1 unread"), timeout=SECONDS * 1000)

        async def kept() -> bool:
            return bool(await page.evaluate(KEPT))

        await eventually(kept)
        await _kill(cloud, "functions_host")
        await page.reload()
        await expect(bell(page)).to_have_accessible_name(re.compile("1 unread, offline"), timeout=SECONDS * 1000)
        await _start(cloud, "functions_host", "web_pubsub")
        await expect(bell(page)).to_have_accessible_name("Notifications, 1 unread", timeout=SECONDS * 1000)
        await publisher.send({"to": [f"user:{unique}"], "title": "Afterwards"})
    await expect_unread(page, 2)


async def _cut_off(page: Page) -> None:
    await expect(bell(page)).to_have_accessible_name(re.compile("offline"), timeout=SECONDS * 1000)


async def _kill(cloud: Cloud, *names: str) -> None:
    for name in names:
        await asyncio.to_thread(cloud.child(name).kill)


async def _start(cloud: Cloud, *names: str) -> None:
    for name in names:
        await asyncio.to_thread(cloud.child(name).start)
