import asyncio
from collections.abc import Collection, Iterable
from datetime import timedelta
from itertools import repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs

from shared.audience import Audience, audiences_of
from shared.errors import RefusedError, TransientError
from shared.identity import Person
from shared.inbox.membership import TopicAccess
from shared.inbox.profile import Preferences, Profile, QuietHours
from shared.inbox.visiting import Reception
from shared.push.addressing import TooManyTagsError, tags_of
from shared.push.devices import MAXIMUM_DEVICES, SETTLED, STALE, ChannelRefusedError, Devices, Registration
from shared.push.message import Platform
from tests.unit.shared.fakes import DOWN, NOON, RecordingPublisher, SetClock
from tests.unit.shared.hub import MemoryHub
from tests.unit.shared.memory import Fault, MemoryPeople

ADA = Person("ada", frozenset({"back-office"}))
BEN = Person("ben", frozenset())
PHONE = Registration(platform=Platform.FCM_V1, push_channel="token")


class World(Struct, frozen=True):
    """Devices, and everything around them."""

    people: MemoryPeople
    hub: MemoryHub
    clock: SetClock
    devices: Devices

    @classmethod
    def new(cls) -> "World":
        """Nobody has a device."""
        people, hub, clock = MemoryPeople(), MemoryHub(), SetClock()
        reception = Reception(people, TopicAccess({"outages": ["*"]}), RecordingPublisher(), clock)
        return cls(people, hub, clock, Devices(reception, people, hub))

    async def prefer(self, person: Person, *muted: str) -> None:
        """Have a person mute these categories, and no others."""
        kept = await self.people.profile(person.user)
        profile = structs.replace(kept.profile, preferences=Preferences(muted_categories=muted))
        assert await self.people.save_profile(person.user, profile, kept.version)

    async def tags(self, person: Person) -> tuple[str, ...]:
        """The tags that all devices of a person should have."""
        kept = await self.people.profile(person.user)
        return tags_of(audiences_of(person.user, person.roles), kept.profile.preferences, self.clock.now)

    def fail(self, faults: Iterable[Fault | None]) -> None:
        """Have the next calls fail, those of the hub and of the store."""
        self.hub.faults = self.people.faults = iter(faults)


@pytest.fixture
def world() -> World:
    """Nobody has a device, and it is noon."""
    return World.new()


async def test_a_device_is_registered_with_its_persons_tags(world: World) -> None:
    """It is known where pushes are sent from until it is stale, and it is listed."""
    device = await world.devices.register(ADA, "phone", PHONE)
    assert (device.tags, device.registered_at, device.renewed_at) == (await world.tags(ADA), NOON, NOON)
    assert world.hub.registered == {"phone": (device, NOON + STALE)}
    assert await world.devices.list(ADA) == [device]
    assert await world.devices.list(BEN) == []


async def test_a_device_is_renewed(world: World) -> None:
    """It may have another token; since when there is one stays, and it is not stale for another while."""
    await world.devices.register(ADA, "phone", PHONE)
    await world.devices.register(ADA, "tablet", PHONE)
    world.clock.advance(timedelta(days=30))
    renewed = await world.devices.register(ADA, "phone", structs.replace(PHONE, push_channel="another"))
    assert (renewed.registered_at, renewed.renewed_at) == (NOON, NOON + timedelta(days=30))
    assert world.hub.registered["phone"] == (renewed, world.clock.now + STALE)
    assert renewed.push_channel == "another"
    assert [device.installation for device in await world.devices.list(ADA)] == ["phone", "tablet"]


async def test_tags_are_written_only_where_they_changed(world: World) -> None:
    """Every `negotiate` asks: as a rule that costs no request."""
    await world.devices.register(ADA, "phone", PHONE)
    await world.devices.register(ADA, "tablet", PHONE)
    world.clock.advance(timedelta(days=30))
    writes = world.hub.writes
    await world.devices.refresh(ADA)
    assert world.hub.writes == writes
    await world.prefer(ADA, "news")
    await world.devices.refresh(ADA)
    await world.devices.refresh(ADA)
    assert world.hub.writes == writes + 2
    assert {world.hub.tags_of("phone"), world.hub.tags_of("tablet")} == {await world.tags(ADA)}
    # Only the device itself renews it.
    assert {expires for _, expires in world.hub.registered.values()} == {NOON + STALE}


