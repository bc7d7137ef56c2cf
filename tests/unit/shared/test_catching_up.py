import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from shared.audience import EVERYONE, Audience
from shared.card import StoredAlert, format_moment
from shared.identity import Person
from shared.inbox.catching_up import SETTLE_FROM
from shared.inbox.errors import CardNotFoundError
from shared.inbox.history import Wanted
from shared.inbox.marking import Said
from shared.inbox.state import Mark, State, state_of
from shared.inbox.sync import LIFETIME, SyncExpiredError
from shared.wire.message import Received
from tests.unit.shared.fakes import ADA, BEN, DOWN, NOON, OFFICE, place, received, stored
from tests.unit.shared.house import House, Worker

OUTAGES = Audience.parse("topic:outages")
ME = Person("ada", frozenset({"back-office"}))
ALERTS = (ADA, OFFICE, OUTAGES, EVERYONE, BEN)
NAMES = "abcdefgh"


class Screen:
    """A client as the design has it: of a card the higher position wins, then what was stored last; so with marks."""

    def __init__(self) -> None:
        self.cards: dict[str, Mapping[str, Any]] = {}
        self.marks: dict[str, Mark] = {}
        self.read_up_to = ""
        self.sync: str | None = None
        self.unread = 0

    def apply(self, cards: list[dict[str, Any]], marks: list[Mark], read_up_to: str) -> None:
        """Take in what came, in whatever order and however often."""
        for card in cards:
            known = self.cards.get(card["card"])
            if known is None or _age(card) >= _age(known):
                self.cards[card["card"]] = card
        for mark in marks:
            earlier = self.marks.get(mark.card)
            if earlier is None or mark.supersedes(earlier):
                self.marks[mark.card] = mark
        self.read_up_to = max(self.read_up_to, read_up_to)

    async def load(self, worker: Worker) -> None:
        """Forget everything, and load the history from its first page to its last."""
        self.cards, self.marks, self.read_up_to = {}, {}, ""
        page = await worker.reading.history(ME, Wanted(3))
        self.sync, self.unread = page.sync, page.unread
        self.apply(page.alerts, page.marks, page.readUpTo)
        while page.next is not None:
            page = await worker.reading.history(ME, Wanted(3, before=page.next))
            self.apply(page.alerts, page.marks, page.readUpTo)

    async def catch_up(self, worker: Worker) -> None:
        """Ask for changes until there are no more; load everything anew where that is what is answered."""
        more = True
        while more:
            if self.sync is None:
                await self.load(worker)
                return
            try:
                changes = await worker.reading.changes(ME, self.sync)
            except SyncExpiredError:
                self.sync = None
                continue
            self.sync, self.unread, more = changes.sync, changes.unread, changes.more
            self.apply(changes.alerts, changes.marks, changes.readUpTo)

    def shown(self, now: datetime) -> dict[str, tuple[str, bool]]:
        """What is on the screen: position and whether it is read, by card."""
        seen: dict[str, tuple[str, bool]] = {}
        for key, card in self.cards.items():
            over = "expiresAt" in card and datetime.fromisoformat(card["expiresAt"]) <= now
            if card.get("retracted") or over:
                continue
            state = self.state(card)
            if not state.archived:
                seen[key] = (card["position"], state.read)
        return seen

    def state(self, card: Mapping[str, Any]) -> State:
        """The one rule, on the server and on clients."""
        return state_of(card["position"], card["at"], self.marks.get(card["card"]), self.read_up_to)


def _age(card: Mapping[str, Any]) -> tuple[str, str]:
    return card["position"], card.get("at", "~")  # one that is gone has no time, and stays gone


class Story:
    """An application with two workers, where all kinds of things happen to Ada's inbox."""

    def __init__(self) -> None:
        self.house = House({"outages": ["*"]})
        self.workers = [self.house.worker, Worker(self.house)]
        self.sent = 0
        self.shapes: dict[str, tuple[str | None, frozenset[Audience]]] = {}

    def worker(self, number: int) -> Worker:
        """One of the two."""
        return self.workers[number % 2]

    async def deliver(self, name: str, to: frozenset[Audience], thread: str | None, extra: dict[str, Any]) -> None:
        """Deliver one alert; a repeat has the thread and the audiences of the first."""
        thread, to = self.shapes.setdefault(name, (thread, to))
        fields = {
            "id": name,
            "to": sorted(map(str, to)),
            "title": "x",
            **({"thread": thread} if thread else {}),
            **extra,
        }
        self.sent += 1
        where = place(self.sent)
        await self.house.worker.deliver(
            [Received(json.dumps(fields).encode(), f"m{self.sent}", where.enqueued, where.sequence_number)]
        )

    async def redeliver(self) -> None:
        """What failed comes again."""
        copies, self.house.outbox.scheduled = self.house.outbox.scheduled, []
        for copy in copies:
            self.sent += 1
            await self.house.worker.deliver([received(copy, place(self.sent))])

    async def check(self, screen: Screen, worker: Worker) -> None:
        """Caught up, the screen shows what a new one would."""
        self.house.clock.advance(timedelta(seconds=2))
        await screen.catch_up(worker)
        fresh = Screen()
        await fresh.load(Worker(self.house))
        now = self.house.clock.now
        assert screen.shown(now) == fresh.shown(now)
        unread = sum(not read for _, read in fresh.shown(now).values())
        assert fresh.unread == screen.unread == unread


