"""What it costs when people do something: connect, read, mark, follow, register."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from benchmarks.figures import Figure
from benchmarks.system import System

TIMES: Final = 16
"""How often each is done."""
CARDS: Final = 100
"""In the inbox."""
TITLE: Final = f"Cost of what a person with {CARDS} cards does, the mean of {TIMES}"


async def acting(system: System) -> list[Figure]:
    """Let one person do one thing after the other, and see what the services counted meanwhile."""
    user = f"bench-{uuid.uuid4().hex[:8]}"
    cards = await system.filling.alerts(f"user:{user}", CARDS)
    person = await system.asking(user, "bench")
    sync: str = (await person.history())["sync"]

    async def catch_up(_: int) -> None:
        nonlocal sync
        sync = (await person.changes(sync))["sync"]

    figures: list[Figure] = []
    for what, act in (
        ("connect (negotiate)", lambda _: person.act("POST", "/negotiate")),
        ("catch up, nothing new", catch_up),
        ("mark a card as read", lambda number: person.act("PATCH", f"/alerts/{cards[number]}", {"read": True})),
        ("mark all as read", lambda _: person.act("POST", "/alerts/read")),
        ("change preferences", lambda number: person.act("PUT", "/preferences", {"mutedTopics": [f"t{number}"]})),
        ("register a phone", lambda number: person.register_phone(f"{user}-{number}")),
    ):
        figures += await _spent(system, what, act)
    return figures


async def _spent(system: System, what: str, act: Callable[[int], Awaitable[None]]) -> Sequence[Figure]:
    before = await system.usage()
    for number in range(TIMES):
        await act(number)
    spent = await system.usage() - before
    return [
        Figure(what, spent.request_units / TIMES, "RU"),
        Figure(what, spent.cosmos_calls / TIMES, "calls of Cosmos DB"),
        Figure(what, spent.web_pubsub_calls / TIMES, "calls of Web PubSub"),
        Figure(what, spent.notification_hubs_calls / TIMES, "calls of Notification Hubs"),
    ]
