import asyncio
import heapq
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from shared.audience import Audience
from shared.delivery.channels.live import LiveChannel
from shared.delivery.deliver import Deliver
from shared.errors import BelfryError, TransientError
from shared.wire.message import Outgoing, Received
from tests.unit.shared.fakes import (
    ADA,
    BEN,
    NOON,
    OFFICE,
    Place,
    RecordingChannel,
    RecordingPublisher,
    SetClock,
    received,
)
from tests.unit.shared.memory import MemoryStore

AUDIENCES = (ADA, BEN, OFFICE)
DUPLICATE_WINDOW = timedelta(minutes=10)
MINUTES = st.integers(0, 360).map(lambda minutes: timedelta(minutes=minutes))


class Outage(Struct, frozen=True):
    """A time in which a service does not answer, for one audience or, with None, for all."""

    service: str
    audience: Audience | None
    start: timedelta
    length: timedelta

    def covers(self, moment: datetime) -> bool:
        """Whether the service is away then."""
        return NOON + self.start <= moment < NOON + self.start + self.length


class Queue:
    """A queue in memory, with scheduled messages, redelivery, and detection of duplicates: an `Outbox`."""

    def __init__(self, clock: SetClock) -> None:
        self.parked: list[Outgoing] = []
        self.outages: list[Outage] = []
        self._clock = clock
        self._waiting: list[tuple[datetime, int, Outgoing]] = []
        self._taken: dict[str, datetime] = {}
        self._number = 0

    async def again(self, messages: Sequence[Outgoing]) -> None:
        """See `Outbox`."""
        self._check()
        for message in messages:
            taken = self._taken.get(message.message_id)
            if taken is not None and self._clock.now - taken < DUPLICATE_WINDOW:
                continue
            self._taken[message.message_id] = self._clock.now
            self._number += 1
            heapq.heappush(self._waiting, (message.scheduled or self._clock.now, self._number, message))

    async def park(self, messages: Sequence[Outgoing]) -> None:
        """See `Outbox`."""
        self._check()
        self.parked += messages

    def receive(self, most: int) -> list[Received]:
        """The next batch, at the time when it comes; empty when nothing is left."""
        if not self._waiting:
            return []
        self._clock.now = max(self._clock.now, self._waiting[0][0])
        batch: list[Received] = []
        while self._waiting and len(batch) < most and self._waiting[0][0] <= self._clock.now:
            enqueued, number, message = heapq.heappop(self._waiting)
            batch.append(received(message, Place(enqueued, number)))
        return batch

    def _check(self) -> None:
        if any(outage.covers(self._clock.now) for outage in self.outages):
            raise TransientError("the queue takes nothing")


class Story(Struct, frozen=True):
    """Alerts, when they are sent and to whom, and what is away when."""

    alerts: list[tuple[timedelta, frozenset[Audience], str | None]]
    outages: list[Outage]
    batch: int


stories = st.builds(
    Story,
    alerts=st.lists(
        st.tuples(MINUTES, st.frozensets(st.sampled_from(AUDIENCES), min_size=1), st.sampled_from(["t", None, None])),
        min_size=1,
        max_size=10,
    ),
    outages=st.lists(
        st.builds(
            Outage,
            service=st.sampled_from(["store", "live", "push", "queue"]),
            audience=st.sampled_from([None, *AUDIENCES]),
            start=MINUTES,
            length=MINUTES.map(lambda length: length / 2),
        ),
        max_size=6,
    ),
    batch=st.integers(1, 32),
)


class Outcome(Struct, frozen=True):
    """What a story came to."""

    store: MemoryStore
    screens: RecordingPublisher
    phones: RecordingChannel
    queue: Queue
    sent: list[Outgoing]


