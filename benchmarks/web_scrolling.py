"""Whether the inbox stays smooth, and its memory even, with thousands of cards in it and more arriving all the time."""

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import batched, count
from typing import Final

from playwright.async_api import Browser, CDPSession, Page

from belfry import Alert
from benchmarks.figures import Figure
from benchmarks.filling import BODY
from benchmarks.system import System
from benchmarks.web_browser import PAGE, chromium, signed_in, visitor
from benchmarks.web_heap import Sample, bytes_each, since_let_go, slope, slope_beside_cards
from benchmarks.web_tasks import CATEGORIES, LONG, long, tasks_of

CARDS: Final = 5_000
ARRIVALS_A_SECOND: Final = 50
TRACED_SECONDS: Final = 15.0
SAMPLE_SECONDS: Final = 10.0
MINUTES: Final = 2.0
"""For how long the heap is watched, unless told otherwise."""
TITLE: Final = (
    f"Web client: scrolling through {CARDS:,} cards while {ARRIVALS_A_SECOND} a second arrive, through the whole system"
)

_ENOUGH: Final = 6
"""Samples from which a slope says something."""
_AT_ONCE: Final = 250
"""Alerts in one call of the publisher."""
_LOAD_SECONDS: Final = 300.0

FEED: Final = """
  const bell = document.querySelector("belfry-bell");
  const list = bell.belfry.list({});
  const feed = bell.shadowRoot.querySelector("belfry-inbox").shadowRoot.querySelector("belfry-feed");
"""
"""Where the cards are, for the functions below."""
LOAD: Final = f"""async (cards) => {{
  {FEED}
  while (list.cards.length < cards) {{
    feed.scrollTop = feed.scrollHeight;
    await new Promise(requestAnimationFrame);
  }}
}}"""
"""Scrolls to the end, again and again, until all pages of the history are there."""
SCROLL: Final = f"""() => {{
  {FEED}
  let way = 120;
  const on = () => {{
    const end = feed.scrollHeight - feed.clientHeight;
    if (feed.scrollTop <= 0) way = 120;
    if (feed.scrollTop >= end - 1) way = -120;
    feed.scrollTop += way;
    window.painted += 1;
    requestAnimationFrame(on);
  }};
  window.painted = 0;
  feed.scrollTop = 1;
  on();
  window.arrived = 0;
  bell.belfry.onArrival(() => (window.arrived += 1));
}}"""
"""Scrolls from now on: to the end and back, 120 pixels in a frame. Counts frames, and what arrives."""
HELD: Final = f"""() => {{
  {FEED}
  return list.cards.length;
}}"""


async def scrolling(system: System, minutes: float = MINUTES) -> list[Figure]:
    """Fill the inbox of somebody, load all of it page by page, and scroll.

    Args:
        system: where.
        minutes: for how long the heap is watched.
    """
    user = f"bench-{uuid.uuid4().hex[:8]}"
    for some in batched(range(CARDS), _AT_ONCE, strict=False):
        await system.publisher.send_many([_alert(user, number) for number in some])
    await system.drained()
    async with chromium() as browser:
        context = await visitor(browser, await signed_in(browser, system, user))
        page = await context.new_page()
        await page.goto(system.shop + PAGE)
        await page.get_by_role("button", name="Notifications").click()
        await page.locator("belfry-feed belfry-card").first.wait_for()
        began = time.perf_counter()
        async with asyncio.timeout(_LOAD_SECONDS):
            await page.evaluate(LOAD, CARDS)
        loaded = time.perf_counter() - began
        await page.evaluate(SCROLL)
        async with _arriving(system, user):
            tasks = await _tasks(browser, page)
            heap = await _heap(page, minutes)
        await context.close()
    return [Figure("loading the history by scrolling, page by page", loaded, "s"), *tasks, *heap]


@asynccontextmanager
async def _arriving(system: System, user: str) -> AsyncIterator[None]:
    """Send at a fixed pace, however long a send takes."""

    async def send() -> None:
        begin = time.perf_counter()
        async with asyncio.TaskGroup() as sending:
            for number in count():
                await asyncio.sleep(begin + number / ARRIVALS_A_SECOND - time.perf_counter())
                sending.create_task(system.publisher.send(_alert(user, number)))

    arrivals = asyncio.create_task(send())
    try:
        yield
    finally:
        failed = arrivals.done()  # it never ends by itself
        arrivals.cancel()
        await asyncio.wait([arrivals])
    if failed:
        await arrivals


