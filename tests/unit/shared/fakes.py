"""Stand-ins for what is behind the application's own protocols: they keep its promises, and fail on demand."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from shared.alert import Alert
from shared.audience import Audience
from shared.card import StoredAlert
from shared.errors import BelfryError, TransientError
from shared.position import position_of
from shared.wire.message import Outgoing, Received

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA = Audience.parse("user:ada")
BEN = Audience.parse("user:ben")
OFFICE = Audience.parse("role:back-office")
DOWN = TransientError("away for a while")


class SetClock:
    """A clock that stands until it is set."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time that was set."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.now += by


class RecordingPublisher:
    """Live connections that remember: a `Publisher`, and the `LiveConnections` of the inbox."""

    def __init__(self) -> None:
        self.groups: set[tuple[str, Audience]] = set()
        """Which user's connections are in which group."""
        self.frames: list[tuple[Audience, dict[str, Any]]] = []
        self.down: dict[Audience, Exception] = {}
        self.begun = 0
        """How often it was asked, in vain or not."""

    async def publish(self, audience: Audience, frame: dict[str, Any]) -> None:
        """See `Publisher`."""
        self.begun += 1
        await asyncio.sleep(0)
        if error := self.down.get(audience):
            raise error
        self.frames.append((audience, frame))

    async def client_url(self, user: str, audiences: Sequence[Audience], lifetime: timedelta) -> str:
        """See `LiveConnections`."""
        groups = ",".join(audience.group for audience in audiences if audience.group)
        return f"wss://live.example/?user={user}&groups={groups}&seconds={lifetime.total_seconds():.0f}"

    async def join(self, user: str, audience: Audience) -> None:
        """See `LiveConnections`."""
        self.groups.add((user, audience))

    async def leave(self, user: str, audience: Audience) -> None:
        """See `LiveConnections`."""
        self.groups.discard((user, audience))

    def cards(self, audience: Audience) -> list[dict[str, Any]]:
        """All cards that an audience was sent, in the order they came."""
        return [card for owner, frame in self.frames if owner == audience for card in frame["alerts"]]


class RecordingChannel:
    """A `Channel` that remembers whom it told of what."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.told: list[StoredAlert] = []
        self.down: dict[Audience, BelfryError] = {}
        self.defect: BaseException | None = None
        """Raised instead of doing anything."""

    @property
    def name(self) -> str:
        """See `Channel`."""
        return self._name

    async def deliver(self, alerts: Sequence[StoredAlert]) -> list[BelfryError | None]:
        """See `Channel`."""
        if self.defect:
            raise self.defect
        outcomes = [self.down.get(alert.audience) for alert in alerts]
        self.told += [alert for alert, error in zip(alerts, outcomes, strict=True) if error is None]
        return outcomes

    def log(self) -> list[tuple[str, str]]:
        """Audience and alert id of everything that was told, in order."""
        return [(str(alert.audience), alert.id) for alert in self.told]


class RecordingOutbox:
    """An `Outbox` that keeps what it was given, or takes nothing."""

    def __init__(self) -> None:
        self.scheduled: list[Outgoing] = []
        self.parked: list[Outgoing] = []
        self.trouble: BelfryError | None = None

    async def again(self, messages: Sequence[Outgoing]) -> None:
        """See `Outbox`."""
        if self.trouble:
            raise self.trouble
        self.scheduled += messages

    async def park(self, messages: Sequence[Outgoing]) -> None:
        """See `Outbox`."""
        if self.trouble:
            raise self.trouble
        self.parked += messages


class Place(Struct, frozen=True):
    """Where a queue put a message."""

    enqueued: datetime = NOON
    sequence_number: int = 1


def received(message: Outgoing, place: Place = Place()) -> Received:  # noqa: B008  # frozen
    """A message as it comes out of the queue that it was sent to."""
    return Received(
        body=message.body,
        message_id=message.message_id,
        enqueued=place.enqueued,
        sequence_number=place.sequence_number,
        content_type=message.content_type,
        properties=dict(message.properties),
    )


def place(number: int) -> Place:
    """The place of the message with this number: one a millisecond."""
    return Place(NOON + timedelta(milliseconds=number), number)


def stored(
    alert_id: str = "a", number: int = 1, audience: Audience = ADA, *, at: datetime = NOON, **fields: Any
) -> StoredAlert:
    """An alert for one audience at the position of the message with this number."""
    alert = Alert(to=(str(audience),), id=alert_id, **({"title": f"{alert_id} at {number}"} | fields))
    where = place(number)
    return StoredAlert(alert, alert_id, audience, position_of(where.enqueued, where.sequence_number), at)