def live_through(story: Story) -> Outcome:
    """Send the alerts at their times and deliver until the queue is empty."""
    clock = SetClock()
    outcome = Outcome(MemoryStore(), RecordingPublisher(), RecordingChannel("push"), Queue(clock), [])
    deliver = Deliver(outcome.store, [LiveChannel(outcome.screens), outcome.phones], outcome.queue, clock)

    def down(service: str) -> dict[Audience, Any]:
        away = [outage for outage in story.outages if outage.service == service and outage.covers(clock.now)]
        error: BelfryError = TransientError(f"{service} is away")
        return {audience: error for audience in AUDIENCES if any(o.audience in (None, audience) for o in away)}

    async def run() -> None:
        for index, (after, audiences, thread) in enumerate(sorted(story.alerts, key=lambda alert: alert[0])):
            fields = {"to": sorted(map(str, audiences)), "title": "x"} | ({"thread": thread} if thread else {})
            message = Outgoing(json.dumps(fields).encode(), f"a{index}", scheduled=NOON + after)
            outcome.sent.append(message)
            await outcome.queue.again([message])
        outcome.queue.outages += [outage for outage in story.outages if outage.service == "queue"]
        while batch := outcome.queue.receive(story.batch):
            while True:
                outcome.store.down, outcome.screens.down, outcome.phones.down = (
                    down("store"),
                    down("live"),
                    down("push"),
                )
                try:
                    await deliver(batch)
                except TransientError:
                    clock.advance(timedelta(minutes=1))  # the lock runs out, the queue redelivers
                else:
                    break

    asyncio.run(run())
    return outcome


@given(stories)
def test_outages_of_hours_lose_nothing(story: Story) -> None:
    """Whatever is away for up to three hours, in any combination: every inbox is complete and nothing is parked."""
    outcome = live_through(story)
    assert outcome.queue.parked == []
    for audience in AUDIENCES:
        cards = {message.get("thread", name) for name, message in _sent_to(outcome, audience)}
        assert {kept.card for kept in outcome.store.of(audience)} == cards


@given(stories)
def test_everything_in_an_inbox_was_told(story: Story) -> None:
    """Every card, as it is in the end, has been on the screens and on the phones of its audience."""
    outcome = live_through(story)
    on_screens = {
        (str(audience), card["card"], card["position"])
        for audience in AUDIENCES
        for card in outcome.screens.cards(audience)
    }
    on_phones = {(str(alert.audience), alert.card, alert.position) for alert in outcome.phones.told}
    in_inboxes = {(str(kept.audience), kept.card, kept.position) for a in AUDIENCES for kept in outcome.store.of(a)}
    assert in_inboxes <= on_screens
    assert in_inboxes <= on_phones


@given(stories)
def test_nothing_is_told_twice_while_the_queue_works(story: Story) -> None:
    """An outage of one channel does not push twice to a phone: only an unanswered queue may make a repetition."""
    outcome = live_through(Story(story.alerts, [o for o in story.outages if o.service != "queue"], story.batch))
    on_phones = [(str(alert.audience), alert.id) for alert in outcome.phones.told]
    assert len(on_phones) == len(set(on_phones))
    for audience in AUDIENCES:
        on_screens = [card["id"] for card in outcome.screens.cards(audience)]
        assert len(on_screens) == len(set(on_screens))


@given(stories)
def test_a_thread_ends_with_its_newest_alert(story: Story) -> None:
    """Delays do not turn the order: in each inbox the thread shows the last alert that was sent to it."""
    outcome = live_through(story)
    for audience in AUDIENCES:
        names = [name for name, message in _sent_to(outcome, audience) if "thread" in message]
        shown = [kept.id for kept in outcome.store.of(audience) if kept.card == "t"]
        assert shown == names[-1:]


def _sent_to(outcome: Outcome, audience: Audience) -> list[tuple[str, dict[str, Any]]]:
    documents = [(message.message_id, json.loads(message.body)) for message in outcome.sent]
    return [(name, document) for name, document in documents if str(audience) in document["to"]]
