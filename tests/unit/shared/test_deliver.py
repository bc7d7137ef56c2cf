import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec import Struct, structs

from shared.audience import Audience
from shared.delivery.deliver import Deliver
from shared.delivery.retrying import LADDER
from shared.errors import RefusedError, TransientError
from shared.wire.message import Outgoing, Received, open_parcel
from tests.unit.shared.fakes import ADA, BEN, NOON, OFFICE, RecordingChannel, RecordingOutbox, SetClock, place, received
from tests.unit.shared.memory import MemoryStore

ALL = (ADA, BEN, OFFICE)
DOWN = TransientError("down")
NEVER = RefusedError("never")


class World(Struct, frozen=True):
    """Delivery, and everything around it."""

    store: MemoryStore
    live: RecordingChannel
    push: RecordingChannel
    outbox: RecordingOutbox
    clock: SetClock
    deliver: Deliver

    async def redeliver(self, copies: Sequence[Outgoing], number: int = 1000) -> None:
        """Let time pass until these copies come out of the queue, and deliver them in one batch."""
        self.clock.now = max([self.clock.now, *(copy.scheduled for copy in copies if copy.scheduled)])
        await self.deliver([received(copy, place(number + index)) for index, copy in enumerate(copies)])


@pytest.fixture
def world(store: MemoryStore, outbox: RecordingOutbox, clock: SetClock) -> World:
    """Two channels, an empty inbox and empty queues at noon."""
    live, push = RecordingChannel("live"), RecordingChannel("push")
    return World(store, live, push, outbox, clock, Deliver(store, [live, push], outbox, clock))


def message(
    alert_id: str = "a", number: int = 1, to: Sequence[Audience] = (ADA,), *, properties: Any = None, **fields: Any
) -> Received:
    """A producer's message."""
    document = {"to": [str(audience) for audience in to], "title": f"{alert_id} at {number}", "id": alert_id} | fields
    where = place(number)
    body = json.dumps(document).encode()
    return Received(body, alert_id, where.enqueued, where.sequence_number, "application/json", properties or {})


async def test_an_alert_is_kept_and_told_through_every_channel(world: World) -> None:
    """In the inbox of each audience, on the screens and on the phones; nothing is left to do."""
    counts = await world.deliver([message(to=ALL)])
    assert counts == {"received": 1, "delivered": 3}
    assert {str(audience) for audience, _ in world.store.cards} == set(map(str, ALL))
    for channel in (world.live, world.push):
        assert sorted(channel.log()) == sorted((str(audience), "a") for audience in ALL)
    assert (world.outbox.scheduled, world.outbox.parked) == ([], [])


async def test_rotten_messages_do_not_hold_up_the_batch(world: World) -> None:
    """Of a batch of 32 with three that can never work, 29 are delivered and 3 parked with reason and bytes."""
    batch = [message(f"a{number}", number) for number in range(32)]
    rotten = {3: b"\xff\xfe", 17: b"{not json", 30: json.dumps({"to": ["user:ada", "ada"], "title": "x"}).encode()}
    for number, body in rotten.items():
        batch[number] = structs.replace(batch[number], body=body)
    counts = await world.deliver(batch)
    assert counts == {"received": 32, "delivered": 29, "poisoned": 3}
    assert len(world.store.of(ADA)) == len(world.live.told) == len(world.push.told) == 29
    parked = world.outbox.parked
    assert [copy.body for copy in parked] == list(rotten.values())
    assert [copy.properties["messageId"] for copy in parked] == ["a3", "a17", "a30"]
    assert [copy.properties.get("field") for copy in parked] == [None, None, "to[1]"]
    reasons = [str(copy.properties["reason"]) for copy in parked]
    assert [reason.split(":")[0] for reason in reasons] == ["not UTF-8", "not JSON", "`to[1]`"]
    assert len({copy.message_id for copy in parked}) == 3


async def test_a_message_for_a_channel_that_does_not_exist_is_parked(world: World) -> None:
    """A channel that was taken away must not lose what was still to be told through it."""
    await world.deliver([message(properties={"channels": "live,fax"})])
    assert "no channel 'fax'" in str(world.outbox.parked[0].properties["reason"])
    assert world.live.told == []


async def test_a_channel_that_is_down_is_served_later_and_alone(world: World) -> None:
    """The alert is kept once; the copy is for the failed channel and its audiences; nobody is told twice."""
    world.live.down = {ADA: DOWN, OFFICE: DOWN}
    counts = await world.deliver([message(to=ALL)])
    assert counts == {"received": 1, "delivered": 3, "retried": 1}
    [copy] = world.outbox.scheduled
    again = open_parcel(received(copy))
    assert (again.channels, again.audiences, again.attempt) == (frozenset({"live"}), (OFFICE, ADA), 1)
    assert len(world.push.told) == 3
    world.live.down = {}
    writes = world.store.writes
    await world.redeliver([copy])
    assert sorted(world.live.log()) == sorted((str(audience), "a") for audience in ALL)
    assert len(world.push.told) == 3
    assert world.store.writes == writes
    assert world.outbox.scheduled == [copy]


