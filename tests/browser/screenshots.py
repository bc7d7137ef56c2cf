"""`python -m tests.browser.screenshots <folder>`: take a picture of every view of the shop: light, dark, on a phone."""

import argparse
import asyncio
import subprocess
import tempfile
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import async_playwright

from emulators.cloud import SHOP, Cloud
from tests.browser.tour import CUSTOMER, OFFICE, PARTS, Tour, View
from tests.browser.visitors import Visitors
from tests.system import System

ROOT: Final = Path(__file__).parents[2]
DESK: Final = (1280, 800)
PHONE: Final = (390, 844)
LOOKS: Final[tuple[tuple[str, tuple[int, int], Literal["light", "dark"]], ...]] = (
    ("light", DESK, "light"),
    ("dark", DESK, "dark"),
    ("phone", PHONE, "light"),
    ("phone-dark", PHONE, "dark"),
)


def main() -> None:
    """Take all pictures, on a cloud of their own."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        with tempfile.TemporaryDirectory() as logs, Cloud(free_ports=True, logs=Path(logs)) as cloud:
            asyncio.run(_take(part, cloud, folder))


async def _take(part: str, cloud: Cloud, folder: Path) -> None:
    chromium = await asyncio.to_thread(subprocess.check_output, [ROOT / "scripts/find-browser"], text=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium.strip(), args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        )
        visitors = Visitors(browser, cloud.urls[SHOP])
        async for view in PARTS[part](Tour(visitors, System(cloud), CUSTOMER, OFFICE)):
            await _picture(view, folder)
        await visitors.close()
        await browser.close()


async def _picture(view: View, folder: Path) -> None:
    await view.page.evaluate("scrollTo(0, 0)")
    for look, (width, height), scheme in LOOKS:
        await view.page.set_viewport_size({"width": width, "height": height})
        await view.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await view.page.screenshot(path=folder / f"{view.name}-{look}.png")
    await view.page.set_viewport_size({"width": DESK[0], "height": DESK[1]})


if __name__ == "__main__":
    main()
