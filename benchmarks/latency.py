"""How long an alert takes from the queue to the screen, at a steady pace."""

import asyncio
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Final

from belfry import Alert
from belfry.rule import Card
from benchmarks.figures import Figure, times
from benchmarks.system import System
from demo.connecting import connected
from demo.people import Person
from shared.position import enqueued_at

PEOPLE: Final = 50
ALERTS_A_SECOND: Final = 50
SECONDS: Final = 20
TITLE: Final = (
    f"Latency: {ALERTS_A_SECOND} alerts a second for {SECONDS} s, each to one of {PEOPLE} people who are connected"
)

_ARRIVAL_SECONDS: Final = 30.0
_MILLISECOND: Final = timedelta(milliseconds=1)


async def latency(system: System) -> list[Figure]:
    """Send at a fixed pace, however long a send takes, and time every card on its way.

    Raises:
        TimeoutError: not every card arrived.
    """
    run = uuid.uuid4().hex[:8]
    users = [f"bench-{run}-{number}" for number in range(PEOPLE)]
    delivered: dict[str, float] = {}
    taken: list[float] = []
    changed = asyncio.Event()

    def on_card(_user: str, card: Card) -> None:
        delivered[card["id"]] = (datetime.now(UTC) - enqueued_at(card["position"])) / _MILLISECOND
        changed.set()

    async def arrived(identifiers: set[str]) -> None:
        async with asyncio.timeout(_ARRIVAL_SECONDS):
            while not identifiers <= delivered.keys():
                changed.clear()
                await changed.wait()

    async with connected(system.addresses, [Person(user) for user in users], on_card):

        async def send(alert: Alert) -> None:
            started = time.perf_counter()
            await system.publisher.send(alert)
            taken.append((time.perf_counter() - started) * 1000)

        warm = [Alert(id=f"{run}-warm-{user}", to=(f"user:{user}",), title="Warm-up") for user in users]
        await arrived(set(await system.publisher.send_many(warm)))
        delivered.clear()

        alerts = [
            Alert(id=f"{run}-{number}", to=(f"user:{users[number % PEOPLE]}",), title=f"Alert {number}")
            for number in range(ALERTS_A_SECOND * SECONDS)
        ]
        begin = time.perf_counter()
        async with asyncio.TaskGroup() as sending:
            for number, alert in enumerate(alerts):
                await asyncio.sleep(begin + number / ALERTS_A_SECOND - time.perf_counter())
                sending.create_task(send(alert))
        await arrived({str(alert.id) for alert in alerts})
    return [
        Figure("arrived", len(delivered), "cards"),
        *times("from the queue to the client", list(delivered.values())),
        *times("until the queue has taken it", taken),
    ]
