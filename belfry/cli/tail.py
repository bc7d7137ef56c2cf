"""`belfry tail`: a person's cards as they arrive, over the live connection."""

import asyncio
import itertools
from argparse import Namespace
from collections import deque
from collections.abc import Iterable, Sequence

from belfry.cli.cards import Card, sign, stored_at, title
from belfry.cli.person import find_person
from belfry.cli.settings import find_target
from belfry.cli.terminal import Terminal
from belfry.inbox import Inbox


async def run(options: Namespace) -> bool:
    """Print cards until there were enough; Ctrl-C ends it as well."""
    terminal = Terminal(as_json=options.json)
    # What fails while a card is shown has to end the command, and not the client's own reading.
    arrivals: asyncio.Queue[Card] = asyncio.Queue()
    turns = itertools.count() if options.count is None else range(options.count)
    async with (
        find_person(options, find_target(options)) as person,
        Inbox(person.api, person.token, arrivals.put_nowait),
    ):
        there = deque(newest([arrivals.get_nowait() for _ in range(arrivals.qsize())], options.last))
        # All that arrives once this line has been printed is shown: scripts may wait for it.
        terminal.note(f"Connected as {person.name}.")
        for _ in turns:
            show(there.popleft() if there else await arrivals.get(), terminal)
    return True


def newest(cards: Iterable[Card], count: int) -> Sequence[Card]:
    """The newest cards of an inbox, the newest last.

    Args:
        cards: as they came, perhaps some of them in several revisions.
        count: how many.
    """
    current: dict[str, Card] = {}
    for card in sorted(cards, key=lambda card: str(card["position"])):
        current.pop(card["card"], None)
        current[card["card"]] = card
    shown = [card for card in current.values() if not card.get("retracted")]
    return shown[max(len(shown) - count, 0) :]


def show(card: Card, terminal: Terminal) -> None:
    """One card, as it arrived."""
    if terminal.as_json:
        terminal.json(card)
        return
    audience = card.get("audience", "")
    if not terminal.is_terminal:
        terminal.fields(card.get("at", ""), card.get("severity", "withdrawn"), card["card"], audience, title(card)[0])
        return
    at = stored_at(card)
    mark, style = sign(card)
    clock = f"{at.astimezone():%H:%M:%S}" if at else " " * 8
    terminal.text((f"{clock}  ", "dim"), (f"{mark} ", style), title(card), (f"  {audience}", "dim"), cut=True)
