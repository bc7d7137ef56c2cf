"""Stand-ins for what is behind the application's own protocols: they keep its promises, and fail on demand."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from itertools import repeat
from typing import Any

from msgspec import Struct, structs, to_builtins

from shared.alert import Alert
from shared.audience import Audience
from shared.card import StoredAlert, format_moment
from shared.delivery.keeping import Versioned
from shared.errors import BelfryError, TransientError
from shared.inbox.people import MARK_PREFIX, PROFILE_ID, KeptMark, KeptProfile
from shared.inbox.profile import Profile
from shared.inbox.reading import EVERYTHING, Filter, Head
from shared.position import Position, position_of
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


class Fault(Enum):
    """How a single call to the store fails."""

    LOST_REQUEST = "nothing was done"
    LOST_ANSWER = "it was done, but the caller is not told"


class MemoryStore:
    """An inbox in memory: `AlertStore` and `AlertReader`.

    Attributes:
        down: audiences whose partition fails, and how.
        faults: for each call in turn whether and how it fails.
        pauses: for each call in turn how often other tasks get their turn before it.
    """

    def __init__(self) -> None:
        self.cards: dict[tuple[Audience, str], Versioned] = {}
        self.down: dict[Audience, Exception] = {}
        self.faults: Iterator[Fault | None] = repeat(None)
        self.pauses: Iterator[int] = repeat(1)
        self.pages: list[tuple[Audience, int]] = []
        """Every page that was read: of which audience, and how many alerts it had."""
        self.writes = 0
        self.refuses: Callable[[StoredAlert], BelfryError | None] = lambda _: None
        self._versions = 0

    async def create(self, audience: Audience, alerts: Sequence[StoredAlert]) -> bool:
        """See `AlertStore`."""
        assert len({alert.card for alert in alerts}) == len(alerts)
        assert all(alert.audience == audience for alert in alerts)
        lost = await self._begin(audience)
        if error := next(filter(None, map(self.refuses, alerts)), None):
            raise error
        free = all((audience, alert.card) not in self.cards for alert in alerts)
        if free:
            for alert in alerts:
                self._put(alert)
        self._end(lost)
        return free

    async def read(self, audience: Audience, card: str) -> Versioned | None:
        """See `AlertStore`."""
        lost = await self._begin(audience)
        self._end(lost)
        return self.cards.get((audience, card))

    async def replace(self, alert: StoredAlert, version: str) -> bool:
        """See `AlertStore`."""
        lost = await self._begin(alert.audience)
        current = self.cards.get((alert.audience, alert.card))
        matches = current is not None and current.version == version
        if matches:
            self._put(alert)
        self._end(lost)
        return matches

    async def page(
        self, audience: Audience, limit: int, before: Position | None, only: Filter = EVERYTHING
    ) -> list[StoredAlert]:
        """See `AlertReader`."""
        self._end(await self._begin(audience))
        found = [kept for kept in self.of(audience) if before is None or kept.position < before]
        found = [kept for kept in found if not only.severities or kept.alert.severity in only.severities]
        found = [kept for kept in found if not only.categories or kept.alert.category in only.categories]
        found.sort(key=lambda kept: kept.position, reverse=True)
        self.pages.append((audience, len(found[:limit])))
        return found[:limit]

    async def heads(self, audience: Audience, limit: int, until: str | None) -> list[Head]:
        """See `AlertReader`."""
        self._end(await self._begin(audience))
        found = [
            Head(kept.card, kept.position, format_moment(kept.at), kept.alert.expires_at, kept.retracted)
            for kept in self.of(audience)
        ]
        found = [head for head in found if until is None or head.at <= until]
        self.pages.append((audience, len(found[:limit])))
        return sorted(found, key=lambda head: (head.at, head.position), reverse=True)[:limit]

    async def find(self, audience: Audience, card: str) -> StoredAlert | None:
        """See `AlertReader`."""
        current = await self.read(audience, card)
        return current.stored if current else None

    async def everything(self, audience: Audience) -> AsyncIterator[StoredAlert]:
        """See `AlertReader`."""
        for kept in self.of(audience):
            yield kept

    async def erase(self, audience: Audience) -> int:
        """See `AlertReader`."""
        erased = [key for key in self.cards if key[0] == audience]
        for key in erased:
            del self.cards[key]
        return len(erased)

    def of(self, audience: Audience) -> list[StoredAlert]:
        """What one audience has, in no order."""
        return [kept.stored for (owner, _), kept in self.cards.items() if owner == audience]

    def put(self, *alerts: StoredAlert) -> None:
        """Have alerts there already."""
        for alert in alerts:
            self._put(structs.replace(alert, seen=alert.seen or (alert.id,)))

    def _put(self, alert: StoredAlert) -> None:
        self.writes += 1
        self._versions += 1
        self.cards[alert.audience, alert.card] = Versioned(alert, f"v{self._versions}")

    async def _begin(self, audience: Audience) -> Fault | None:
        for _ in range(next(self.pauses, 1)):
            await asyncio.sleep(0)
        if error := self.down.get(audience):
            raise error
        fault = next(self.faults, None)
        if fault is Fault.LOST_REQUEST:
            raise DOWN
        return fault

    def _end(self, fault: Fault | None) -> None:
        if fault is Fault.LOST_ANSWER:
            raise DOWN


class MemoryPeople:
    """What is known about people, in memory: a `PeopleStore`."""

    def __init__(self) -> None:
        self.profiles: dict[str, KeptProfile] = {}
        self.kept: dict[tuple[str, str], tuple[KeptMark, str]] = {}
        self._versions = 0

    async def profile(self, user: str) -> KeptProfile:
        """See `PeopleStore`."""
        await asyncio.sleep(0)
        return self.profiles.get(user, KeptProfile(Profile(), None))

    async def save_profile(self, user: str, profile: Profile, version: str | None) -> bool:
        """See `PeopleStore`."""
        matches = (await self.profile(user)).version == version
        if matches:
            self.profiles[user] = KeptProfile(profile, self._version())
        return matches

    async def mark(self, user: str, card: str) -> tuple[KeptMark, str] | None:
        """See `PeopleStore`."""
        await asyncio.sleep(0)
        return self.kept.get((user, card))

    async def save_mark(self, user: str, mark: KeptMark, version: str | None) -> bool:
        """See `PeopleStore`."""
        known = await self.mark(user, mark.card)
        matches = (known[1] if known else None) == version
        if matches:
            self.kept[user, mark.card] = (mark, self._version())
        return matches

    async def marks(self, user: str, cards: Sequence[str]) -> dict[str, KeptMark]:
        """See `PeopleStore`."""
        await asyncio.sleep(0)
        return {card: self.kept[user, card][0] for card in cards if (user, card) in self.kept}

    async def open_marks(self, user: str, read_up_to: str) -> list[KeptMark]:
        """See `PeopleStore`."""
        await asyncio.sleep(0)
        own = [mark for (owner, _), (mark, _) in self.kept.items() if owner == user]
        return [mark for mark in own if mark.at > read_up_to or mark.read is False]

    async def everything(self, user: str) -> AsyncIterator[dict[str, Any]]:
        """See `PeopleStore`."""
        kept = self.profiles.get(user)
        if kept:
            yield {"id": PROFILE_ID, "user": user, **to_builtins(kept.profile), "_etag": kept.version}
        for (owner, card), (mark, version) in self.kept.items():
            if owner == user:
                yield {"id": MARK_PREFIX + card, "user": user, **to_builtins(mark), "_etag": version}

    async def erase(self, user: str) -> int:
        """See `PeopleStore`."""
        count = (self.profiles.pop(user, None) is not None) + sum(owner == user for owner, _ in self.kept)
        self.kept = {key: value for key, value in self.kept.items() if key[0] != user}
        return count

    def _version(self) -> str:
        self._versions += 1
        return f"v{self._versions}"


class RecordingPublisher:
    """Live connections that remember what was published: a `Publisher`."""

    def __init__(self) -> None:
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
