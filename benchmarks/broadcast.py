"""What it costs to tell everyone, however many they are."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from belfry.rule import Card
from benchmarks.figures import Figure
from benchmarks.system import System, Usage
from demo.connecting import connected
from demo.people import Person

PEOPLE: Final = (1, 100, 5_000)
CONNECTED: Final = 50
TITLE: Final = f"Broadcast: one alert to everyone, of whom up to {CONNECTED} are connected"

_ARRIVAL_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Told:
    """What it took to tell everyone."""

    usage: Usage
    cards: Sequence[tuple[str, Card]]
    """What arrived, and at whom."""


async def broadcast(system: System) -> list[Figure]:
    """Make people known, more and more of them, and each time tell them all."""
    figures: list[Figure] = []
    for people in PEOPLE:
        told = await tell_everyone(system, people, min(people, CONNECTED))
        what = f"{people:,} people"
        figures += [
            Figure(what, told.usage.request_units, "RU"),
            Figure(what, told.usage.cosmos_calls, "calls of Cosmos DB"),
            Figure(what, told.usage.web_pubsub_calls, "calls of Web PubSub"),
            Figure(what, len(told.cards), "screens"),
        ]
    return figures


async def tell_everyone(system: System, known: int, online: int) -> Told:
    """Send one alert to everyone.

    Args:
        system: where.
        known: how many people have been here before.
        online: how many of them are connected.
    """
    run = uuid.uuid4().hex[:8]
    users = [f"bench-{run}-{number}" for number in range(known)]
    await system.filling.people(users)
    cards: list[tuple[str, Card]] = []
    alert: dict[str, Any] = {"id": f"all-{run}", "to": ["everyone"], "title": "To everyone"}

    def on_card(user: str, card: Card) -> None:
        if card["id"] == alert["id"]:
            cards.append((user, card))

    people = [Person(user) for user in users[:online]]
    async with connected(system.addresses, people, on_card) as inboxes:
        before = await system.usage()
        await system.publisher.send(alert)
        await system.drained()
        for inbox in inboxes.values():
            await inbox.wait_for([alert["id"]], _ARRIVAL_SECONDS)
        usage = await system.usage() - before
    return Told(usage, cards)
