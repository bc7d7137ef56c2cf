"""`belfry inbox`: a person's cards, the newest first."""

from argparse import Namespace
from typing import Final

from rich.text import Text

from belfry.cli.cards import Card, sign, stored_at, title
from belfry.cli.person import find_person
from belfry.cli.settings import find_target
from belfry.cli.terminal import Column, Terminal, moment_ago, styled

_COLUMNS: Final = (
    Column(""),
    Column("", grows=True),
    Column("category", most=16),
    Column("to", most=20),
    Column("ago", justify="right"),
)
_UNREAD_LIMIT: Final = 100
"""The API counts so far."""


async def run(options: Namespace) -> bool:
    """Show one page."""
    terminal = Terminal(as_json=options.json)
    query = {"limit": str(options.limit), "severity": options.severity, "category": options.category}
    if options.unread:
        query["unread"] = "true"
    async with find_person(options, find_target(options)) as person:
        page = await person.get("/alerts", {name: value for name, value in query.items() if value})
    if terminal.as_json:
        terminal.json(page)
        return True
    cards: list[Card] = page["alerts"]
    if terminal.is_terminal:
        if cards:
            terminal.table(_COLUMNS, [_row(card) for card in cards])
        terminal.text((_summary(cards, page["unread"], more=page["next"] is not None), "dim"))
    else:
        for card in cards:
            read = "read" if card["read"] else "unread"
            terminal.fields(card["at"], card["severity"], read, card["card"], card["audience"], card["title"])
    return True


def _row(card: Card) -> list[Text]:
    at = stored_at(card)
    return [
        styled(sign(card)),
        styled((title(card)[0], "dim" if card["read"] else "bold")),
        styled((card.get("category", ""), "dim")),
        styled((card["audience"], "dim")),
        styled((moment_ago(at) if at else "", "dim")),
    ]


def _summary(cards: list[Card], unread: int, *, more: bool) -> str:
    count = f"{unread} or more" if unread >= _UNREAD_LIMIT else str(unread)
    shown = f"the {len(cards)} newest are shown" if more else ""
    return "; ".join(part for part in (f"{count} unread", shown) if part)
