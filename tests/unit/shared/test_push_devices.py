from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, structs

from shared.audience import Audience, audiences_of
from shared.errors import RefusedError, TransientError
from shared.identity import Person
from shared.inbox.membership import TopicAccess
from shared.inbox.profile import Preferences, Profile, QuietHours
from shared.inbox.visiting import Reception
from shared.push.addressing import TooManyTagsError, tags_of
from shared.push.devices import STALE, ChannelRefusedError, Devices, Registration
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
    await world.devices.refresh(ADA)
    assert await world.devices.list(ADA) == []
    assert world.hub.registered == {}


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


async def test_a_profile_that_is_not_there_yet_is_no_obstacle(world: World) -> None:
    """Who never said anything is registered by who they are."""
    assert (await world.people.profile("ben")).profile == Profile()
    device = await world.devices.register(BEN, "phone", PHONE)
    assert device.tags == await world.tags(BEN)