async def test_a_store_that_is_down_for_one_audience_delays_only_that_one(world: World) -> None:
    """It comes again for that audience with everything that is to be done; nobody is told of what is not kept."""
    world.store.down = {BEN: DOWN}
    await world.deliver([message(to=ALL)])
    [copy] = world.outbox.scheduled
    again = open_parcel(received(copy))
    assert (again.audiences, again.channels) == ((BEN,), frozenset({"store", "live", "push"}))
    assert sorted(world.live.log()) == [("role:back-office", "a"), ("user:ada", "a")]
    world.store.down = {}
    await world.redeliver([copy])
    for channel in (world.live, world.push):
        assert sorted(channel.log()) == sorted((str(audience), "a") for audience in ALL)
    # The delay is not to be seen in the order.
    assert len({kept.stored.position for kept in world.store.cards.values()}) == 1


async def test_different_failures_of_one_alert_come_again_as_different_copies(world: World) -> None:
    """Store for one audience, both channels for another, one channel for a third: three copies, no work in two."""
    world.store.down = {BEN: DOWN}
    world.live.down = {ADA: DOWN, OFFICE: DOWN}
    world.push.down = {OFFICE: DOWN}
    await world.deliver([message(to=ALL)])
    again = [open_parcel(received(copy)) for copy in world.outbox.scheduled]
    work = {(parcel.audiences, parcel.channels) for parcel in again}
    assert work == {
        ((BEN,), frozenset({"store", "live", "push"})),
        ((ADA,), frozenset({"live"})),
        ((OFFICE,), frozenset({"live", "push"})),
    }
    assert len({copy.message_id for copy in world.outbox.scheduled}) == 3
    world.store.down, world.live.down, world.push.down = {}, {}, {}
    await world.redeliver(world.outbox.scheduled[:])
    for channel in (world.live, world.push):
        assert sorted(channel.log()) == sorted((str(audience), "a") for audience in ALL)


async def test_copies_for_different_channels_may_share_a_batch(world: World) -> None:
    """Two copies of one alert that meet again do only what each of them is for."""
    world.live.down = {ADA: DOWN}
    world.push.down = {BEN: DOWN}
    await world.deliver([message(to=(ADA, BEN))])
    assert len(world.outbox.scheduled) == 2
    world.live.down, world.push.down = {}, {}
    await world.redeliver(world.outbox.scheduled[:])
    assert sorted(world.live.log()) == sorted(world.push.log()) == [("user:ada", "a"), ("user:ben", "a")]
    assert len(world.outbox.scheduled) == 2


async def test_what_a_service_refuses_for_good_is_parked(world: World) -> None:
    """Only for the audience and channel that refused; the others have it."""
    world.push.down = {ADA: NEVER}
    counts = await world.deliver([message(to=ALL)])
    assert counts == {"received": 1, "delivered": 3, "poisoned": 1}
    [parked] = world.outbox.parked
    assert parked.properties["reason"] == "never"
    rest = open_parcel(received(parked))
    assert (rest.audiences, rest.channels, rest.id) == ((ADA,), frozenset({"push"}), "a")
    assert len(world.live.told) == 3
    assert world.outbox.scheduled == []


async def test_what_is_refused_and_what_is_down_part_ways(world: World) -> None:
    """One channel refuses, the other is away: one is parked, the other comes again."""
    world.push.down = {ADA: NEVER}
    world.live.down = {ADA: DOWN}
    await world.deliver([message()])
    assert open_parcel(received(world.outbox.parked[0])).channels == frozenset({"push"})
    assert open_parcel(received(world.outbox.scheduled[0])).channels == frozenset({"live"})


async def test_a_failing_channel_is_tried_up_the_ladder_and_then_parked(world: World) -> None:
    """Later and later; after the last attempt the alert is parked with the reason, and what was still to be done."""
    world.live.down = {ADA: TransientError("no answer within 10 s")}
    waits: list[timedelta] = []
    await world.deliver([message(to=(ADA, BEN))])
    while not world.outbox.parked:
        copy = world.outbox.scheduled[-1]
        assert copy.scheduled is not None
        waits.append(copy.scheduled - world.clock.now)
        await world.redeliver([copy], number=1000 + len(waits))
    assert len(waits) == len(LADDER) == len(world.outbox.scheduled)
    for wait, step in zip(waits, LADDER, strict=True):
        assert step * 0.799 < wait < step * 1.201
    [parked] = world.outbox.parked
    assert parked.properties["reason"] == "gave up after 8 further attempts: no answer within 10 s"
    rest = open_parcel(received(parked))
    assert (rest.audiences, rest.channels) == ((ADA,), frozenset({"live"}))
    assert len({copy.message_id for copy in world.outbox.scheduled}) == len(LADDER)
    assert len(world.push.told) == 2


