"""Reading a whole history while alerts arrive, and what must come of it."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any, Final

from benchmarks.filling import Filling
from tests.system import SECONDS, System, eventually

PAGE: Final = 20
_REVISES: Final = 10
"""Every so many of the alerts that arrive replace a card that was there before."""
_DRAIN_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Paging:
    """What one person read while alerts arrived for them."""

    stored: frozenset[str]
    """Cards that were there before."""
    revised: frozenset[str]
    """Those of them that were replaced meanwhile."""
    arrived: frozenset[str]
    """Cards of the other alerts that came meanwhile."""
    read: Sequence[str]
    """Cards as they were read, page after page."""
    caught_up: frozenset[str]
    """Cards that came or changed since the first page, as catching up told."""
    afterwards: Sequence[str]
    """The whole history, read again once all had come."""

    def check(self) -> None:
        """Hold it against the promise.

        Raises:
            AssertionError: with the cards that are missing, or there twice.
        """
        assert _twice(self.read) == set()
        # One that was replaced before its page was read has moved to the top, which had been read already.
        assert self.stored - self.revised - set(self.read) == set()
        assert (self.stored | self.arrived) ^ (set(self.read) | self.caught_up) == set()
        assert self.revised | self.arrived == self.caught_up
        assert _twice(self.afterwards) == set()
        assert (self.stored | self.arrived) ^ set(self.afterwards) == set()


async def read_under_load(system: System, filling: Filling, unique: str, *, stored: int, arriving: int) -> Paging:
    """Give a person cards in three audiences, and page through all of them while more arrive in each.

    With every page a part of the alerts is sent, and the next page waits until the first of them has arrived: so there
    is no page that they do not overlap, and the rest arrives when it does.

    Args:
        system: where.
        filling: puts the cards there.
        unique: a name that nobody else has.
        stored: how many cards are there before.
        arriving: how many alerts come meanwhile.
    """
    roles = (f"crew-{unique}", f"office-{unique}")
    audiences = (f"user:{unique}", *(f"role:{role}" for role in roles))
    cards = [
        (audience, card)
        for audience in audiences
        for card in await filling.alerts(audience, stored // len(audiences), threads=True)
    ]
    token = await system.token(unique, *roles)

    async def ask(path: str, **parameters: str) -> Any:
        status, _, answer = await system.request("GET", path, token=token, params=parameters)
        assert status == 200, answer
        return answer

    alerts = [_arriving(unique, number, audiences, cards) for number in range(arriving)]
    parts = batched(alerts, max(1, arriving * PAGE // stored), strict=False)
    read: list[str] = []
    caught_up: set[str] = set()
    sync = ""

    async def catch_up() -> bool:
        nonlocal sync
        changes = await ask("/alerts/changes", since=sync)
        sync = changes["sync"]
        caught_up.update(card["card"] for card in changes["alerts"])
        return bool(changes["alerts"])

    async with system.publisher() as publisher, asyncio.TaskGroup() as sending:
        cursor: dict[str, str] = {}
        while True:
            page = await ask("/alerts", limit=str(PAGE), **cursor)
            sync = sync or page["sync"]
            read += [card["card"] for card in page["alerts"]]
            if page["next"] is None:
                break
            cursor = {"before": page["next"]}
            sending.create_task(publisher.send_many(next(parts, ())))
            await eventually(catch_up, SECONDS)
        rest = [alert for part in parts for alert in part]
        await publisher.send_many(rest)

    async def drained() -> bool:
        return await system.waiting() == 0

    await eventually(drained, _DRAIN_SECONDS)
    while await catch_up():
        pass
    revised = {str(alert["thread"]) for alert in alerts if "thread" in alert}
    return Paging(
        stored=frozenset(card for _, card in cards),
        revised=frozenset(revised),
        arrived=frozenset(str(alert["id"]) for alert in alerts if "thread" not in alert),
        read=read,
        caught_up=frozenset(caught_up),
        afterwards=[card["card"] for card in await system.history(unique, *roles)],
    )


def _arriving(unique: str, number: int, audiences: Sequence[str], cards: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """One of the alerts that come: to one audience or two, or in the place of a card that is there."""
    alert: dict[str, Any] = {"id": f"{unique}-{number}", "title": f"Arriving {number}"}
    if number % _REVISES == 0:
        # Here and there, so that some are replaced before they are read, and some after.
        audience, card = cards[number * 7 % len(cards)]
        return {**alert, "to": [audience], "thread": card}
    first = number % len(audiences)
    return {**alert, "to": [audiences[first], *([audiences[first - 1]] if number % 4 == 0 else [])]}


def _twice(cards: Sequence[str]) -> set[str]:
    return {card for card, times in Counter(cards).items() if times > 1}
