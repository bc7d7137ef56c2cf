import re

from playwright.async_api import expect

from tests.browser.views import card, cards, expect_unread, open_inbox, unread
from tests.browser.visitors import Visitors
from tests.system import System, eventually


async def test_what_was_put_away_can_be_taken_back(visitors: Visitors, system: System, unique: str) -> None:
    """Archived, the card is gone; undone, it is back where it was, here and on the server."""
    page = await (await visitors.add(unique)).visit("/customer.html")
    async with system.publisher() as publisher:
        for title in ("First", "Second", "Third"):
            await publisher.send({"to": [f"user:{unique}"], "title": title})
    await expect_unread(page, 3)
    inbox = await open_inbox(page)
    await card(inbox, "Second").get_by_role("button", name="Archive").click()
    await expect(card(inbox, "Second")).to_have_count(0)
    await expect_unread(page, 2)
    await inbox.get_by_role("button", name="Undo").click()
    await expect(cards(inbox).get_by_role("heading")).to_have_text(["Third", "Second", "First"])
    await expect_unread(page, 3)
    assert not any(each["archived"] for each in await system.history(unique))


async def test_all_are_read_at_once(visitors: Visitors, system: System, unique: str) -> None:
    """One click for everything that was there, on the server too; what comes after it is unread."""
    page = await (await visitors.add(unique)).visit("/customer.html")
    async with system.publisher() as publisher:
        await publisher.send_many([{"to": [f"user:{unique}"], "title": f"Number {number}"} for number in range(30)])
        await expect_unread(page, 30)
        inbox = await open_inbox(page)
        await inbox.get_by_role("button", name="Mark all as read").click()
        await expect_unread(page, 0)
        await expect(unread(inbox)).to_have_count(0)

        async def stored() -> bool:
            return all(each["read"] for each in await system.history(unique))

        await eventually(stored)
        await publisher.send({"to": [f"user:{unique}"], "title": "After that"})
    await expect_unread(page, 1)


async def test_only_what_is_unread_is_shown_to_who_asks_for_it(visitors: Visitors, system: System, unique: str) -> None:
    """And only what is critical, or of a category; with nothing left the inbox says so, and leads back."""
    page = await (await visitors.add(unique)).visit("/customer.html")
    to = [f"user:{unique}"]
    async with system.publisher() as publisher:
        await publisher.send({"to": to, "title": "Burns", "severity": "critical", "category": "safety"})
        await publisher.send({"to": to, "title": "Ships", "category": "delivery"})
    await expect_unread(page, 2)
    inbox = await open_inbox(page)
    await card(inbox, "Ships").get_by_role("button", name="Mark as read").click()
    await inbox.get_by_role("button", name=re.compile(r"^Unread")).click()
    await expect(cards(inbox).get_by_role("heading")).to_have_text(["Burns"])
    await inbox.get_by_role("button", name="All", exact=True).click()
    await expect(cards(inbox)).to_have_count(2)
    await inbox.get_by_role("button", name="Filter", exact=True).click()
    await inbox.get_by_text("Success", exact=True).click()
    await expect(inbox.get_by_text("Nothing matches")).to_be_visible()
    await inbox.get_by_role("button", name="Clear filters").last.click()
    await expect(cards(inbox)).to_have_count(2)


async def test_a_long_history_is_read_to_its_end(visitors: Visitors, system: System, unique: str) -> None:
    """Scrolling down brings older cards by itself, each once, while new ones come above."""
    async with system.publisher() as publisher:
        await publisher.send_many([{"to": [f"user:{unique}"], "title": f"Card {number}"} for number in range(120)])

        async def there() -> bool:
            return len(await system.history(unique)) == 120

        await eventually(there)
        page = await (await visitors.add(unique)).visit("/customer.html")
        inbox = await open_inbox(page)
        await expect(card(inbox, "Card 119")).to_be_visible()
        seen: set[str] = set()

        async def reached() -> bool:
            seen.update(await cards(inbox).get_by_role("heading").all_inner_texts())
            await page.locator("belfry-feed").evaluate("(feed) => feed.scrollBy(0, feed.clientHeight)")
            return "Card 0" in seen

        await reached()
        await publisher.send({"to": [f"user:{unique}"], "title": "New meanwhile"})
        fresh = inbox.get_by_role("button", name="1 new")
        await expect(fresh).to_be_visible()
        await eventually(reached)
    assert {f"Card {number}" for number in range(120)} ^ seen == set()
    await fresh.click()
    await expect(card(inbox, "New meanwhile")).to_be_visible()


async def test_a_card_leads_where_it_says(visitors: Visitors, system: System, unique: str) -> None:
    """Within the shop without loading it anew, by the card and by its buttons; and is read then."""
    page = await (await visitors.add(unique)).visit("/customer.html")
    actions = [{"id": "news", "title": "See the news", "url": "/news"}]
    async with system.publisher() as publisher:
        alert = {"to": [f"user:{unique}"], "title": "On its way", "url": "/orders/1001", "actions": actions}
        await publisher.send(alert)
    await expect_unread(page, 1)
    await page.evaluate("window.stayed = true")
    await card(await open_inbox(page), "On its way").get_by_role("link", name="On its way").click()
    await expect(page.get_by_role("heading", name="Your orders")).to_be_visible()
    assert page.url.endswith("/orders/1001")
    await expect_unread(page, 0)
    await card(await open_inbox(page), "On its way").get_by_role("link", name="See the news").click()
    await expect(page.get_by_role("heading", name="News", exact=True)).to_be_visible()
    assert await page.evaluate("window.stayed")
