"""The ledger: what was sent, what everyone has to get, and what came when. Pure: the time is passed in."""

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from belfry import Alert, Severity
from demo.people import Person
from shared.position import enqueued_at

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A card that reached someone's client."""

    user: str
    card: str
    """Key of the card; a later arrival with the same key replaces it."""
    position: str
    """Of what it says; the highest is the newest."""
    title: str
    severity: Severity
    milliseconds: int
    """From the moment the queue took the alert until the client had the card."""


@dataclass(frozen=True, slots=True)
class Account:
    """How one person fared."""

    user: str
    expected: int
    missing: tuple[str, ...]
    """Titles of the expected alerts that did not come."""
    milliseconds: tuple[int, ...]
    """Of every expected alert that came."""

    @property
    def median(self) -> float | None:
        """Of the milliseconds; None when nothing came."""
        return statistics.median(self.milliseconds) if self.milliseconds else None

    @property
    def longest(self) -> int | None:
        """Of the milliseconds; None when nothing came."""
        return max(self.milliseconds, default=None)


class Ledger:
    """Keeps the books of one run.

    Args:
        people: those who watch.
        opened: cards enqueued before belong to an earlier run, and do not count.
    """

    def __init__(self, people: Iterable[Person], opened: datetime) -> None:
        self._people = tuple(people)
        self._opened = opened
        self._sent: dict[str, Alert] = {}
        self._came: dict[str, dict[str, int]] = {person.user: {} for person in self._people}

    @property
    def alerts(self) -> int:
        """How many were sent."""
        return len(self._sent)

    def sending(self, alert: Alert) -> None:
        """Expect this alert, which has an id, at everyone whom it is for."""
        assert alert.id is not None, "an alert without an id cannot be recognised"  # noqa: S101  # the shop gives ids
        self._sent[alert.id] = alert

    def arrived(self, user: str, card: Mapping[str, Any], now: datetime) -> Arrival | None:
        """Enter a card that reached a person; None when it is of an earlier run."""
        enqueued = enqueued_at(card["position"])
        if enqueued < self._opened:
            return None
        # Enqueue times are whole milliseconds, rounded down: never less than zero on one machine's clock.
        milliseconds = max(0, (now - enqueued) // _MILLISECOND)
        if card.get("id") in self._sent:
            self._came[user][card["id"]] = milliseconds
        return Arrival(
            user=user,
            card=card["card"],
            position=card["position"],
            title=card.get("title", "(withdrawn)"),
            severity=Severity(card.get("severity", Severity.INFO)),
            milliseconds=milliseconds,
        )

    def complete(self, user: str) -> bool:
        """Whether a person got all that was sent to them so far."""
        return not self._missing(self._person(user))

    def accounts(self) -> list[Account]:
        """How everyone fared so far, in the order of the people."""
        return [
            Account(
                user=person.user,
                expected=len(self._expected(person)),
                missing=tuple(str(alert.title) for alert in self._missing(person)),
                milliseconds=tuple(self._came[person.user].values()),
            )
            for person in self._people
        ]

    def _person(self, user: str) -> Person:
        return next(person for person in self._people if person.user == user)

    def _expected(self, person: Person) -> list[Alert]:
        return [alert for alert in self._sent.values() if not person.audiences.isdisjoint(alert.to)]

    def _missing(self, person: Person) -> list[Alert]:
        """Those that did not come, and were not overtaken: who was away gets only the last of a thread."""
        came = self._came[person.user]
        overtaken: set[str | None] = set()
        missing: list[Alert] = []
        for alert in reversed(self._expected(person)):
            if alert.id in came:
                overtaken.add(alert.thread)
            elif alert.thread is None or alert.thread not in overtaken:
                missing.append(alert)
        return missing[::-1]
