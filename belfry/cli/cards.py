"""Cards, as people read them."""

from datetime import datetime
from typing import Any

from belfry.cli.terminal import SIGNS
from shared.alert import Severity

type Card = dict[str, Any]


def sign(card: Card) -> tuple[str, str]:
    """Sign and style of a card's severity; of one that was withdrawn, that it is gone."""
    return ("-", "dim") if card.get("retracted") else SIGNS[Severity(card["severity"])]


def title(card: Card) -> tuple[str, str]:
    """What a card says, and its style."""
    if card.get("retracted"):
        return f"{card['card']} was withdrawn", "dim"
    return card["title"], "bold" if card["severity"] == Severity.CRITICAL else ""


def stored_at(card: Card) -> datetime | None:
    """When it became visible; None for one that was withdrawn."""
    return datetime.fromisoformat(card["at"]) if "at" in card else None
