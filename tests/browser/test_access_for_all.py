import re
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from playwright.async_api import Frame, Page, expect

from tests.browser.tour import CUSTOMER, OFFICE, PARTS, Tour
from tests.browser.views import bell, card, cards, expect_unread, open_inbox, toast
from tests.browser.visitors import Visitors
from tests.system import System

AXE: Final = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
WIDTHS: Final = (320, 375, 600, 768, 1024, 1280, 1920)
HEIGHT: Final = 800
MOST_TABS: Final = 40
RUN: Final = """async () => {
    const { violations } = await axe.run(document, { iframes: false });
    return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => [id, target.flat().join(" "), failureSummary].join(": ")));
}"""
FOCUSED: Final = """() => {
    let focused = document.activeElement;
    while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
    return focused?.ariaLabel || focused?.innerText || "";
}"""
"""The name of what has the focus."""
TOO_WIDE: Final = """() => {
    if (document.documentElement.scrollWidth <= innerWidth) return [];
    const reach = (each) => each.getBoundingClientRect().right > innerWidth + 1;
    return ["the page", ...[...document.querySelectorAll("body *")].filter(reach).map((each) => each.localName)];
}"""


@pytest.mark.parametrize("part", PARTS)
async def test_every_view_can_be_used_by_everyone_at_every_width(part: str, visitors: Visitors, system: System) -> None:
    """Light and dark, axe finds nothing; from a small phone to a wide screen, nothing has to be scrolled sideways."""
    found: dict[str, Any] = {}
    async for view in PARTS[part](Tour(visitors, system, CUSTOMER, OFFICE)):
        for scheme in SCHEMES:
            await view.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for number, frame in enumerate(_frames(view.page)):
                if violations := await _violations(frame):
                    found[f"{view.name}, {scheme}, frame {number}"] = violations
        size = view.page.viewport_size
        assert size
        for width in WIDTHS:
            await view.page.set_viewport_size({"width": width, "height": HEIGHT})
            for number, frame in enumerate(_frames(view.page)):
                if too_wide := await frame.evaluate(TOO_WIDE):
                    found[f"{view.name}, {width} px, frame {number}"] = too_wide
        await view.page.set_viewport_size(size)
    assert found == {}


async def test_the_whole_way_through_the_shop_takes_no_mouse(visitors: Visitors, system: System, unique: str) -> None:
    """Sign in, go to a toast and dismiss it, look at what is unread, follow a card, sign out: by the keyboard alone."""
    person = await visitors.add(unique)
    page = await person.open("/customer.html")
    await expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    await _tab_to(page, "^Sign in$")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/authorize"))
    await person.pick(page)  # the provider's page is no part of the shop
    await expect_unread(page, 0)
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "Unplug the lamp", "severity": "critical"})
        await expect(toast(page, "Unplug the lamp")).to_be_visible()
        await page.keyboard.press("F6")
        await expect(toast(page, "Unplug the lamp").get_by_role("article")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(toast(page, "Unplug the lamp")).to_have_count(0)
        await publisher.send({"to": [f"user:{unique}"], "title": "On its way", "url": "/orders"})
    await expect_unread(page, 2)

    await _tab_to(page, "^Notifications, 2 unread")
    await page.keyboard.press("Enter")
    inbox = page.locator("belfry-bell belfry-inbox")
    await expect(cards(inbox)).to_have_count(2)
    await _tab_to(page, "^Unread")
    await page.keyboard.press("Space")
    await page.keyboard.press("j")
    await expect(card(inbox, "On its way")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Your orders")).to_be_visible()
    await expect_unread(page, 1)

    await _tab_to(page, "^Signed in as")
    await page.keyboard.press("Enter")
    await _tab_to(page, "^Sign out$")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Sign in both")).to_be_visible()


async def test_an_inbox_is_worked_through_by_the_keyboard_alone(
    visitors: Visitors, system: System, unique: str
) -> None:
    """To the next card, read, archived, taken back; and after Escape the focus is where it came from."""
    page = await (await visitors.add(unique)).visit("/customer.html")
    async with system.publisher() as publisher:
        for title in ("First", "Second", "Third"):
            await publisher.send({"to": [f"user:{unique}"], "title": title})
    await expect_unread(page, 3)
    await _tab_to(page, "^Notifications, 3 unread")
    await page.keyboard.press("Enter")
    inbox = page.locator("belfry-bell belfry-inbox")
    await expect(cards(inbox)).to_have_count(3)
    await page.keyboard.press("j")
    await expect(card(inbox, "Third")).to_be_focused()
    await page.keyboard.press("u")
    await expect_unread(page, 2)
    await page.keyboard.press("j")
    await expect(card(inbox, "Second")).to_be_focused()
    await page.keyboard.press("e")
    await expect(card(inbox, "Second")).to_have_count(0)
    await expect(card(inbox, "First")).to_be_focused()
    await page.keyboard.press("z")
    await expect(card(inbox, "Second")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(inbox).to_be_hidden()
    await expect(bell(page)).to_be_focused()


async def test_who_sees_little_is_told(visitors: Visitors, system: System, unique: str) -> None:
    """A screen reader hears of each alert once, and of a critical one at once."""
    page = await (await visitors.add(unique)).visit("/customer.html")
    await expect_unread(page, 0)
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "A new catalogue"})
        await expect(page.get_by_role("status").filter(has_text="New notification: A new catalogue")).to_have_count(1)
        await publisher.send({"to": [f"user:{unique}"], "title": "Unplug the lamp", "severity": "critical"})
        await expect(page.get_by_role("alert").filter(has_text="Critical: Unplug the lamp")).to_have_count(1)
    inbox = await open_inbox(page)
    await expect(inbox.get_by_role("article", name="Unread. Critical: Unplug the lamp")).to_be_visible()


async def _violations(frame: Frame) -> list[str]:
    await frame.evaluate(AXE.read_text())
    violations: list[str] = await frame.evaluate(RUN)
    return violations


def _frames(page: Page) -> list[Frame]:
    return [frame for frame in page.frames if frame.url.startswith("http")]


async def _tab_to(page: Page, name: str) -> None:
    """Press Tab until something of this name has the focus.

    Args:
        page: where.
        name: a pattern.
    """
    passed = []
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        passed.append((await page.evaluate(FOCUSED)).strip())
        if re.search(name, passed[-1]):
            return
    raise AssertionError(f"{name} cannot be reached by the Tab key, but {passed}")
