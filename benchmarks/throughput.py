"""How many alerts one Functions host stores and publishes in a second."""

import time
import uuid
from collections.abc import Callable
from itertools import batched
from typing import Final

from belfry import Alert
from benchmarks.figures import Figure
from benchmarks.system import System

ALERTS: Final = 5000
TITLE: Final = f"Throughput: {ALERTS:,} alerts as fast as one host can"

_AT_ONCE: Final = 250
"""Alerts in one call of the publisher."""


async def throughput(system: System) -> list[Figure]:
    """Fill the queue, and see how long it takes to empty: with nothing to join, and with all to one audience."""
    run = uuid.uuid4().hex[:8]
    return [
        *await _drain(system, "each to a person of its own", lambda number: f"user:bench-{run}-{number}"),
        *await _drain(system, "all to one role", lambda _: f"role:bench-{run}"),
    ]


async def _drain(system: System, what: str, audience: Callable[[int], str]) -> list[Figure]:
    run = uuid.uuid4().hex[:8]
    alerts = [
        Alert(
            id=f"{run}-{number}", to=(audience(number),), title=f"Alert {number}", body="A body of usual length. " * 8
        )
        for number in range(ALERTS)
    ]
    await system.publisher.send({"to": [audience(0)], "title": "Warm-up"})
    await system.drained()
    begin = time.perf_counter()
    for some in batched(alerts, _AT_ONCE, strict=False):
        await system.publisher.send_many(some)
    enqueued = time.perf_counter()
    await system.drained()
    drained = time.perf_counter()
    return [
        Figure(what, ALERTS / (drained - begin), "alerts/s delivered"),
        Figure(what, ALERTS / (enqueued - begin), "alerts/s taken by the queue"),
    ]