class Step(Struct, frozen=True):
    """One thing that happens."""

    kind: str
    name: str
    to: frozenset[Audience]
    thread: str | None
    flag: bool
    number: int


steps = st.lists(
    st.builds(
        Step,
        kind=st.sampled_from(
            ["deliver"] * 6
            + ["fail", "redeliver", "retract", "expire", "read", "archive", "read all", "wait", "sync", "sync", "topic"]
        ),
        name=st.sampled_from(NAMES),
        to=st.frozensets(st.sampled_from(ALERTS), min_size=1, max_size=3),
        thread=st.sampled_from([None, None, "t"]),
        flag=st.booleans(),
        number=st.integers(0, 90),
    ),
    max_size=30,
)


async def _happen(story: Story, step: Step, screen: Screen) -> None:
    house, worker = story.house, story.worker(step.number)
    house.clock.advance(timedelta(milliseconds=7))
    match step.kind:
        case "deliver" | "fail" | "retract" | "expire" | "redeliver":
            await _send(story, step)
        case "read" | "archive":
            said = Said(read=step.flag) if step.kind == "read" else Said(archived=step.flag)
            with suppress(CardNotFoundError):
                await worker.marking.mark(ME, step.name if step.number % 2 else "t", said)
        case "read all":
            await worker.marking.mark_all(ME, None)
        case "wait":
            house.clock.advance(timedelta(seconds=step.number / 10))
        case "sync":
            await screen.catch_up(worker)
        case _:
            change = worker.settling.subscribe if step.flag else worker.settling.unsubscribe
            await change(ME, "outages")


async def _send(story: Story, step: Step) -> None:
    until = format_moment(story.house.clock.now + timedelta(seconds=step.number))
    match step.kind:
        case "redeliver":
            await story.redeliver()
        case "fail":
            story.house.store.down = dict.fromkeys(ALERTS, DOWN)
            await story.deliver(step.name, step.to, step.thread, {})
            story.house.store.down = {}
        case kind:
            extra: dict[str, dict[str, Any]] = {"retract": {"retract": True}, "expire": {"expiresAt": until}}
            await story.deliver(step.name, step.to, step.thread, extra.get(kind, {}))


@given(steps)
def test_whoever_catches_up_has_everything(history: list[Step]) -> None:
    """No holes: after any history, through any worker, the changes leave a screen as loading everything anew would."""

    async def live_through() -> None:
        story, screen = Story(), Screen()
        for step in history:
            await _happen(story, step, screen)
        await story.redeliver()
        await story.check(screen, story.worker(len(history)))

    asyncio.run(live_through())


@pytest.fixture
def house() -> House:
    """An application in which anyone may subscribe to `outages`."""
    return House({"outages": ["*"]})


async def test_an_alert_that_was_stored_late_is_not_skipped(house: House) -> None:
    """Its position is old, its place in the feed is new: who was up to date hears of it."""
    house.store.put(stored("b", 2))
    sync = (await house.worker.reading.history(ME, Wanted(20))).sync
    house.store.put(stored("a", 1))
    changes = await house.worker.reading.changes(ME, sync)
    assert [card["id"] for card in changes.alerts] == ["a"]


async def test_a_card_that_has_gone_is_said_to_be_gone(house: House) -> None:
    """Withdrawn or expired: the screen is told to take it away."""
    sync = (await house.worker.reading.history(ME, Wanted(20))).sync
    house.store.put(stored("a", 1, retract=True), stored("b", 2, expires_at=NOON))
    changes = await house.worker.reading.changes(ME, sync)
    assert [(card["card"], card["retracted"]) for card in changes.alerts] == [("a", True), ("b", True)]
    assert changes.unread == 0


async def test_nothing_new_costs_no_count(house: House) -> None:
    """Most who come back find just that; the unread count stands as it was."""
    house.store.put(stored("a", 1))
    sync = (await house.worker.reading.history(ME, Wanted(20))).sync
    house.store.pages.clear()
    changes = await house.worker.reading.changes(ME, sync)
    assert (changes.alerts, changes.marks, changes.unread, changes.more) == ([], [], 1, False)
    assert house.store.pages == []


async def test_of_copies_stored_at_different_times_the_last_decides() -> None:
    """One audience of an alert was away when all was marked as read: unread, for the list, the count and the screen."""
    story, screen = Story(), Screen()
    story.house.store.down = {OFFICE: DOWN}
    await story.deliver("a", frozenset({ADA, OFFICE}), None, {})
    story.house.store.down = {}
    await screen.catch_up(story.worker(0))
    await story.worker(0).marking.mark_all(ME, None)
    story.house.clock.advance(timedelta(seconds=5))
    await story.redeliver()
    await story.check(screen, story.worker(0))
    assert screen.unread == 1


