"""How long a person waits for their cards: the first time, the next time, and without a network."""

import asyncio
import os
import statistics
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from playwright.async_api import BrowserContext

from benchmarks.figures import Figure
from benchmarks.system import System
from benchmarks.web_browser import PAGE, SECONDS, chromium, signed_in, visitor

CARDS: Final = 100
VISITS: Final = 10
TITLE: Final = (
    f"Web client: from the navigation to the cards of an inbox of {CARDS}, in the shop, {VISITS} visits of each kind"
)

WATCH: Final = """window.cardsShown = new Promise((resolve) => {
  const inside = (element, selector) => element?.shadowRoot?.querySelector(selector);
  const look = () => {
    const bell = document.querySelector("belfry-bell");
    if (bell?.hasUpdated && !bell.open) bell.open = true;
    const feed = inside(inside(bell, "belfry-inbox"), "belfry-feed");
    if (inside(inside(feed, "belfry-card"), "h3")) {
      requestAnimationFrame(() => resolve(performance.now()));
    } else {
      requestAnimationFrame(look);
    }
  };
  look();
});"""
"""Opens the inbox as soon as there is a bell, and tells the moment after the frame in which cards were painted."""

STEPS: Final = """async () => {
  const cards = await window.cardsShown;
  const [page] = performance.getEntriesByType("navigation");
  const resources = performance.getEntriesByType("resource");
  const ask = (path) => resources.find(({ name }) => new URL(name).pathname === path);
  const scripts = resources.filter(({ name }) => name.endsWith(".js") && name.includes("/assets/"));
  return {
    page: page.responseEnd,
    scripts: Math.max(...scripts.map(({ responseEnd }) => responseEnd)),
    run: page.domContentLoadedEventStart,
    settings: ask("/shop.json").responseEnd,
    negotiating: ask("/api/negotiate")?.startTime ?? 0,
    negotiated: ask("/api/negotiate")?.responseEnd ?? 0,
    asking: ask("/api/alerts")?.startTime ?? 0,
    answered: ask("/api/alerts")?.responseEnd ?? 0,
    cards,
  };
}"""
"""When each step was done, in milliseconds from the navigation on. Module scripts have run when the page is parsed."""

KEPT: Final = """async (cards) => {
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const filesAreKept = async () => {
    const used = performance.getEntriesByType("resource").map(({ name }) => name);
    const stored = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
    const urls = stored.flat().map(({ url }) => url);
    return used.filter((url) => url.includes("/assets/")).every((url) => urls.includes(url));
  };
  const cardsAreKept = async () => {
    const known = (await indexedDB.databases()).find(({ name }) => name.startsWith("belfry "));
    if (!known) return false;
    const database = await done(indexedDB.open(known.name));
    const count = await done(database.transaction("cards").objectStore("cards").count());
    database.close();
    return count === cards;
  };
  await navigator.serviceWorker.ready;
  while (!(await filesAreKept()) || !(await cardsAreKept())) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}"""
"""Resolves when the browser has kept all that the next visit needs: the page's files, and the cards."""


@dataclass(frozen=True, slots=True)
class Step:
    """A part of the way to the cards."""

    what: str
    begin: str
    """A key of `STEPS`; empty: the navigation."""
    end: str


FROM_NOTHING: Final = (
    Step("the page", "", "page"),
    Step("scripts, loading", "page", "scripts"),
    Step("scripts, running", "scripts", "run"),
    Step("the shop's settings", "run", "settings"),
    Step("sign-in, storage", "settings", "negotiating"),
    Step("negotiate", "negotiating", "negotiated"),
    Step("live connection", "negotiated", "asking"),
    Step("history", "asking", "answered"),
    Step("cards on screen", "answered", "cards"),
)
FROM_STORAGE: Final = (
    Step("the page", "", "page"),
    Step("scripts, loading", "page", "scripts"),
    Step("scripts, running", "scripts", "run"),
    Step("the shop's settings", "run", "settings"),
    Step("sign-in, storage, cards on screen", "settings", "cards"),
)

type Times = Mapping[str, float]


async def opening(system: System) -> list[Figure]:
    """Visit the shop for the first time, then again, then without a network; and all of it several times."""
    user = f"bench-{uuid.uuid4().hex[:8]}"
    await system.filling.alerts(f"user:{user}", CARDS)
    first: list[Times] = []
    second: list[Times] = []
    offline: list[Times] = []
    load = os.getloadavg()[0]
    async with chromium() as browser:
        state = await signed_in(browser, system, user)
        for visit in range(VISITS + 1):
            context = await visitor(browser, state)
            await context.add_init_script(WATCH)
            times = await _visit(context, system.shop, kept=CARDS), await _visit(context, system.shop)
            await context.set_offline(True)
            cut = await _visit(context, system.shop)
            await context.close()
            if visit > 0:  # the first one finds services that have answered nobody before
                first.append(times[0])
                second.append(times[1])
                offline.append(cut)
    return [
        *_figures("first visit", first, FROM_NOTHING),
        *_figures("second visit", second, FROM_STORAGE),
        *_figures("without a network", offline, FROM_STORAGE),
        Figure("load of the machine", load, "before"),
        Figure("load of the machine", os.getloadavg()[0], "after"),
    ]


async def _visit(context: BrowserContext, shop: str, kept: int | None = None) -> Times:
    """Open the page in a new tab.

    Args:
        context: who opens it.
        shop: the shop's address.
        kept: how many cards have to be in storage before the tab is closed; None: it does not matter.
    """
    page = await context.new_page()
    await page.goto(shop + PAGE)
    async with asyncio.timeout(SECONDS):
        times: Times = await page.evaluate(STEPS)
        if kept is not None:
            await page.evaluate(KEPT, kept)
    await page.close()
    return times


def _figures(what: str, visits: Sequence[Times], steps: Sequence[Step]) -> list[Figure]:
    whole = [times["cards"] for times in visits]
    return [
        Figure(what, statistics.median(whole), "ms, p50"),
        Figure(what, max(whole), "ms, max"),
        *(
            Figure(
                f"  {step.what}",
                statistics.median(times[step.end] - times.get(step.begin, 0.0) for times in visits),
                "ms, p50",
            )
            for step in steps
        ),
    ]
