"""What comes of a batch: counted for whoever called, and measured for whoever operates."""

from collections import Counter
from datetime import datetime

from shared.card import StoredAlert
from shared.delivery.keeping import Verdict
from shared.position import enqueued_at
from shared.telemetry import Reason, Telemetry
from shared.wire.message import STORE, Received

LIVE = "live"


class Outcomes:
    """What came of one batch.

    Args:
        telemetry: where it is measured.
        received: how many messages the batch has.
    """

    def __init__(self, telemetry: Telemetry, received: int) -> None:
        self.counts: Counter[str] = Counter(received=received)
        self._telemetry = telemetry

    def kept(self, alert: StoredAlert, now: datetime, *, new: bool) -> str:
        """An alert is in an inbox, just put there or found there; returns what that is called."""
        self.counts["delivered"] += 1
        if new:
            self._telemetry.stored(alert.audience.kind, _seconds_since(alert, now))
            return "stored"
        self._telemetry.duplicate(Verdict.REDELIVERY.value)
        return Verdict.REDELIVERY.value

    def read_back(self) -> None:
        """An alert is in an inbox since an earlier attempt."""
        self.counts["delivered"] += 1

    def dropped(self, verdict: Verdict) -> None:
        """An alert is not shown."""
        self.counts[verdict.value] += 1
        if verdict is not Verdict.EARLY:
            self._telemetry.duplicate(verdict.value)

    def told(self, channel: str, alert: StoredAlert, now: datetime) -> None:
        """An alert was told to its audience."""
        self._telemetry.delivered(channel)
        if channel == LIVE:
            self._telemetry.published(alert.audience.kind, _seconds_since(alert, now))

    def expired(self) -> None:
        """The time of an alert is over."""
        self.counts["expired"] += 1
        self._telemetry.expired()

    def postponed(self) -> None:
        """An alert is not due yet."""
        self.counts["postponed"] += 1

    def retried(self, channels: frozenset[str]) -> None:
        """An alert comes again. Where it is not kept, it is that which failed, and nobody was told."""
        self.counts["retried"] += 1
        self._telemetry.retried({STORE} if STORE in channels else channels)

    def poisoned(self, message: Received, reason: Reason) -> None:
        """An alert is parked."""
        self.counts["poisoned"] += 1
        self._telemetry.poisoned(message, reason)

    def escalating(self, count: int) -> None:
        """So many alerts are followed by rounds of escalation."""
        self.counts["escalating"] += count

    def escalated(self) -> None:
        """A round of escalation was seen to."""
        self.counts["rounds"] += 1
        self._telemetry.escalated()


def _seconds_since(alert: StoredAlert, now: datetime) -> float:
    return (now - enqueued_at(alert.position)).total_seconds()
