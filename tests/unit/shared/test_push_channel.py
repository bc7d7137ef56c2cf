from datetime import timedelta
from typing import Any

import pytest
from msgspec import Struct

from shared.alert import Push
from shared.audience import EVERYONE
from shared.delivery.channels.live import LiveChannel
from shared.delivery.channels.push import PushChannel
from shared.delivery.deliver import Deliver
from shared.errors import BelfryError, RefusedError, TransientError
from shared.push.devices import Device
from shared.push.message import Platform
from shared.push.sending import Pushing
from shared.wire.message import Outgoing, open_parcel
from tests.unit.shared.fakes import (
    ADA,
    BEN,
    NOON,
    OFFICE,
    RecordingOutbox,
    RecordingPublisher,
    SetClock,
    place,
    received,
    stored,
)
from tests.unit.shared.hub import MemoryHub
from tests.unit.shared.memory import MemoryPeople, MemoryStore

PASSING = TransientError("away")
AT_ONCE = 16


class Screens:
    """Who is connected: a `Presence`."""

    def __init__(self) -> None:
        self.users: set[str] = set()
        self.trouble: BelfryError | None = None
        self.asked: list[str] = []

    async def connected(self, user: str) -> bool:
        """See `Presence`."""
        self.asked.append(user)
        if self.trouble:
            raise self.trouble
        return user in self.users


class World(Struct, frozen=True):
    """The push channel, and everything around it. Ada and Ben have a phone each."""

    hub: MemoryHub
    screens: Screens
    people: MemoryPeople
    clock: SetClock
    channel: PushChannel


@pytest.fixture
async def world(people: MemoryPeople, clock: SetClock) -> World:
    """Nobody is connected, and nothing was sent."""
    for user in ("ada", "ben"):
        device = Device(
            installation=user, platform=Platform.APNS, push_channel="x", registered_at=NOON, renewed_at=NOON
        )
        await people.save_device(user, device)
    hub, screens = MemoryHub(), Screens()
    return World(hub, screens, people, clock, PushChannel(Pushing(hub, people, people), screens, clock))


@pytest.mark.parametrize(
    ("push", "is_connected", "is_pushed"),
    [
        (Push.OFFLINE, False, True),
        (Push.OFFLINE, True, False),
        (Push.ALWAYS, False, True),
        (Push.ALWAYS, True, True),
        (Push.NEVER, False, False),
        (Push.NEVER, True, False),
    ],
)
async def test_the_alert_says_whom_it_rings_for(
    world: World, push: Push, *, is_connected: bool, is_pushed: bool
) -> None:
    """Who is away, all, or nobody; it is asked who is connected only where that matters."""
    world.screens.users = {"ada"} if is_connected else set()
    assert await world.channel.deliver([stored("a", push=push)]) == [None]
    assert world.hub.log() == ([("alert", "a", "apns")] if is_pushed else [])
    assert world.screens.asked == (["ada"] if push is Push.OFFLINE else [])


@pytest.mark.parametrize("audience", [OFFICE, EVERYONE], ids=str)
async def test_many_are_pushed_to_whoever_is_connected(world: World, audience: Any) -> None:
    """Nobody counts them: each client drops what it has on screen."""
    assert await world.channel.deliver([stored("a", 1, audience)]) == [None]
    assert len(world.hub.sent) == len(Platform)
    assert world.screens.asked == []


async def test_who_may_be_connected_is_pushed_to(world: World) -> None:
    """With presence away: in doubt, twice is better than not at all."""
    world.screens.users, world.screens.trouble = {"ada"}, PASSING
    assert await world.channel.deliver([stored("a")]) == [None]
    assert world.hub.log() == [("alert", "a", "apns")]


async def test_what_was_withdrawn_is_taken_back(world: World) -> None:
    """Also from who is connected: the notification may be older than the connection."""
    world.screens.users = {"ada"}
    assert await world.channel.deliver([stored("a", retract=True, title=None, thread="t")]) == [None]
    assert world.hub.log() == [("clear", "t", "apns")]


async def test_what_has_expired_rings_for_nobody(world: World) -> None:
    """However it was held up: what is over is not worth a ring. What is withdrawn is still taken back."""
    until = NOON + timedelta(minutes=1)
    world.clock.now = until
    alerts = [
        stored("a", 1, expires_at=until),
        stored("b", 2, expires_at=until, push=Push.ALWAYS),
        stored("c", 3, expires_at=until, retract=True, title=None),
        stored("d", 4, expires_at=until + timedelta(seconds=1)),
    ]
    assert await world.channel.deliver(alerts) == [None] * 4
    assert sorted(world.hub.log()) == [("alert", "d", "apns"), ("clear", "c", "apns")]