async def test_an_expired_alert_is_neither_kept_nor_told(world: World) -> None:
    """From `expiresAt` on it is nobody's business."""
    counts = await world.deliver([message("a", expiresAt="2026-03-01T12:00:00Z"), message("b", 2)])
    assert counts == {"received": 2, "delivered": 1, "expired": 1}
    assert world.live.log() == [("user:ada", "b")]


async def test_an_alert_is_not_tried_again_after_its_time(world: World) -> None:
    """When it would have expired by the next attempt there is none, and it is no poison either."""
    world.live.down = {ADA: DOWN}
    counts = await world.deliver([message(expiresAt="2026-03-01T12:00:03Z")])
    assert counts == {"received": 1, "delivered": 1, "expired": 1}
    assert (world.outbox.scheduled, world.outbox.parked) == ([], [])


async def test_an_alert_that_expires_while_it_waits_is_dropped(world: World) -> None:
    """The copy comes, the time is over, nothing happens."""
    world.live.down = {ADA: DOWN}
    await world.deliver([message(expiresAt="2026-03-01T12:00:30Z")])
    world.live.down = {}
    world.clock.advance(timedelta(minutes=1))
    await world.redeliver(world.outbox.scheduled[:])
    assert world.live.told == []


async def test_an_alert_for_later_is_delivered_then(world: World) -> None:
    """Nothing before its time; at its time all of it, in the order of its time."""
    later = NOON + timedelta(hours=2)
    assert await world.deliver([message(deliverAt="2026-03-01T14:00:00Z")]) == {"received": 1, "postponed": 1}
    [copy] = world.outbox.scheduled
    assert copy.scheduled == later
    assert world.store.cards == {}
    await world.redeliver([copy], number=7_200_000)
    assert world.live.log() == world.push.log() == [("user:ada", "a")]
    [kept] = world.store.of(ADA)
    assert kept.position.startswith(str(int(later.timestamp() * 1000)))


async def test_a_clock_that_is_behind_does_not_postpone_for_ever(world: World) -> None:
    """The queue decided that it is time; a host whose clock disagrees by seconds delivers all the same."""
    await world.deliver([message(deliverAt="2026-03-01T14:00:00Z")])
    [copy] = world.outbox.scheduled
    world.clock.now = NOON + timedelta(hours=2, seconds=-30)
    await world.deliver([received(copy, place(7_200_000))])
    assert world.live.log() == [("user:ada", "a")]
    assert world.outbox.scheduled == [copy]


async def test_an_alert_for_a_time_that_has_come_is_delivered_at_once(world: World) -> None:
    """`deliverAt` in the past is now."""
    await world.deliver([message(deliverAt="2026-03-01T12:00:00Z")])
    assert world.live.log() == [("user:ada", "a")]


async def test_an_alert_retracted_before_its_time_never_shows(world: World) -> None:
    """Also one that is still scheduled is withdrawn."""
    await world.deliver([message(deliverAt="2026-03-01T14:00:00Z")])
    await world.deliver([message(number=2, retract=True)])
    await world.redeliver(world.outbox.scheduled[:], number=7_200_000)
    [kept] = world.store.of(ADA)
    assert kept.retracted
    assert [alert.retracted for alert in world.live.told] == [True]


async def test_a_retraction_is_told(world: World) -> None:
    """Screens and phones take the card away."""
    await world.deliver([message()])
    await world.deliver([message(number=2, retract=True)])
    assert [alert.retracted for alert in world.live.told] == [False, True]
    assert [alert.retracted for alert in world.push.told] == [False, True]


@pytest.mark.parametrize("broken", [message(), structs.replace(message(), body=b"rotten")], ids=["again", "park"])
async def test_what_can_be_neither_done_nor_scheduled_is_left_to_the_queue(world: World, broken: Received) -> None:
    """An exception, and only then: the queue redelivers the batch."""
    world.store.down = {ADA: DOWN}
    world.outbox.trouble = TransientError("queue away")
    with pytest.raises(TransientError, match="queue away"):
        await world.deliver([broken, message("b", 2, to=(BEN,))])
    world.store.down = {}
    world.outbox.trouble = None
    await world.deliver([broken, message("b", 2, to=(BEN,))])
    assert ("user:ben", "b") in world.live.log()
    assert len(world.store.of(BEN)) == 1


