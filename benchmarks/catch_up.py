"""What it costs when everybody comes back at once, and asks what they have missed."""

import asyncio
import statistics
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.asking import Asking
from benchmarks.figures import Figure
from benchmarks.system import System, Usage

CLIENTS: Final = 2_000
TITLE: Final = f"Catching up: {CLIENTS:,} clients reconnect at once, against one that comes alone"

_AT_ONCE: Final = 50
"""Clients who are signed in side by side, before anything is measured."""


@dataclass(frozen=True, slots=True)
class Return:
    """What it took to tell some people what they have missed."""

    usage: Usage
    answers: Sequence[dict[str, Any]]
    milliseconds: Sequence[float]


class Crowd:
    """People of one role who know the history so far, and went away.

    Args:
        system: where.
    """

    def __init__(self, system: System) -> None:
        self.role = f"bench-{uuid.uuid4().hex[:8]}"
        self._system = system
        self._people: list[tuple[Asking, str]] = []

    async def gather(self, count: int) -> None:
        """Let so many people look at their inbox, and go away."""
        limit = asyncio.Semaphore(_AT_ONCE)

        async def look(number: int) -> tuple[Asking, str]:
            async with limit:
                person = await self._system.asking(f"{self.role}-{number}", self.role)
                page = await person.history()
            person.milliseconds.clear()
            return person, page["sync"]

        self._people = await asyncio.gather(*map(look, range(count)))

    async def come_back(self) -> Return:
        """Let all of them ask at once for what came since they went."""
        before = await self._system.usage()
        answers = await asyncio.gather(*(person.changes(since) for person, since in self._people))
        usage = await self._system.usage() - before
        return Return(usage, answers, [time for person, _ in self._people for time in person.milliseconds])


async def catch_up(system: System) -> list[Figure]:
    """Let one come back, and then a crowd: after a quiet time, and after a broadcast."""
    figures: list[Figure] = []
    for count, who in ((1, "one alone"), (CLIENTS, f"{CLIENTS:,} at once")):
        crowd = Crowd(system)
        await crowd.gather(count)
        figures += _figures(f"{who}, nothing new", count, await crowd.come_back())
        crowd = Crowd(system)
        await crowd.gather(count)
        await system.publisher.send({"to": [f"role:{crowd.role}", "everyone"], "title": "While they were away"})
        await system.drained()
        figures += _figures(f"{who}, after a broadcast", count, await crowd.come_back())
    return figures


def _figures(what: str, count: int, came: Return) -> list[Figure]:
    return [
        Figure(what, came.usage.request_units / count, "RU each"),
        Figure(what, came.usage.cosmos_calls / count, "calls of Cosmos DB each"),
        Figure(what, statistics.median(came.milliseconds), "ms, p50"),
        Figure(what, max(came.milliseconds), "ms, max"),
    ]
