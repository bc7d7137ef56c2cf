import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web
from playwright.async_api import expect

from emulators.children import Child
from tests.browser.views import card, expect_unread, open_inbox
from tests.browser.visitors import Visitors
from tests.system import System

ROOT: Final = Path(__file__).parents[2]
MOST_LINES: Final = 20


async def test_a_page_of_twenty_lines_has_the_bell(
    visitors: Visitors, system: System, shop: str, unique: str, tmp_path: Path
) -> None:
    """In an app of another origin, without a build step: it counts, opens, shows what comes, and marks it."""
    text = (ROOT / "docs/embed.html").read_text()
    assert len(text.splitlines()) < MOST_LINES
    page = await (await visitors.add(unique)).context.new_page()
    async with _other_app() as (origin, pages):
        with _host_that_allows(origin, system, tmp_path / "settings.json") as host:
            here = {
                "http://localhost:4280": shop,
                "http://localhost:8091": system.settings["AUTH_ISSUER"],
                "http://localhost:7071": host.url,
                '"ada"': f'"{unique}"',
            }
            pages["/app.html"] = re.sub("|".join(map(re.escape, here)), lambda found: here[found[0]], text)
            await page.goto(f"{origin}/app.html")
            await expect_unread(page, 0)
            async with system.publisher() as publisher:
                await publisher.send({"to": [f"user:{unique}"], "title": "Good morning, neighbour"})
            await expect_unread(page, 1)
            inbox = await open_inbox(page)
            await card(inbox, "Good morning, neighbour").get_by_role("button", name="Mark as read").click()
            await expect_unread(page, 0)
            await expect(inbox).to_be_visible()
            await page.close()


@asynccontextmanager
async def _other_app() -> AsyncIterator[tuple[str, dict[str, str]]]:
    """A site of its own origin: the origin, and its pages, which may still be added to."""
    pages = {"/favicon.ico": ""}

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=pages[request.path], content_type="text/html")

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://localhost:{runner.addresses[0][1]}", pages
    finally:
        await runner.cleanup()


def _host_that_allows(origin: str, system: System, settings: Path) -> Child:
    """A Functions host of the system that lets pages of another origin ask it."""
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())
    settings.write_text(json.dumps({**sample, "Host": {"CORS": origin}}))
    arguments = ["--port", "0", "--ephemeral", "--app", str(ROOT), "--settings", str(settings)]
    return Child("emulators.functions_host", arguments, environment=system.settings, log=settings.with_suffix(".log"))