async def test_a_batch_redelivered_after_a_crash_is_told_again(world: World) -> None:
    """The worker was ended after keeping and before telling: people hear of it all the same."""
    world.live.defect = world.push.defect = asyncio.CancelledError()
    with pytest.raises(asyncio.CancelledError):
        await world.deliver([message(to=(ADA, BEN))])
    assert len(world.store.cards) == 2
    world.live.defect = world.push.defect = None
    counts = await world.deliver([message(to=(ADA, BEN))])
    assert counts == {"received": 1, "delivered": 2}
    assert sorted(world.live.log()) == sorted(world.push.log()) == [("user:ada", "a"), ("user:ben", "a")]
    assert len(world.store.cards) == 2


async def test_a_repeat_of_the_producer_is_counted_and_not_told(world: World) -> None:
    """The same id in another message is the same alert."""
    await world.deliver([message(number=1)])
    assert await world.deliver([message(number=2)]) == {"received": 1, "repeat": 1}
    assert len(world.live.told) == 1


async def test_a_defect_in_a_channel_costs_a_delay_and_nothing_else(world: World) -> None:
    """Its alerts come again; the other channel is served; the batch succeeds."""
    world.push.defect = KeyError("a bug")
    counts = await world.deliver([message("a", 1), message("b", 2, to=(BEN,))])
    assert counts == {"received": 2, "delivered": 2, "retried": 2}
    assert len(world.live.told) == 2
    assert {open_parcel(received(copy)).channels for copy in world.outbox.scheduled} == {frozenset({"push"})}
    world.push.defect = None
    await world.redeliver(world.outbox.scheduled[:])
    assert sorted(world.push.log()) == [("user:ada", "a"), ("user:ben", "b")]


@pytest.mark.parametrize("channels", ["", "live"], ids=["keeping", "reading back"])
async def test_a_defect_in_the_store_costs_its_own_audience_a_delay(world: World, channels: str) -> None:
    """While others are delivered; whether the alert was to be written or read back."""
    properties = {"channels": channels} if channels else {}
    world.store.down = {ADA: ValueError("a document of another kind")}
    counts = await world.deliver([message(properties=properties), message("b", 2, to=(BEN,))])
    assert counts == {"received": 2, "delivered": 1, "retried": 1}
    assert world.live.log() == [("user:ben", "b")]
    again = open_parcel(received(world.outbox.scheduled[0]))
    assert again.channels == frozenset({"live"} if channels else {"store", "live", "push"})


async def test_a_copy_for_a_channel_does_not_tell_what_was_replaced(world: World) -> None:
    """Firing was to be told again when resolved had replaced it: only resolved is told."""
    world.live.down = {ADA: DOWN}
    await world.deliver([message("firing", 1, thread="t")])
    world.live.down = {}
    await world.deliver([message("resolved", 2, thread="t")])
    await world.redeliver(world.outbox.scheduled[:])
    assert world.live.log() == [("user:ada", "resolved")]
    assert len(world.outbox.scheduled) == 1


async def test_a_store_that_is_down_when_a_channel_is_tried_again_keeps_the_work(world: World) -> None:
    """The alert cannot be read back: the same channel for the same audience comes again, one attempt later."""
    world.push.down = {ADA: DOWN}
    await world.deliver([message(to=(ADA, BEN))])
    world.push.down = {}
    world.store.down = {ADA: DOWN}
    await world.redeliver(world.outbox.scheduled[:])
    parcel = open_parcel(received(world.outbox.scheduled[-1]))
    assert (parcel.audiences, parcel.channels, parcel.attempt) == ((ADA,), frozenset({"push"}), 2)


async def test_a_batch_whose_copies_are_sent_twice_sends_them_with_the_same_ids(world: World) -> None:
    """`again` was taken and `park` was not: the batch is redelivered, and the queue drops the second copies."""

    class ParkingFails(RecordingOutbox):
        async def park(self, messages: Sequence[Outgoing]) -> None:
            del messages
            raise DOWN

    outbox = ParkingFails()
    deliver = Deliver(world.store, [world.live], outbox, world.clock)
    world.live.down = {ADA: DOWN}
    batch = [message("a", 1), structs.replace(message("b", 2), body=b"rotten")]
    for _ in range(2):
        with pytest.raises(TransientError):
            await deliver(batch)
    first, second = outbox.scheduled
    assert first.message_id == second.message_id


async def test_audiences_are_kept_side_by_side_and_in_one_write_each(world: World) -> None:
    """32 alerts for one audience are one call to the store."""
    calls = 0

    class Counting(MemoryStore):
        async def create(self, *arguments: Any) -> bool:
            nonlocal calls
            calls += 1
            return await super().create(*arguments)

    deliver = Deliver(Counting(), [world.live], world.outbox, world.clock)
    await deliver([message(f"a{number}", number, to=(ADA, BEN)) for number in range(32)])
    assert calls == 2


async def test_an_empty_batch_is_nothing_to_do(world: World) -> None:
    """No calls to anyone."""
    assert await world.deliver([]) == {"received": 0}
