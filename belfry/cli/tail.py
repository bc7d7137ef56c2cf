"""`belfry tail`: a person's cards as they arrive, over the live connection."""

import asyncio
from argparse import Namespace

from belfry.cli.cards import Card, sign, stored_at, title
from belfry.cli.person import find_person
from belfry.cli.settings import find_target
from belfry.cli.terminal import Terminal
from belfry.inbox import Inbox


class Tail:
    """What is printed of an inbox.

    Args:
        terminal: where.
        last: how many of the cards that are there already.
        count: after how many cards it is enough; None: never.
    """

    def __init__(self, terminal: Terminal, last: int, count: int | None) -> None:
        self.enough = asyncio.Event()
        self._terminal = terminal
        self._last = last
        self._left = count
        self._there: list[Card] | None = []
        """Cards that came before it was connected; None from then on."""

    def arrived(self, card: Card) -> None:
        """A card is new, or newer than it was."""
        if self._there is not None:
            self._there.append(card)
        elif not self.enough.is_set():
            self._print(card)

    def connected(self) -> None:
        """The inbox has what was there: what comes now is new."""
        there = {card["card"]: card for card in self._there or () if not card.get("retracted")}
        self._there = None
        newest = sorted(there.values(), key=lambda card: str(card["position"]))
        for card in newest[len(newest) - min(self._last, len(newest)) :]:
            self.arrived(card)

    def _print(self, card: Card) -> None:
        if self._terminal.as_json:
            self._terminal.json(card)
        elif self._terminal.is_terminal:
            at = stored_at(card)
            clock = f"{at.astimezone():%H:%M:%S}" if at else " " * 8
            mark, style = sign(card)
            audience = card.get("audience", "")
            self._terminal.text(
                (f"{clock}  ", "dim"), (f"{mark} ", style), title(card), (f"  {audience}", "dim"), cut=True
            )
        else:
            fields = (card.get("at", ""), card.get("severity", "withdrawn"), card["card"], card.get("audience", ""))
            self._terminal.fields(*fields, title(card)[0])
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                self.enough.set()


async def run(options: Namespace) -> bool:
    """Print cards until there were enough; Ctrl-C ends it as well."""
    terminal = Terminal(as_json=options.json)
    tail = Tail(terminal, options.last, options.count)
    async with find_person(options, find_target(options)) as person:
        inbox = Inbox(person.api, person.token, tail.arrived)
        async with inbox:
            # What arrives after this line has been printed is shown: scripts may wait for it.
            terminal.note(f"Connected as {person.name}.")
            tail.connected()
            await tail.enough.wait()
    return True
