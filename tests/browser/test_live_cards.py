import asyncio
from datetime import UTC, datetime, timedelta

from playwright.async_api import expect

from tests.browser.views import card, cards, expect_unread, open_inbox, toast, unread
from tests.browser.visitors import Visitors
from tests.system import System


async def test_two_people_see_the_same_moment(visitors: Visitors, system: System, unique: str) -> None:
    """One alert to a role: bell, toast and inbox of both have it, and the log of their pages is silent."""
    role = f"crew-{unique}"
    people = [await visitors.add(f"{unique}-{name}", role) for name in ("ada", "grace")]
    pages = [await person.visit("/customer.html") for person in people]
    for page in pages:
        await expect_unread(page, 0)
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"role:{role}"], "title": "The kiln is hot", "severity": "warning"})
    await asyncio.gather(*(expect_unread(page, 1) for page in pages))
    for page in pages:
        await expect(toast(page, "The kiln is hot")).to_be_visible()
        await expect(card(await open_inbox(page), "The kiln is hot")).to_be_visible()


async def test_read_here_is_read_there(visitors: Visitors, system: System, unique: str) -> None:
    """On another device of the same person the card turns read, and the bell forgets it, in the same moment."""
    here, there = [await (await visitors.add(unique)).visit("/customer.html") for _ in range(2)]
    async with system.publisher() as publisher:
        for title in ("One", "Two"):
            await publisher.send({"to": [f"user:{unique}"], "title": title})
    await expect_unread(there, 2)
    inbox, other = await open_inbox(here), await open_inbox(there)
    await card(inbox, "One").get_by_role("button", name="Mark as read").click()
    await expect_unread(there, 1)
    await expect(unread(other)).to_have_count(1)
    await card(other, "One").get_by_role("button", name="Mark as unread").click()
    await expect_unread(here, 2)
    await card(inbox, "Two").get_by_role("button", name="Archive").click()
    await expect(card(other, "Two")).to_have_count(0)
    await expect_unread(there, 1)


async def test_a_thread_has_one_card_that_changes(visitors: Visitors, system: System, unique: str) -> None:
    """What is resolved takes the place of what was broken, and is unread again for who had read it."""
    page = await (await visitors.add(unique)).visit("/customer.html")
    thread = {"to": [f"user:{unique}"], "thread": unique}
    async with system.publisher() as publisher:
        await publisher.send({**thread, "title": "The kiln is broken", "severity": "critical"})
        await expect_unread(page, 1)
        inbox = await open_inbox(page)
        await card(inbox, "The kiln is broken").get_by_role("button", name="Mark as read").click()
        await expect_unread(page, 0)
        await publisher.send({**thread, "title": "The kiln is mended", "severity": "success"})
    await expect_unread(page, 1)
    await expect(card(inbox, "The kiln is mended")).to_be_visible()
    await expect(cards(inbox).filter(has_text="kiln")).to_have_count(1)
    await expect(unread(inbox)).to_have_count(1)


async def test_what_is_taken_back_is_gone_from_every_screen(visitors: Visitors, system: System, unique: str) -> None:
    """The card, the toast and the count, also of who reads it at that moment."""
    watching, reading = [await (await visitors.add(unique)).visit("/customer.html") for _ in range(2)]
    inbox = await open_inbox(reading)
    alert = {"id": unique, "to": [f"user:{unique}"], "severity": "critical"}  # its toast stays until it is dismissed
    async with system.publisher() as publisher:
        await publisher.send({**alert, "title": "All for one euro"})
        await expect(toast(watching, "All for one euro")).to_be_visible()
        await expect(card(inbox, "All for one euro")).to_be_visible()
        await publisher.send({"id": unique, "to": alert["to"], "retract": True})
    await expect(toast(watching, "All for one euro")).to_have_count(0)
    await expect(card(inbox, "All for one euro")).to_have_count(0)
    await expect_unread(watching, 0)
    await expect_unread(reading, 0)


async def test_a_critical_alert_cannot_be_overlooked(visitors: Visitors, system: System, unique: str) -> None:
    """Its toast says so in words, stays while a mild one goes by itself, and goes when it is dismissed."""
    page = await (await visitors.add(unique)).visit("/customer.html")
    await expect_unread(page, 0)
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "Unplug the lamp", "severity": "critical"})
        await publisher.send({"to": [f"user:{unique}"], "title": "A new catalogue"})
    critical, mild = toast(page, "Unplug the lamp"), toast(page, "A new catalogue")
    await expect(critical).to_be_visible()
    await expect(critical.get_by_role("article", name="Critical: Unplug the lamp")).to_be_visible()
    await expect(mild).to_be_visible()
    await expect(mild).to_have_count(0)
    await expect(critical).to_be_visible()
    await critical.get_by_role("button", name="Dismiss").click()
    await expect(critical).to_have_count(0)
    await expect_unread(page, 2)


async def test_an_alert_with_a_time_comes_at_its_time(visitors: Visitors, system: System, unique: str) -> None:
    """Not before, and then at once."""
    page = await (await visitors.add(unique)).visit("/customer.html")
    await expect_unread(page, 0)
    due = datetime.now(UTC) + timedelta(seconds=4)
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "It is time", "deliverAt": due.isoformat()})
        await publisher.send({"to": [f"user:{unique}"], "title": "At once"})
    inbox = await open_inbox(page)
    await expect(card(inbox, "At once")).to_be_visible()
    await expect(card(inbox, "It is time")).to_have_count(0)
    await expect(card(inbox, "It is time")).to_be_visible()
    assert datetime.now(UTC) >= due


async def test_what_nobody_reads_climbs(visitors: Visitors, system: System, unique: str) -> None:
    """Who is asked next is told, and sees what it is about; unless it was read in time."""
    role = f"duty-{unique}"
    first = await (await visitors.add(unique)).visit("/customer.html")
    second = await (await visitors.add(f"{unique}-duty", role)).visit("/customer.html")
    await expect_unread(second, 0)
    escalate = {"after": "PT3S", "to": [f"role:{role}"]}
    async with system.publisher() as publisher:
        for title in ("A driver waits", "A driver left"):
            await publisher.send({"to": [f"user:{unique}"], "title": title, "escalate": escalate})
    await expect_unread(first, 2)
    inbox = await open_inbox(first)
    await card(inbox, "A driver left").get_by_role("button", name="Mark as read").click()
    await expect_unread(second, 1)
    told = await open_inbox(second)
    await expect(cards(told).filter(has_text="A driver waits")).to_be_visible()
    await expect(cards(told).filter(has_text="A driver left")).to_have_count(0)
