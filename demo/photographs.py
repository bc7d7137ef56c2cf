"""Photographs of the shop for the README: its stage and its inbox, in a browser without a window, light and dark."""

import base64
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import BrowserContext, FrameLocator, Page, ViewportSize, async_playwright, expect

from belfry import Alert, Severity
from belfry.aio import AlertPublisher
from demo.connecting import Addresses
from demo.people import IN_BROWSERS
from demo.shop import EVERYONE, rounds
from shared.alert import Push

ROOMY: Final[ViewportSize] = {"width": 1360, "height": 800}
NARROW: Final[ViewportSize] = {"width": 420, "height": 560}
SECONDS: Final = 20.0
"""How long anything may take to be seen."""
SCALE: Final = 2
"""Pixels of a photograph for one of the page."""
QUALITY: Final = 82
"""Of WebP, in percent: text stays sharp, and a photograph is a tenth of its size as PNG."""
_BEFORE: Final = 24
"""Steps of the story that were told before somebody opens the shop."""
_SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


async def photograph(addresses: Addresses, shop: str, folder: Path) -> None:
    """Open the stage, let something happen, and keep what there is to see.

    Args:
        addresses: of a running system in which nothing has happened yet.
        shop: its web client's address.
        folder: takes `stage-light.webp` and so on.
    """
    expect.set_options(timeout=SECONDS * 1000)
    async with _browser() as context, AlertPublisher(addresses.service_bus) as publisher:
        for step in islice(chain.from_iterable(rounds(run="photograph", seed=0)), _BEFORE):
            await publisher.send(step.alert)
        page = await _open_stage(context, shop)
        customer, office = (page.frame_locator(f'iframe[title^="{name}"]') for name in ("Customer", "Back office"))
        await _ring(page, publisher)
        await _order(page, customer, office)
        await _keep(page, folder, "stage")
        alone = await context.new_page()
        await alone.set_viewport_size(NARROW)
        await alone.goto(f"{shop}/customer.html")
        await alone.get_by_role("button", name="Notifications,").click()
        await expect(alone.locator("belfry-inbox").get_by_text("Your order").first).to_be_visible()
        await _keep(alone, folder, "inbox")


@asynccontextmanager
async def _browser() -> AsyncIterator[BrowserContext]:
    found = subprocess.run(["scripts/find-browser"], capture_output=True, text=True, check=True)  # noqa: ASYNC221, S607  # our own script, before anything else
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=found.stdout.strip(), args=("--no-sandbox", "--disable-gpu")
        )
        context = await browser.new_context(viewport=ROOMY, locale="en-GB", reduced_motion="reduce")
        context.set_default_timeout(SECONDS * 1000)
        yield context
        await browser.close()


async def _open_stage(context: BrowserContext, shop: str) -> Page:
    """Both sign in: as those whom the provider's page suggests."""
    page = await context.new_page()
    await page.goto(shop)
    await page.get_by_role("button", name="Sign in both").click()
    await page.get_by_role("button", name="Ada Lindqvist").click()
    async with page.expect_response("**/api/devices/phone-of-*"):  # from then on the phone can ring
        await page.get_by_role("button", name="Priya Raman").click()
    return page


async def _ring(page: Page, publisher: AlertPublisher) -> None:
    """The phone rings twice, for everyone's news and for what is pushed in any case."""
    await publisher.send(
        Alert(to=(EVERYONE,), title="Free delivery until Sunday", body="On everything.", category="news", url="/news")
    )
    await publisher.send(
        Alert(
            to=(f"user:{IN_BROWSERS}",),
            title="Your driver is ten minutes away",
            body="With one brass clock.",
            severity=Severity.WARNING,
            category="delivery",
            push=Push.ALWAYS,
        )
    )
    await expect(page.locator("shop-phone .notification")).to_have_count(2)


async def _order(page: Page, customer: FrameLocator, office: FrameLocator) -> None:
    """Two orders: one is packed, and the customer has just been told; the other is on the counter."""
    for product in ("desk chair", "tea table"):
        await customer.get_by_role("button", name=f"Order the {product}").click()
        await expect(office.get_by_text(product.capitalize(), exact=True)).to_be_visible()
    await page.mouse.move(0, 0)  # what one points at stays
    toasts = [frame.locator("belfry-toast") for frame in (customer, office)]
    for each in toasts:
        await expect(each.get_by_text("tea table").first).to_be_visible()
    for each in toasts:
        await expect(each).to_have_count(0)  # they have been read by now
    await office.get_by_role("button", name="Pack").last.click()
    await customer.locator(":root").evaluate("() => scrollTo(0, 0)")
    await expect(customer.locator("belfry-toast").get_by_text("is packed")).to_be_visible()


async def _keep(page: Page, folder: Path, name: str) -> None:
    """What there is to see, in both colour schemes."""
    devtools = await page.context.new_cdp_session(page)
    clip = {"x": 0, "y": 0, **(page.viewport_size or {}), "scale": SCALE}
    for scheme in _SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        picture = await devtools.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY, "clip": clip})
        (folder / f"{name}-{scheme}.webp").write_bytes(base64.b64decode(picture["data"]))
