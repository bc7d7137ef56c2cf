"""The client rule: how history, frames and changes become what a person sees. Pure, and the same in every client.

Cards are keyed by `card`, and the higher position wins; marks too, and of two about the same revision the later one.
Cards of audiences that the person does not belong to, or did not yet when they were stored, are left out. So it does
not matter in which order things arrive, nor how often. Only what is gone without a trace (too old, erased, no longer
for the person) takes a fresh start: `clear`, and load the history again.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

_NEVER: Final = "~"
"""After every moment."""

type Card = dict[str, Any]
type Mark = Mapping[str, Any]


class View:
    """What one client knows of one person's inbox."""

    def __init__(self) -> None:
        self.cards: dict[str, Card] = {}
        """As they came, by key; of a withdrawn alert a card with `retracted`."""
        self.marks: dict[str, Mark] = {}
        self.read_up_to = ""
        self.audiences: Mapping[str, str | None] | None = None
        """What the person belongs to, and since when; None: not known yet."""
        self.missing = False
        """Whether a card is archived no more of which no more was known than that it is gone: load the history anew."""

    def clear(self) -> None:
        """Take the cards off the screen, before the history is loaded anew.

        What was withdrawn or marked stays known, for a frame from before may still be on its way. What the person
        belongs to does not, for a frame for an audience that is new may come before the history that says so.
        """
        self.audiences = None
        self.cards = {key: card for key, card in self.cards.items() if card.get("retracted")}
        self.missing = False

    def forget(self) -> None:
        """Forget everything: the person had all of it erased."""
        self.cards.clear()
        self.marks.clear()
        self.read_up_to = ""

    def take_answer(self, answer: Mapping[str, Any]) -> list[Card]:
        """Take in a page of the history, or an answer about changes.

        Returns:
            The cards that are new, or newer than what was known.
        """
        if answer["audiences"] != self.audiences:
            self.audiences = answer["audiences"]
            self.cards = {key: card for key, card in self.cards.items() if self._concerns(card)}
        self._take_marks(answer["marks"], answer["readUpTo"])
        # What is gone has to be known as well: a frame that brings it may still be on its way.
        self._take_cards(answer.get("gone", ()))
        return self._take_cards(answer["alerts"])

    def take_frame(self, frame: Mapping[str, Any]) -> list[Card]:
        """Take in a live frame; those of a type that is not known here are left alone."""
        match frame.get("type"):
            case "alerts":
                return self._take_cards(frame["alerts"])
            case "marks":
                self._take_marks(frame["marks"], frame["readUpTo"])
                return []
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

    def _take_cards(self, cards: Iterable[Card]) -> list[Card]:
        fresh: list[Card] = []
        for card in filter(self._concerns, cards):
            known = self.cards.get(card["card"])
            if known is None or known["position"] < card["position"]:
                fresh.append(card)
            if known is None or _newness(known) < _newness(card):
                self.cards[card["card"]] = card
        return fresh

    def _take_marks(self, marks: Iterable[Mark], read_up_to: str) -> None:
        for mark in marks:
            other = self.marks.get(mark["card"])
            if other is None or _rank(other) < _rank(mark):
                self.marks[mark["card"]] = mark
                known = self.cards.get(mark["card"], {})
                revision = known.get("retracted") and known["position"] == mark["position"]
                self.missing |= bool(revision and not mark.get("archived"))
        self.read_up_to = max(self.read_up_to, read_up_to)

    def _concerns(self, card: Card) -> bool:
        if self.audiences is None or "audience" not in card:
            return True
        since = self.audiences.get(card["audience"], _NEVER)
        return since is None or card["at"] >= since

    def _state(self, card: Card) -> dict[str, bool]:
        unmarked = card["at"] <= self.read_up_to
        mark = self.marks.get(card["card"])
        if mark is None or mark["position"] != card["position"]:
            return {"read": unmarked, "archived": False}
        read = mark.get("read")
        return {"read": unmarked if read is None else read, "archived": mark.get("archived", False)}


def _newness(card: Card) -> tuple[str, str]:
    """Copies of one revision for several audiences may have been stored at different times: the last one counts."""
    return card["position"], card.get("at", "")


def _rank(mark: Mark) -> tuple[str, int]:
    return mark["position"], mark["version"]


def _expired(card: Card, now: datetime) -> bool:
    expires = card.get("expiresAt")
    return expires is not None and datetime.fromisoformat(expires) <= now