async def test_each_alert_has_its_own_outcome(world: World) -> None:
    """In the order given; one that is refused hinders no other."""
    never = RefusedError("never")
    world.hub.down = {Platform.BROWSER: never}
    alerts = [stored("a"), stored("b", 2, OFFICE), stored("c", 3, BEN)]
    assert await world.channel.deliver(alerts) == [None, never, None]
    assert {(card, platform) for _, card, platform in world.hub.log()} >= {("a", "apns"), ("c", "apns")}


async def test_the_service_is_not_asked_more_at_once_than_it_takes(world: World) -> None:
    """A batch of 32 goes in two rounds."""
    world.hub.slow = 10
    assert await world.channel.deliver([stored(f"a{number}", number) for number in range(32)]) == [None] * 32
    assert len(world.hub.sent) == 32
    assert world.hub.most_at_once == AT_ONCE


async def test_pushes_that_fail_are_all_that_is_tried_again(
    world: World, store: MemoryStore, publisher: RecordingPublisher, outbox: RecordingOutbox
) -> None:
    """With pushes away an alert is stored and live, once; its copy is for the push alone, until that works."""
    deliver = Deliver(store, [LiveChannel(publisher), world.channel], outbox, world.clock)
    world.hub.down = dict.fromkeys(Platform, PASSING)
    original = Outgoing(b'{"to": ["user:ada", "role:back-office"], "title": "Fire"}', "fire")
    counts = await deliver([received(original, place(1))])
    assert (counts["delivered"], counts["retried"]) == (2, 1)
    for attempt in (1, 2):
        [copy] = outbox.scheduled
        parcel = open_parcel(received(copy))
        assert (parcel.channels, parcel.attempt) == (frozenset({"push"}), attempt)
        assert set(parcel.audiences) == {ADA, OFFICE}
        outbox.scheduled.clear()
        assert copy.scheduled
        world.clock.now = copy.scheduled
        if attempt == 2:
            world.hub.down = {}
        await deliver([received(copy, place(attempt + 1))])
    assert (outbox.scheduled, outbox.parked) == ([], [])
    assert sorted(world.hub.log()) == sorted(
        [("alert", "fire", "apns"), *(("alert", "fire", platform.value) for platform in Platform)]
    )
    for audience in (ADA, OFFICE):
        assert [card["card"] for card in publisher.cards(audience)] == ["fire"]


async def test_who_has_connected_meanwhile_needs_no_push(
    world: World, store: MemoryStore, publisher: RecordingPublisher, outbox: RecordingOutbox
) -> None:
    """A push that was held up goes by who is there when it is sent."""
    deliver = Deliver(store, [LiveChannel(publisher), world.channel], outbox, world.clock)
    world.hub.down = dict.fromkeys(Platform, PASSING)
    await deliver([received(Outgoing(b'{"to": ["user:ada"], "title": "Fire"}', "fire"), place(1))])
    world.hub.down, world.screens.users = {}, {"ada"}
    await deliver([received(outbox.scheduled.pop(), place(2))])
    assert (world.hub.sent, outbox.scheduled, outbox.parked) == ([], [], [])


async def test_a_push_that_is_refused_is_parked_alone(
    world: World, store: MemoryStore, publisher: RecordingPublisher, outbox: RecordingOutbox
) -> None:
    """Its alert is in the inbox and was live; an operator finds what was left out."""
    deliver = Deliver(store, [LiveChannel(publisher), world.channel], outbox, world.clock)
    world.hub.down = dict.fromkeys(Platform, RefusedError("too large"))
    await deliver([received(Outgoing(b'{"to": ["user:ada"], "title": "Fire"}', "fire"), place(1))])
    assert outbox.scheduled == []
    [parked] = outbox.parked
    assert open_parcel(received(parked)).channels == frozenset({"push"})
    assert "too large" in str(parked.properties["reason"])
    assert len(store.of(ADA)) == len(publisher.cards(ADA)) == 1


async def test_who_has_no_device_costs_one_question_a_batch(world: World) -> None:
    """Most people of most alerts have none: nobody asks whether they are connected, and nothing is sent."""
    asked: list[str] = []

    class Counting(MemoryPeople):
        async def devices(self, user: str) -> list[Device]:
            asked.append(user)
            return await super().devices(user)

    people = Counting()
    channel = PushChannel(Pushing(world.hub, people, people), world.screens, world.clock)
    assert await channel.deliver([stored(f"a{number}", number, ADA) for number in range(20)]) == [None] * 20
    assert (asked, world.screens.asked) == (["ada"], [])


async def test_a_question_that_fails_is_asked_for_each_alert(world: World) -> None:
    """That it is not known whether there is a device fails the alerts themselves, so that they come again."""

    class Away(MemoryPeople):
        async def devices(self, user: str) -> list[Device]:
            del user
            raise PASSING

    channel = PushChannel(Pushing(world.hub, Away(), world.people), world.screens, world.clock)
    assert await channel.deliver([stored("a", 1, ADA), stored("b", 2, ADA)]) == [PASSING, PASSING]
