from playwright.async_api import Page, WebSocket, expect

from tests.browser.views import card, cards, expect_unread, open_inbox, toast
from tests.browser.visitors import Visitor, Visitors
from tests.system import System


async def test_tabs_share_one_connection_and_lose_nothing_when_it_moves(
    visitors: Visitors, system: System, unique: str
) -> None:
    """However many there are, one has it; when that one is closed, another has it, and no alert is missing."""
    person = await visitors.add(unique)
    sockets = _sockets(person)
    tabs = [await person.visit("/customer.html") for _ in range(3)]
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "To all tabs"})
        for tab in tabs:
            await expect_unread(tab, 1)
        [(leader, _)] = sockets
        others = [tab for tab in tabs if tab is not leader]
        await publisher.send_many([{"to": [f"user:{unique}"], "title": f"Just then {number}"} for number in range(10)])
        await leader.close()
        await publisher.send_many([{"to": [f"user:{unique}"], "title": f"And then {number}"} for number in range(10)])
        for tab in others:
            await expect_unread(tab, 21)
        await publisher.send({"to": [f"user:{unique}"], "title": "Live again", "severity": "critical"})
    for tab in others:
        await expect_unread(tab, 22)
        await expect(toast(tab, "Live again")).to_be_visible()
        await tab.bring_to_front()
        await expect(cards(await open_inbox(tab)).first).to_contain_text("Live again")
    still = [socket for page, socket in sockets if page is not leader]
    assert len(still) == 1
    assert not still[0].is_closed()


async def test_a_mark_of_one_tab_is_seen_in_the_others(visitors: Visitors, system: System, unique: str) -> None:
    """At once, also while none of them has a network."""
    person = await visitors.add(unique)
    person.allow("ERR_INTERNET_DISCONNECTED|WebSocket")
    one, other = [await person.visit("/customer.html") for _ in range(2)]
    async with system.publisher() as publisher:
        for title in ("First", "Second"):
            await publisher.send({"to": [f"user:{unique}"], "title": title})
    await expect_unread(one, 2)
    await expect_unread(other, 2)
    await person.context.set_offline(True)
    await one.bring_to_front()
    await card(await open_inbox(one), "First").get_by_role("button", name="Mark as read").click()
    await expect_unread(other, 1)


async def test_a_tab_that_is_opened_later_knows_what_the_others_know(
    visitors: Visitors, system: System, unique: str
) -> None:
    """It shows the cards without a connection of its own, and hears of the next alert like the others."""
    person = await visitors.add(unique)
    sockets = _sockets(person)
    first = await person.visit("/customer.html")
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "Earlier"})
        await expect_unread(first, 1)
        second = await person.visit("/customer.html")
        await expect_unread(second, 1)
        await publisher.send({"to": [f"user:{unique}"], "title": "Later"})
        await expect_unread(second, 2)
    await expect_unread(first, 2)
    assert [page for page, _ in sockets] == [first]


def _sockets(person: Visitor) -> list[tuple[Page, WebSocket]]:
    """The live connections that a person's tabs open from now on, with the tab."""
    found: list[tuple[Page, WebSocket]] = []

    def opened(page: Page) -> None:
        page.on("websocket", lambda socket: found.append((page, socket)))

    person.context.on("page", opened)
    return found
