"""What people see of Belfry on a page, found as they find it: by role, label and text."""

import re

from playwright.async_api import Locator, Page, expect


def bell(page: Page) -> Locator:
    """The button that opens the inbox."""
    return page.locator("belfry-bell .bell")


async def expect_unread(page: Page, count: int) -> None:
    """Wait until the bell counts so many."""
    name = "Notifications, none unread" if count == 0 else f"Notifications, {count} unread"
    await expect(bell(page)).to_have_accessible_name(re.compile(rf"^{name}(, offline)?$"))


async def open_inbox(page: Page) -> Locator:
    """Click the bell, and wait for the inbox."""
    await bell(page).click()
    found = page.locator("belfry-bell belfry-inbox")
    await expect(found.get_by_role("heading", name="Notifications")).to_be_visible()
    return found


def cards(inbox: Locator) -> Locator:
    """All cards of an inbox that are in the document, newest first."""
    return inbox.get_by_role("article")


def card(inbox: Locator, title: str) -> Locator:
    """The card with a title."""
    return cards(inbox).filter(has=inbox.page.get_by_role("heading", name=title))


def unread(inbox: Locator) -> Locator:
    """The cards that are not read yet."""
    return inbox.get_by_role("article", name=re.compile(r"^Unread\."))


def toast(page: Page, title: str) -> Locator:
    """The toast of an alert."""
    return page.locator("belfry-toasts belfry-toast").filter(has_text=title)


def switch(page: Page) -> Locator:
    """The shop's switch that leaves Belfry and comes back."""
    return page.get_by_role("switch", name="Online")