async def _tasks(browser: Browser, page: Page) -> list[Figure]:
    load = os.getloadavg()[0]
    await browser.start_tracing(page=page, categories=[*CATEGORIES])
    arrived, painted = await page.evaluate("[arrived, painted]")
    began = time.perf_counter()
    await asyncio.sleep(TRACED_SECONDS)
    seconds = time.perf_counter() - began
    arrived_then, painted_then = await page.evaluate("[arrived, painted]")
    tasks = tasks_of(await browser.stop_tracing())
    figures = [
        Figure("arrived while traced", (arrived_then - arrived) / seconds, "cards/s"),
        Figure("painted", (painted_then - painted) / seconds, "frames/s"),
        Figure("tasks of the main thread", len(tasks) / seconds, "each second"),
    ]
    for by, times in (
        ("by the clock", [task.wall for task in tasks]),
        ("by processor time", [task.processor for task in tasks]),
    ):
        figures += [
            Figure(f"long tasks {by}", long(times), f"over {LONG:.0f} ms"),
            Figure(f"long tasks {by}", max(times), "ms, the longest"),
            Figure(f"long tasks {by}", sum(times) / seconds / 10, "% of the time, all tasks"),
        ]
    return [*figures, Figure("load of the machine while traced", load, "")]


async def _heap(page: Page, minutes: float) -> list[Figure]:
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Performance.enable")
    arrived: int = await page.evaluate("arrived")
    samples: list[Sample] = []
    loads: list[float] = []
    began = time.perf_counter()
    for number in range(int(minutes * 60 / SAMPLE_SECONDS) + 1):
        await asyncio.sleep(began + number * SAMPLE_SECONDS - time.perf_counter())
        samples.append(await _sample(page, devtools, (time.perf_counter() - began) / 60))
        loads.append(os.getloadavg()[0])
    took = (time.perf_counter() - began) / 60
    arrived = await page.evaluate("arrived") - arrived
    what = "JavaScript heap"
    mebibyte = 2**20
    return [
        Figure("the heap was watched for", took, "min"),
        Figure("the heap was watched for", arrived, "arrivals"),
        *(
            Figure(f"{what} after {sample.minutes:.1f} min, {sample.cards:,} cards", sample.bytes / mebibyte, "MiB")
            for sample in samples
        ),
        Figure(f"{what}, least", min(each.bytes for each in samples) / mebibyte, "MiB"),
        Figure(f"{what}, most", max(each.bytes for each in samples) / mebibyte, "MiB"),
        Figure(f"{what}, slope", slope(samples) / 1024, "KiB/min"),
        *_beside_cards(what, samples),
        Figure("load of the machine", min(loads), "least"),
        Figure("load of the machine", max(loads), "most"),
    ]


def _beside_cards(what: str, samples: Sequence[Sample]) -> list[Figure]:
    """Known once the client has let go of cards: until then they grow with the minutes, and one hides the other."""
    steady = since_let_go(samples)
    if not steady:
        return []
    figures = []
    for since, some in (("", samples), (", since it first let go of cards", steady)):
        if len(some) >= _ENOUGH:
            found = slope_beside_cards(some)
            label = f"{what}, slope at an even number of cards{since}"
            figures += [
                Figure(label, found.value / 1024, "KiB/min"),
                Figure(label, found.error / 1024, "± KiB/min, one standard error"),
            ]
    return [*figures, Figure(f"{what}, for one more card", bytes_each(samples) / 1024, "KiB")]


async def _sample(page: Page, devtools: CDPSession, minutes: float) -> Sample:
    await devtools.send("HeapProfiler.collectGarbage")
    cards: int = await page.evaluate(HELD)
    metrics = await devtools.send("Performance.getMetrics")
    used = next(metric["value"] for metric in metrics["metrics"] if metric["name"] == "JSHeapUsedSize")
    return Sample(minutes, used, cards)


def _alert(user: str, number: int) -> Alert:
    return Alert(to=(f"user:{user}",), title=f"Alert {number}", body=BODY)
