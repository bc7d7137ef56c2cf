import re
from collections import Counter
from typing import Final

from playwright.async_api import Page, Request, expect

from tests.browser.views import bell, card, cards, expect_unread, open_inbox, switch, unread
from tests.browser.visitors import Visitor, Visitors
from tests.system import System, eventually

CUT: Final = "ERR_INTERNET_DISCONNECTED|ERR_FAILED|ERR_NAME_NOT_RESOLVED|WebSocket"
SHELL_IS_KEPT: Final = """() => navigator.serviceWorker.ready.then(async () => {
    const wanted = performance.getEntriesByType("resource").map(({ name }) => name);
    const kept = await caches.keys().then((names) => Promise.all(names.map(async (name) =>
        (await (await caches.open(name)).keys()).map(({ url }) => url))));
    const assets = wanted.filter((url) => url.includes("/assets/"));
    return assets.length > 0 && assets.every((url) => kept.flat().includes(url));
})"""
"""Whether the service worker has all that the page was made of."""


async def test_a_tunnel_leaves_no_hole(visitors: Visitors, system: System, unique: str) -> None:
    """What came meanwhile is there, what was marked meanwhile is sent once, and until then the page says so."""
    person = await visitors.add(unique)
    page = await person.visit("/customer.html")
    to = [f"user:{unique}"]
    async with system.publisher() as publisher:
        for title in ("Before one", "Before two"):
            await publisher.send({"to": to, "title": title})
        await expect_unread(page, 2)
        inbox = await open_inbox(page)
        sent = _marks_of(person)
        await _cut_off(person, page)
        await card(inbox, "Before one").get_by_role("button", name="Mark as read").click()
        await card(inbox, "Before two").get_by_role("button", name="Archive").click()
        await expect_unread(page, 0)
        await expect(inbox.get_by_text("2 changes will be sent.")).to_be_visible()
        await publisher.send_many([{"to": to, "title": f"Meanwhile {number}"} for number in range(25)])

        async def stored() -> bool:
            return len(await system.history(unique)) == 27

        await eventually(stored)
        assert not sent
        await person.context.set_offline(False)
        await expect_unread(page, 25)
        await publisher.send({"to": to, "title": "Afterwards"})
    await expect_unread(page, 26)
    await expect(bell(page)).not_to_have_accessible_name(re.compile("offline"))
    marked = [each for each in await system.history(unique) if each["read"] or each["archived"]]
    assert {each["title"] for each in marked} <= {"Before one", "Before two"}
    assert Counter(sent.values()).most_common() == [(1, 2)]


async def test_who_leaves_by_the_switch_comes_back_to_everything(
    visitors: Visitors, system: System, unique: str
) -> None:
    """Offline of one's own will: nothing comes, marks wait and are counted; back again all is as it is."""
    person = await visitors.add(unique)
    page = await person.visit("/customer.html")
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "Before"})
        await expect_unread(page, 1)
        await switch(page).click()
        await expect(page.get_by_text("You are offline.")).to_be_visible()
        await publisher.send({"to": [f"user:{unique}"], "title": "Meanwhile"})

        async def stored() -> bool:
            return len(await system.history(unique)) == 2

        await eventually(stored)
    inbox = await open_inbox(page)
    await expect(cards(inbox)).to_have_count(1)
    await card(inbox, "Before").get_by_role("button", name="Mark as read").click()
    await expect(page.get_by_text("One change waits to be sent.")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Go online").click()
    await expect_unread(page, 1)
    inbox = await open_inbox(page)
    await expect(cards(inbox).get_by_role("heading")).to_have_text(["Meanwhile", "Before"])
    await expect(unread(inbox)).to_have_count(1)


async def test_the_inbox_opens_without_a_network(visitors: Visitors, system: System, unique: str) -> None:
    """The shop and all cards come from this device; a mark said then survives another reload, and is sent later."""
    person = await visitors.add(unique)
    person.allow(CUT)
    page = await person.visit("/customer.html")
    async with system.publisher() as publisher:
        await publisher.send_many([{"to": [f"user:{unique}"], "title": f"Kept {number}"} for number in range(5)])
    await expect_unread(page, 5)

    async def kept() -> bool:
        return bool(await page.evaluate(SHELL_IS_KEPT))

    await eventually(kept)
    await page.reload()
    await expect_unread(page, 5)
    await person.context.set_offline(True)
    await page.reload()
    await expect_unread(page, 5)
    inbox = await open_inbox(page)
    await expect(cards(inbox)).to_have_count(5)
    await expect(inbox.get_by_role("status")).to_contain_text(re.compile("You are offline|No connection"))
    await card(inbox, "Kept 3").get_by_role("button", name="Mark as read").click()
    await expect_unread(page, 4)
    await page.reload()
    await expect_unread(page, 4)
    await page.goto(page.url.replace("/customer.html", "/orders/1001"))
    await expect_unread(page, 4)
    await person.context.set_offline(False)

    async def sent() -> bool:
        return [each["title"] for each in await system.history(unique) if each["read"]] == ["Kept 3"]

    await eventually(sent)


async def _cut_off(person: Visitor, page: Page) -> None:
    """Take the network from a person: what they have open is cut, too."""
    person.allow(CUT)
    await person.context.set_offline(True)
    await expect(bell(page)).to_have_accessible_name(re.compile("offline"), timeout=60_000)


def _marks_of(person: Visitor) -> Counter[str]:
    """How often each mark was sent from now on, and taken by the server."""
    sent: Counter[str] = Counter()

    def finished(request: Request) -> None:
        if request.method == "PATCH":
            sent[request.url] += 1

    person.context.on("requestfinished", finished)
    return sent