async def test_tags_of_quiet_hours_follow_the_clock_change(world: World) -> None:
    """Until the next occasion they are an hour off; then they are those of the new offset, and stay so."""
    hours = QuietHours(start="22:00", end="07:00", time_zone="Europe/Warsaw")
    assert await world.people.save_profile("ada", Profile(preferences=Preferences(quiet_hours=hours)), None)
    winter = (await world.devices.register(ADA, "phone", PHONE)).tags
    writes = world.hub.writes
    world.clock.advance(timedelta(days=27))  # 28 March 2026, the day before
    await world.devices.refresh(ADA)
    assert (world.hub.writes, world.hub.tags_of("phone")) == (writes, winter)
    world.clock.advance(timedelta(days=1))
    await world.devices.refresh(ADA)
    await world.devices.refresh(ADA)
    assert world.hub.tags_of("phone") == await world.tags(ADA) != winter
    assert world.hub.writes == writes + 1


async def test_a_device_belongs_to_who_signed_in_last(world: World) -> None:
    """The one before neither changes its tags nor removes it, and is told that it is theirs no more."""
    await world.devices.register(ADA, "shared", PHONE)
    await world.devices.register(BEN, "shared", PHONE)
    await world.prefer(ADA, "news")
    await world.devices.refresh(ADA)
    assert world.hub.tags_of("shared") == await world.tags(BEN)
    assert await world.devices.list(ADA) == []
    await world.devices.register(ADA, "shared", PHONE)
    await world.devices.remove(BEN, "shared")
    assert world.hub.reached(Audience.parse("user:ada")) == ["shared"]
    assert await world.devices.list(BEN) == []


async def test_a_device_of_somebody_else_is_left_alone(world: World) -> None:
    """Its name alone is not enough to remove it."""
    await world.devices.register(ADA, "phone", PHONE)
    await world.devices.remove(BEN, "phone")
    assert world.hub.reached(Audience.parse("user:ada")) == ["phone"]
    assert len(await world.devices.list(ADA)) == 1


async def test_a_device_that_its_platform_rejected_is_forgotten(world: World) -> None:
    """At the next occasion: the app was removed from it."""
    await world.devices.register(ADA, "phone", PHONE)
    world.hub.registered.clear()
    await world.prefer(ADA, "news")
    world.clock.advance(SETTLED)
    await world.devices.refresh(ADA)
    assert await world.people.devices("ada") == []
    assert world.hub.registered == {}


async def test_a_device_that_is_not_there_any_more_is_not_listed(world: World) -> None:
    """Its platform rejected it, or somebody else signed in on it: it is forgotten. The others stay as they were."""
    for name in ("rejected", "shared", "phone"):
        await world.devices.register(ADA, name, PHONE)
    await world.devices.register(BEN, "shared", PHONE)
    del world.hub.registered["rejected"]
    world.clock.advance(SETTLED)
    [phone] = await world.devices.list(ADA)
    assert phone.installation == "phone"
    assert await world.people.devices("ada") == [phone]
    assert [device.installation for device in await world.devices.list(BEN)] == ["shared"]


async def test_a_device_that_was_registered_a_moment_ago_is_listed(world: World) -> None:
    """The hub may not show it yet."""
    await world.devices.register(ADA, "phone", PHONE)
    world.hub.registered.clear()
    world.clock.advance(SETTLED - timedelta(milliseconds=1))
    assert [device.installation for device in await world.devices.list(ADA)] == ["phone"]


