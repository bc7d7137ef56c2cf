"""A whole system in memory, with one person in it: the application's own code, between stores and a client."""

import json
from datetime import timedelta
from typing import Any, Final

from belfry.rule import Card, View
from shared.alert import Alert
from shared.delivery.channels.live import LiveChannel
from shared.delivery.deliver import Deliver
from shared.identity import Person
from shared.inbox.catching_up import CatchingUp
from shared.inbox.changes import Feeds
from shared.inbox.errors import CardNotFoundError
from shared.inbox.feeds import SharedFeeds
from shared.inbox.heads import SharedHeads
from shared.inbox.history import Wanted
from shared.inbox.marking import Marking, Said
from shared.inbox.membership import TopicAccess
from shared.inbox.settling_in import SettlingIn
from shared.inbox.sync import SyncExpiredError
from shared.inbox.visiting import Reception
from shared.wire.json import encode
from shared.wire.message import Outgoing, Received, outgoing
from tests.unit.shared.fakes import NOON, RecordingOutbox, RecordingPublisher, SetClock, place, received
from tests.unit.shared.memory import MemoryPeople, MemoryStore

PERSON: Final = Person("ada", frozenset({"office"}))
AUDIENCES: Final = ("user:ada", "role:office", "topic:news", "everyone", "user:ben")


class World:
    """The system, and one client of it.

    Args:
        view: how the client applies the client rule.
    """

    def __init__(self, view: View) -> None:
        self.clock = SetClock()
        self.view = view
        self.queue: list[Received] = []
        """Enqueued, and not delivered yet."""
        self.delivered: list[Received] = []
        self.frames: list[dict[str, Any]] = []
        """Sent to the client, and not arrived yet."""
        self.connected = True
        self.sync = ""
        self._numbers = 0
        self._told = 0
        self._store = MemoryStore()
        self._people = MemoryPeople()
        self._live = RecordingPublisher()
        self._outbox = RecordingOutbox()
        self._deliver = Deliver(self._store, [LiveChannel(self._live)], self._outbox, self.clock)
        reception = Reception(self._people, TopicAccess({"news": ["*"]}), self._live, self.clock)
        feeds = Feeds(SharedFeeds(self._store.feed, self._seconds), self._store.feed, self._people.feed)

        async def key() -> bytes:
            return b"key"

        self._reading = CatchingUp(
            reception,
            self._store,
            SharedHeads(self._store, self._seconds),
            feeds,
            lambda document: document["stored"],
            key,
            settle_from=1,
        )
        self._marking = Marking(reception, self._store)
        self._settling = SettlingIn(reception, self._store)

    def _seconds(self) -> float:
        return (self.clock.now - NOON).total_seconds()

    async def start(self) -> None:
        """The client connects for the first time."""
        await self._load()

    async def enqueue(self, **fields: Any) -> None:
        """A producer sends an alert."""
        self._numbers += 1
        self._receive(outgoing(Alert(**fields), f"m{self._numbers}"))

    def _receive(self, message: Outgoing) -> None:
        self._numbers += 1
        self.queue.append(received(message, place(self._numbers)))

    async def deliver(self, index: int) -> None:
        """One of the messages is delivered: any of them, so some are late."""
        if self.queue:
            message = self.queue.pop(index % len(self.queue))
            self.delivered.append(message)
            await self._deliver([message])
            self._send()

    async def redeliver(self, index: int) -> None:
        """A message comes again, as after a crash."""
        if self.delivered:
            await self._deliver([self.delivered[index % len(self.delivered)]])
            self._send()

    async def mark(self, index: int, *, read: bool | None, archived: bool | None) -> None:
        """The person marks one of the cards they know, perhaps on another device."""
        if self.view.cards:
            card = list(self.view.cards)[index % len(self.view.cards)]
            try:
                await self._marking.mark(PERSON, card, Said(read, archived))
            except CardNotFoundError:
                return
            self._send()

    async def mark_all(self) -> None:
        """The person marks everything as read."""
        await self._marking.mark_all(PERSON, None)
        self._send()

    async def subscribe(self, *, wanted: bool) -> None:
        """The person subscribes to the topic, or ends that; clients that are connected begin anew."""
        change = self._settling.subscribe if wanted else self._settling.unsubscribe
        await change(PERSON, "news")
        self._send()

    def _send(self) -> None:
        """What was published since is on its way to the client, if it is connected and belongs to the audience."""
        for audience, frame in self._live.frames[self._told :]:
            mine = str(audience) in ("user:ada", "role:office", "everyone")
            if self.connected and (mine or (PERSON.user, audience) in self._live.groups):
                # Through JSON, as on the wire.
                self.frames.append(_decoded(frame))
        self._told = len(self._live.frames)

    async def arrive(self, index: int, *, again: bool) -> None:
        """A frame arrives: any of them, and perhaps not for the last time."""
        if self.frames:
            chosen = index % len(self.frames)
            frame = self.frames[chosen] if again else self.frames.pop(chosen)
            if frame["type"] == "audiences":
                await self._load()
            self.view.take_frame(frame)
            if self.view.missing:
                await self._load()

    async def wait(self, by: timedelta) -> None:
        """Time passes."""
        self.clock.advance(by)

    async def disconnect(self) -> None:
        """The connection is gone, with what was on its way."""
        self.connected = False
        self.frames.clear()

    async def reconnect(self) -> None:
        """The client is back, and asks what came in between."""
        self.connected = True
        await self._catch_up()
        await self.check()

    async def _catch_up(self) -> None:
        self.clock.advance(timedelta(seconds=2))  # what is shared among readers is a second old at most
        more = True
        while more:
            try:
                changes = await self._reading.changes(PERSON, self.sync)
            except SyncExpiredError:
                await self._load()
                return
            self.view.take_answer(_decoded(changes))
            if self.view.missing:
                await self._load()
                return
            self.sync, more = changes.sync, changes.more

    async def _load(self) -> None:
        self.view.clear()
        before, sync = None, ""
        while True:
            page = await self._reading.history(PERSON, Wanted(limit=3, before=before))
            self.view.take_answer(_decoded(page))
            sync = sync or page.sync
            if page.next is None:
                self.sync = sync
                return
            before = page.next

    async def served(self) -> tuple[list[Card], int]:
        """What the server shows the person now: the whole history, and the unread count."""
        cards: list[Card] = []
        before, unread = None, 0
        self.clock.advance(timedelta(seconds=2))
        while True:
            page = await self._reading.history(PERSON, Wanted(limit=50, before=before))
            cards += _decoded(page)["alerts"]
            unread = page.unread if before is None else unread
            if page.next is None:
                return cards, unread
            before = page.next

    async def check(self) -> None:
        """The client shows what the server has: the same cards in the same order and state, the same count."""
        cards, unread = await self.served()
        assert outline(self.view.shown(self.clock.now)) == outline(cards)
        assert self.view.unread(self.clock.now) == unread
        assert self._outbox.parked == []


def outline(cards: list[Card]) -> list[tuple[Any, ...]]:
    """As much of cards as has to be the same."""
    return [(card["card"], card["position"], card["title"], card["read"], card["archived"]) for card in cards]


def _decoded(value: object) -> Any:
    return json.loads(encode(value))