async def test_who_reads_card_by_card_does_not_pay_for_it_for_ever(house: House) -> None:
    """What is read in any case is settled after a minute, up to the first unread card; nothing that is seen changes."""
    for number in range(SETTLE_FROM + 20):
        house.store.put(stored(f"a{number:03d}", number, at=NOON + timedelta(seconds=number)))
    unread = "a110"
    for number in range(SETTLE_FROM + 20):
        if f"a{number:03d}" != unread:
            await house.worker.marking.mark(ME, f"a{number:03d}", Said(read=True))
    house.clock.advance(timedelta(minutes=5))
    before = await house.worker.reading.history(ME, Wanted(100))
    after = await house.worker.reading.history(ME, Wanted(100))
    assert (before.unread, after.unread) == (1, 1)
    assert [(card["card"], card["read"]) for card in after.alerts] == [
        (card["card"], card["read"]) for card in before.alerts
    ]
    assert NOON + timedelta(seconds=109) < datetime.fromisoformat(after.readUpTo) < NOON + timedelta(seconds=110)
    assert len(await house.people.open_marks(ME.user, after.readUpTo)) == 9


async def test_cards_come_with_the_marks_that_they_rest_on(house: House) -> None:
    """A client that has not loaded that far down cannot know what the person said about a card that comes again."""
    house.store.put(stored("a", 1))
    await house.worker.marking.mark(ME, "a", Said(archived=True))
    sync = (await house.worker.reading.history(ME, Wanted(20))).sync
    house.store.put(stored("a", 1))
    changes = await house.worker.reading.changes(ME, sync)
    assert [(mark.card, mark.archived) for mark in changes.marks] == [("a", True)]


async def test_the_count_is_no_older_than_the_changes(house: House) -> None:
    """What was read for everybody a moment ago does not count for who has heard of more: the count would stay wrong."""
    other = Worker(house)
    house.store.put(stored("a", 1, OFFICE))
    sync = (await house.worker.reading.history(ME, Wanted(20))).sync
    house.store.put(stored("b", 2, OFFICE))
    heard = await other.reading.changes(ME, sync)
    assert heard.unread == 2
    house.store.put(stored("c", 3, ADA))
    again = await house.worker.reading.changes(ME, heard.sync)
    assert again.unread == 3


async def test_much_that_is_new_comes_in_parts(house: House) -> None:
    """`more` until all is there; each card once."""
    sync = (await house.worker.reading.history(ME, Wanted(20))).sync
    house.store.put(*(stored(f"a{number:04d}", number) for number in range(1200)))
    heard: list[str] = []
    parts = 0
    more = True
    while more:
        changes = await house.worker.reading.changes(ME, sync)
        heard += [card["id"] for card in changes.alerts]
        sync, more, parts = changes.sync, changes.more, parts + 1
    assert heard == [f"a{number:04d}" for number in range(1200)]
    assert parts == 3


async def test_a_token_from_before_the_audiences_changed_has_expired(house: House) -> None:
    """What was not listened to cannot be caught up with: a new subscription means loading anew."""
    sync = (await house.worker.reading.history(ME, Wanted(20))).sync
    await house.worker.settling.subscribe(ME, "outages")
    with pytest.raises(SyncExpiredError):
        await house.worker.reading.changes(ME, sync)
    with pytest.raises(SyncExpiredError):
        await house.worker.reading.changes(Person("ada", frozenset({"other"})), sync)


async def test_an_old_token_has_expired(house: House) -> None:
    """What is forgotten or erased leaves no trace in the feeds."""
    sync = (await house.worker.reading.history(ME, Wanted(20))).sync
    house.clock.advance(LIFETIME)
    await house.worker.reading.changes(ME, sync)
    house.clock.advance(timedelta(seconds=1))
    with pytest.raises(SyncExpiredError):
        await house.worker.reading.changes(ME, sync)


@given(st.integers(0, 10_000), st.integers(1, 255))
async def test_a_changed_token_is_refused(place_in_token: int, change: int) -> None:
    """A forged position would make a hole that nobody sees."""
    house = House()
    sync = (await house.worker.reading.history(ME, Wanted(20))).sync
    index = place_in_token % len(sync)
    forged = sync[:index] + chr(33 + (ord(sync[index]) - 33 + change) % 94) + sync[index + 1 :]
    if forged != sync:
        try:
            await house.worker.reading.changes(ME, forged)
        except SyncExpiredError:
            return
        # The last character of base64 may have bits that mean nothing.
        assert index == len(sync) - 1


async def test_the_same_card_of_two_audiences_comes_once(house: House) -> None:
    """Through the nearest of them."""
    sync = (await house.worker.reading.history(ME, Wanted(20))).sync
    alerts: list[StoredAlert] = [stored("a", 1, EVERYONE), stored("a", 1, ADA), stored("a", 1, OFFICE)]
    house.store.put(*alerts)
    changes = await house.worker.reading.changes(ME, sync)
    assert [(card["id"], card["audience"]) for card in changes.alerts] == [("a", "user:ada")]