async def test_what_cannot_be_found_out_is_listed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the hub fails or does not answer: what is known here is listed, and nothing is forgotten."""
    for name in ("phone", "tablet"):
        await world.devices.register(ADA, name, PHONE)
    world.hub.registered.clear()
    world.clock.advance(SETTLED)
    world.hub.faults = repeat(Fault.LOST_REQUEST)
    assert len(await world.devices.list(ADA)) == 2
    monkeypatch.setattr("shared.push.devices.LOOK_SECONDS", 0.01)
    world.hub.faults, world.hub.pauses = repeat(None), repeat(10**9)
    assert len(await world.devices.list(ADA)) == 2
    world.hub.pauses = repeat(1)
    assert await world.devices.list(ADA) == []


async def test_a_push_channel_that_is_renewed_meanwhile_stays(world: World) -> None:
    """Whenever it comes while the tags are brought in line, there and here: only the tags are touched."""
    renewal = structs.replace(PHONE, push_channel="renewed")
    for calls in range(8):
        name = f"phone-{calls}"
        await world.devices.register(ADA, name, PHONE)
        await world.prefer(ADA, name)
        refreshing = asyncio.create_task(world.devices.refresh(ADA))
        for _ in range(calls):
            await asyncio.sleep(0)
        await asyncio.gather(world.devices.register(ADA, name, renewal), refreshing)
        await world.devices.refresh(ADA)
        [kept] = [device for device in await world.devices.list(ADA) if device.installation == name]
        assert world.hub.registered[name][0].push_channel == kept.push_channel == "renewed"
        assert world.hub.tags_of(name) == kept.tags == await world.tags(ADA)


async def test_a_device_that_changes_hands_meanwhile_gets_nothing_of_who_had_it(world: World) -> None:
    """What the one before has joined does not reach the one who signs in at that moment."""
    await world.devices.register(ADA, "shared", PHONE)
    promoted = Person("ada", frozenset({"back-office", "board"}))

    class HandedOver(MemoryHub):
        async def retag(self, installation: str, add: Collection[str], remove: Collection[str]) -> None:
            self.retag = super().retag  # type: ignore[method-assign]  # only the first time
            await world.devices.register(BEN, "shared", PHONE)
            await super().retag(installation, add, remove)

    world.hub.__class__ = HandedOver
    await world.devices.refresh(promoted)
    assert world.hub.tags_of("shared") == await world.tags(BEN)
    await world.devices.refresh(promoted)
    assert await world.people.devices("ada") == []
    assert world.hub.tags_of("shared") == await world.tags(BEN)


async def test_all_devices_of_who_leaves_are_forgotten(world: World) -> None:
    """But not one that is somebody else's by now."""
    for name in ("phone", "tablet", "shared"):
        await world.devices.register(ADA, name, PHONE)
    await world.devices.register(BEN, "shared", PHONE)
    await world.devices.forget_all(ADA)
    assert list(world.hub.registered) == ["shared"]
    assert await world.devices.list(ADA) == []
    assert world.hub.tags_of("shared") == await world.tags(BEN)


async def test_a_device_without_room_for_its_tags_is_refused(world: World) -> None:
    """Nothing is kept; those that are there keep the tags they had."""
    await world.devices.register(ADA, "phone", PHONE)
    tags = world.hub.tags_of("phone")
    await world.prefer(ADA, *(f"category-{number}" for number in range(100)))
    with pytest.raises(TooManyTagsError):
        await world.devices.register(ADA, "tablet", PHONE)
    with pytest.raises(TooManyTagsError):
        await world.devices.refresh(ADA)
    assert [device.installation for device in await world.devices.list(ADA)] == ["phone"]
    assert world.hub.tags_of("phone") == tags


async def test_a_push_channel_that_is_refused_changes_nothing(world: World) -> None:
    """A new device is not kept, and one that is there stays as it was."""
    phone = await world.devices.register(ADA, "phone", PHONE)
    world.hub.refuses = RefusedError("never")
    with pytest.raises(ChannelRefusedError):
        await world.devices.register(ADA, "tablet", PHONE)
    with pytest.raises(ChannelRefusedError):
        await world.devices.register(ADA, "phone", structs.replace(PHONE, push_channel="another"))
    assert await world.devices.list(ADA) == [phone]
    assert list(world.hub.registered) == ["phone"]


async def test_of_too_many_devices_the_oldest_are_forgotten(world: World) -> None:
    """Here and where pushes are sent from: else somebody could make what changes their tags as dear as they like."""
    for number in range(MAXIMUM_DEVICES + 3):
        await world.devices.register(ADA, f"phone-{number}", PHONE)
        world.clock.advance(timedelta(seconds=1))
        await world.devices.register(ADA, "phone-0", PHONE)
    expected = {"phone-0", *(f"phone-{number}" for number in range(4, MAXIMUM_DEVICES + 3))}
    assert {device.installation for device in await world.devices.list(ADA)} == world.hub.registered.keys() == expected


