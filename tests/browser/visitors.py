"""People in front of a browser: each with storage of their own, signed in on the provider's own page."""

import re
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, WebError, expect

SECONDS: Final = 20.0
"""How long a page may take for what should take milliseconds."""


class Visitor:
    """A person, and their tabs.

    Args:
        context: their part of the browser.
        shop: the web client's address.
        user: their user id.
        roles: what their tokens say they are.
    """

    def __init__(self, context: BrowserContext, shop: str, user: str, roles: tuple[str, ...]) -> None:
        self.context = context
        self.user = user
        self.complaints: list[str] = []
        """Uncaught errors and console errors of all their tabs, but for those that are allowed."""
        self._shop = shop
        self._roles = roles
        self._allowed: list[re.Pattern[str]] = []
        context.set_default_timeout(SECONDS * 1000)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)

    def allow(self, pattern: str) -> None:
        """Expect console errors that match from now on: of a connection that the test cuts, for instance."""
        self._allowed.append(re.compile(pattern))

    async def open(self, path: str) -> Page:
        """A new tab with a page of the shop."""
        page = await self.context.new_page()
        await page.goto(self._shop + path)
        return page

    async def visit(self, path: str) -> Page:
        """A new tab with a page of the shop, signed in if they were not before."""
        page = await self.open(path)
        inside = page.get_by_role("button", name="Signed in as")
        door = page.get_by_role("button", name="Sign in", exact=True)
        await expect(inside.or_(door)).to_be_visible()
        if await door.is_visible():
            await door.click()
            await self.pick(page)
            await expect(inside).to_be_visible()
        return page

    async def pick(self, page: Page, user: str | None = None, *roles: str) -> None:
        """Say on the provider's page who signs in: this person, or somebody else with these roles."""
        await page.get_by_text("Someone else").click()
        await page.get_by_label("User id").fill(user or self.user)
        await page.get_by_label("Roles").fill(",".join(roles if user else self._roles))
        async with page.expect_navigation():
            await page.get_by_role("button", name="Sign in", exact=True).click()

    async def keep(self, folder: Path) -> None:
        """Keep what there is to see: a picture of each tab, and a trace (`playwright show-trace <file>`)."""
        for number, page in enumerate(self.context.pages, 1):
            await page.screenshot(path=folder / f"{self.user}-{number}.png", full_page=True)
        await self.context.tracing.stop(path=folder / f"{self.user}.zip")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complain(f"{message.text} ({message.location.get('url', '')})")

    def _on_error(self, error: WebError) -> None:
        self._complain(str(error.error))

    def _complain(self, text: str) -> None:
        if not any(pattern.search(text) for pattern in self._allowed):
            self.complaints.append(f"{self.user}: {text}")


class Visitors:
    """All who take part in one test.

    Args:
        browser: the one browser.
        shop: the web client's address.
    """

    def __init__(self, browser: Browser, shop: str) -> None:
        self._browser = browser
        self._shop = shop
        self._all: list[Visitor] = []

    async def add(self, user: str, *roles: str, **options: Any) -> Visitor:
        """One more person.

        Args:
            user: their user id; each test has people of its own.
            roles: what their tokens say they are.
            options: of Playwright's `new_context`: viewport, colour scheme, permissions, …
        """
        context = await self._browser.new_context(**{"locale": "en-GB", **options})
        await context.tracing.start(screenshots=True, snapshots=True, sources=True)
        visitor = Visitor(context, self._shop, user, roles)
        self._all.append(visitor)
        return visitor

    @property
    def complaints(self) -> list[str]:
        """What pages complained of, everyone's."""
        return [complaint for visitor in self._all for complaint in visitor.complaints]

    async def keep(self, folder: Path) -> None:
        """Keep what there is to see of everyone."""
        for visitor in self._all:
            await visitor.keep(folder)

    async def close(self) -> None:
        """Close all tabs."""
        for visitor in self._all:
            await visitor.context.close()
