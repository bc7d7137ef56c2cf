"""A Chromium, and somebody who is signed in to the shop."""

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, BrowserContext, StorageState, async_playwright, expect

from benchmarks.system import System

ROOT: Final = Path(__file__).parents[1]
SECONDS: Final = 60.0
"""How long a page may take, on a machine with much else to do."""
PAGE: Final = "/customer.html"
"""The page of the shop that is looked at: the customer's."""

_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A Chromium without a window.

    Raises:
        CalledProcessError: there is none; the script that looks for one has said how to get it.
    """
    path = _path()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        await browser.close()


async def signed_in(browser: Browser, system: System, user: str) -> StorageState:
    """What the shop keeps about somebody who has signed in, and nothing else: for contexts that are as good as new."""
    context = await _context(browser, None)
    page = await context.new_page()
    await page.goto(system.shop + PAGE)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_text("Someone else").click()
    await page.get_by_label("User id").fill(user)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("button", name="Signed in as")).to_be_visible(timeout=SECONDS * 1000)
    state = await context.storage_state()
    await context.close()
    return state


async def visitor(browser: Browser, state: StorageState) -> BrowserContext:
    """Somebody who is signed in, with a browser that has nothing of the shop yet."""
    return await _context(browser, state)


async def _context(browser: Browser, state: StorageState | None) -> BrowserContext:
    context = await browser.new_context(locale="en-GB", storage_state=state)
    context.set_default_timeout(SECONDS * 1000)
    return context


def _path() -> str:
    found = subprocess.run([ROOT / "scripts/find-browser"], stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  # our own script
    return found.stdout.strip()