async def test_what_must_not_be_held_up_is_not(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Who connects while the hub is away connects; the log tells why the tags are old."""
    await world.devices.register(ADA, "phone", PHONE)
    await world.prefer(ADA, "news")
    visit = await Reception(world.people, TopicAccess({}), RecordingPublisher(), world.clock).visit(ADA)
    world.fail([Fault.LOST_REQUEST])
    await world.devices.refresh_or_say(visit)
    assert "'ada'" in caplog.text
    await world.devices.refresh_or_say(visit)
    assert world.hub.tags_of("phone") == await world.tags(ADA)


async def test_a_registration_under_way_is_not_taken_for_a_dead_device(world: World) -> None:
    """A client that registers and connects at the same time: what comes in between does not forget the device."""
    world.fail([None, None, Fault.LOST_REQUEST])  # known: what there is, and that it is to come
    with pytest.raises(TransientError):
        await world.devices.register(ADA, "phone", PHONE)
    await world.devices.refresh(ADA)
    assert [device.installation for device in await world.devices.list(ADA)] == ["phone"]
    assert world.hub.registered == {}


@pytest.mark.parametrize("fault", Fault)
async def test_a_renewal_that_failed_is_brought_in_line(world: World, fault: Fault) -> None:
    """Nobody takes the tags for those of today because they were meant to be."""
    await world.devices.register(ADA, "phone", PHONE)
    await world.prefer(ADA, "news")
    for calls in range(4):
        world.fail([*[None] * calls, fault])
        with pytest.raises(TransientError):
            await world.devices.register(ADA, "phone", PHONE)
        world.fail([])
        await world.devices.refresh(ADA)
        assert world.hub.tags_of("phone") == await world.tags(ADA)
        await world.prefer(ADA, f"category-{calls}")


class Step(Struct, frozen=True):
    """Something that a person does, and what fails meanwhile."""

    person: Person
    does: str
    name: str
    faults: tuple[Fault | None, ...]


steps = st.builds(
    Step,
    person=st.sampled_from([ADA, BEN]),
    does=st.sampled_from(["register", "register", "mute", "unmute", "refresh", "remove", "leave"]),
    name=st.sampled_from(["phone", "shared"]),
    faults=st.just(())
    | st.builds(lambda calls, fault: (*[None] * calls, fault), st.integers(0, 5), st.sampled_from(Fault)),
)


async def take(world: World, step: Step) -> None:
    """Take a step, in vain or not."""
    world.fail(step.faults)
    try:
        match step.does:
            case "register":
                await world.devices.register(step.person, step.name, PHONE)
            case "remove":
                await world.devices.remove(step.person, step.name)
            case "leave":
                await world.devices.forget_all(step.person)
            case "mute" | "unmute":
                await world.prefer(step.person, *(["news"] if step.does == "mute" else []))
                await world.devices.refresh(step.person)
            case _:
                await world.devices.refresh(step.person)
    except TransientError as error:
        assert error is DOWN  # noqa: PT017  # both outcomes are right
    world.fail([])


@given(st.lists(steps, max_size=12))
async def test_nothing_is_known_there_that_is_unknown_here(story: list[Step]) -> None:
    """Whatever fails on the way: what was once kept can be removed, and is brought in line at the next occasion."""
    world = World.new()
    for step in story:
        await take(world, step)
        for person in (ADA, BEN):
            known = {device.installation for device in await world.people.devices(person.user)}
            assert set(world.hub.reached(Audience.parse(f"user:{person.user}"))) <= known
    for person in (ADA, BEN):
        await world.devices.refresh(person)
        for name in world.hub.reached(Audience.parse(f"user:{person.user}")):
            assert world.hub.tags_of(name) == await world.tags(person)
        await world.devices.forget_all(person)
    assert world.hub.registered == {}
    assert world.people.registered == {}


@given(
    doings=st.lists(
        st.sampled_from(["register", "promote", "demote", "refresh", "list", "remove"]), min_size=2, max_size=4
    ),
    pauses=st.lists(st.sampled_from([0, 1, 2, 5, 15]), min_size=20, max_size=20),
    is_rejected=st.booleans(),
)
@settings(max_examples=500)
async def test_what_happens_at_once_ends_well(doings: list[str], pauses: list[int], *, is_rejected: bool) -> None:
    """In whatever order a person's requests take their turns: what is there is known here, and is brought in line."""
    world = World.new()
    await world.devices.register(ADA, "phone", PHONE)
    world.clock.advance(SETTLED)
    if is_rejected:
        world.hub.registered.clear()
    world.hub.pauses = world.people.pauses = iter(pauses)
    promoted = Person("ada", frozenset({"back-office", "board"}))

    async def do(what: str) -> None:
        match what:
            case "register":
                await world.devices.register(ADA, "phone", PHONE)
            case "promote":
                await world.devices.register(promoted, "phone", PHONE)
            case "demote":
                await world.devices.refresh(ADA)
            case "refresh":
                await world.devices.refresh(promoted)
            case "list":
                await world.devices.list(ADA)
            case _:
                await world.devices.remove(ADA, "phone")

    await asyncio.gather(*map(do, doings))
    known = {device.installation for device in await world.people.devices("ada")}
    assert set(world.hub.registered) <= known
    await world.devices.refresh(ADA)
    assert world.hub.tags_of("phone") in (None, await world.tags(ADA))


async def test_a_profile_that_is_not_there_yet_is_no_obstacle(world: World) -> None:
    """Who never said anything is registered by who they are."""
    assert (await world.people.profile("ben")).profile == Profile()
    device = await world.devices.register(BEN, "phone", PHONE)
    assert device.tags == await world.tags(BEN)
