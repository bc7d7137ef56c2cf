"""The ground of the browser tests: the whole system with the web client, and a real Chromium.

A test takes `visitors`, adds people of its own (`unique` names them), and looks at what they see:

    async def test_something(visitors: Visitors, system: System, unique: str) -> None:
        ada = await visitors.add(unique)                      # another role or device: add(unique, "back-office", …)
        page = await ada.visit("/customer.html")              # signs in on the provider's page, once per person
        async with system.publisher() as publisher:
            await publisher.send({"to": [f"user:{unique}"], "title": "Hello"})
        await expect(page.locator("belfry-bell")).to_contain_text("1")

- Playwright's asynchronous interface, in one event loop for all tests of this folder: the browser starts once per
  worker process (`-n 2` has two), and so does the local cloud, on free ports; `system.cloud` has its services, which a
  test that kills one starts again. Each person has a browser context: storage, service worker and tabs of their own.
- `expect(...)` and locators wait by themselves, up to `SECONDS`; nothing sleeps. Elements are found as people find
  them: by role, label and text; through shadow roots, too.
- A page that logs an error or throws one that nobody catches fails its test, even when all else was right. What a test
  brings about itself is allowed by name: `ada.allow("net::ERR_INTERNET_DISCONNECTED")`.
- A test that fails leaves a picture of each tab and a trace of each person in `tests/browser/failures/<test>`;
  `python -m playwright show-trace <file>` plays the trace.
- The web client has to be built (`make web`), and a Chromium to be there (`make setup`, or `CHROMIUM=/path`).
"""

import re
import shutil
import subprocess
import uuid
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from emulators.cloud import SHOP, Cloud, is_built
from tests.browser.visitors import SECONDS, Visitors
from tests.system import System

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_FAILED: Final = pytest.StashKey[bool]()

expect.set_options(timeout=SECONDS * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all tests of this folder, because the browser lives in it."""
    for item in items:
        if item.path.is_relative_to(HERE) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember which test has failed, for the fixture that keeps what there was to see."""
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """The local cloud on free ports, its state in memory, its logs in a folder that a failed run keeps."""
    if not is_built(ROOT):
        pytest.fail("The web client is not built: `make web` builds it.", pytrace=False)
    with Cloud(free_ports=True, logs=tmp_path_factory.mktemp("logs")) as cloud:
        yield cloud


@pytest.fixture
def system(cloud: Cloud) -> System:
    """The whole system."""
    return System(cloud)


@pytest.fixture
def shop(cloud: Cloud) -> str:
    """The web client's address."""
    return cloud.urls[SHOP]


@pytest.fixture
def unique() -> str:
    """A name that no other test uses."""
    return uuid.uuid4().hex[:12]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    found = subprocess.run([ROOT / "scripts/find-browser"], capture_output=True, text=True, check=False)  # noqa: S603  # our own script
    if found.returncode:
        pytest.fail(found.stderr.strip(), pytrace=False)
    return found.stdout.strip()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """A Chromium without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visitors(browser: Browser, shop: str, request: pytest.FixtureRequest) -> AsyncIterator[Visitors]:
    """The people of a test; none of their pages may complain."""
    folder = HERE / "failures" / re.sub(r"[^\w.-]+", "-", request.node.name)
    shutil.rmtree(folder, ignore_errors=True)
    visitors = Visitors(browser, shop)
    yield visitors
    if visitors.complaints or request.node.stash.get(_FAILED, default=False):
        await visitors.keep(folder)
    await visitors.close()
    if visitors.complaints:
        pytest.fail("Pages complained:\n" + "\n".join(visitors.complaints), pytrace=False)
