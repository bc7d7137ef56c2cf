"""The client rule: how history, frames and changes become what a person sees. Pure, and the same in every client.

Cards are keyed by `card`, and the higher position wins; marks too, and of two for the same revision the higher version.
So it does not matter in which order things arrive, nor how often. Only to forget takes a fresh start: `clear`, and load
the history again.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

type Card = dict[str, Any]
type Mark = Mapping[str, Any]


class View:
    """What one client knows of one person's inbox."""

    def __init__(self) -> None:
        self.cards: dict[str, Card] = {}
        """As they came, by key; of a withdrawn alert a card with `retracted`."""
        self.marks: dict[str, Mark] = {}
        self.read_up_to = ""

    def clear(self) -> None:
        """Forget everything, before the history is loaded anew."""
        self.cards.clear()
        self.marks.clear()
        self.read_up_to = ""

    def take(self, cards: Iterable[Card] = (), marks: Iterable[Mark] = (), read_up_to: str | None = None) -> list[Card]:
        """Take in what a page, an answer or a frame brought.

        Returns:
            The cards that are new, or newer than what was known.
        """
        fresh: list[Card] = []
        for card in cards:
            known = self.cards.get(card["card"])
            if known is None or known["position"] < card["position"]:
                self.cards[card["card"]] = card
                fresh.append(card)
        for mark in marks:
            other = self.marks.get(mark["card"])
            if other is None or _rank(other) < _rank(mark):
                self.marks[mark["card"]] = mark
        self.read_up_to = max(self.read_up_to, read_up_to or "")
        return fresh

    def take_frame(self, frame: Mapping[str, Any]) -> list[Card]:
        """Take in a live frame; those of a type that is not known here are left alone."""
        match frame.get("type"):
            case "alerts":
                return self.take(frame["alerts"])
            case "marks":
                return self.take((), frame["marks"], frame["readUpTo"])
            case _:
                return []

    def shown(self, now: datetime) -> list[Card]:
        """The cards that are on screen, newest first, with `read` and `archived` as they are now."""
        visible = [card for card in self.cards.values() if not card.get("retracted") and not _expired(card, now)]
        seen = [{**card, **self._state(card)} for card in visible]
        return sorted(
            (card for card in seen if not card["archived"]), key=lambda card: str(card["position"]), reverse=True
        )

    def unread(self, now: datetime) -> int:
        """How many of them are unread."""
        return sum(not card["read"] for card in self.shown(now))

    def _state(self, card: Card) -> dict[str, bool]:
        unmarked = card["at"] <= self.read_up_to
        mark = self.marks.get(card["card"])
        if mark is None or mark["position"] != card["position"]:
            return {"read": unmarked, "archived": False}
        read = mark.get("read")
        return {"read": unmarked if read is None else read, "archived": mark.get("archived", False)}


def _rank(mark: Mark) -> tuple[str, int]:
    return mark["position"], mark["version"]


def _expired(card: Card, now: datetime) -> bool:
    expires = card.get("expiresAt")
    return expires is not None and datetime.fromisoformat(expires) <= now
