"""What the newest page of an inbox costs, however much is in it."""

import statistics
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.figures import Figure
from benchmarks.system import System, Usage

INBOXES: Final = (100, 10_000, 100_000)
PAGE: Final = 20
TITLE: Final = f"History: a page of {PAGE} with the unread count and the sync token, from inboxes of several sizes"
READINGS: Final = 20
"""Of each inbox."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What it took to read one page."""

    usage: Usage
    """The least of several times: what everybody shares, such as the alerts to everyone, had been read already."""
    milliseconds: Sequence[float]
    """Each time."""


async def history(system: System) -> list[Figure]:
    """Fill inboxes, and read the newest page of each."""
    figures: list[Figure] = []
    for alerts, threads in (*((alerts, False) for alerts in INBOXES), (INBOXES[0], True)):
        reading = await read_inbox(system, alerts, threads=threads)
        what = f"{alerts:,} alerts" + (", each of a thread" if threads else "")
        figures += [
            Figure(what, reading.usage.request_units, "RU"),
            Figure(what, reading.usage.cosmos_calls, "calls of Cosmos DB"),
            Figure(what, statistics.median(reading.milliseconds), "ms, p50"),
        ]
    return figures


async def read_inbox(system: System, alerts: int, times: int = READINGS, *, threads: bool = False) -> Reading:
    """Fill the inbox of someone new, and read its newest page several times.

    Args:
        system: where.
        alerts: how many the inbox has.
        times: how often the page is read.
        threads: whether each alert is of a thread, of which other audiences may have a newer revision.
    """
    user = f"bench-{uuid.uuid4().hex[:8]}"
    await system.filling.alerts(f"user:{user}", alerts, threads=threads)
    person = await system.asking(user, "bench")
    usages: list[Usage] = []
    for _ in range(times):
        before = await system.usage()
        await person.history(PAGE)
        usages.append(await system.usage() - before)
    return Reading(min(usages, key=lambda usage: usage.request_units), person.milliseconds)
