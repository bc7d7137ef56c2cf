import json
from collections import Counter
from datetime import datetime, timedelta
from itertools import repeat
from typing import Any

import pytest
from msgspec import Struct, structs

from shared.alert import Push
from shared.audience import EVERYONE, Audience
from shared.card import format_moment
from shared.delivery.channels.push import PushChannel
from shared.inbox.membership import TopicAccess
from shared.inbox.people import KeptMark
from shared.inbox.profile import Preferences, Profile
from shared.push.badges import Badges
from shared.push.devices import Device
from shared.push.message import Message, Platform
from shared.push.sending import Pushing
from tests.unit.shared.fakes import ADA, BEN, DOWN, NOON, OFFICE, SetClock, stored
from tests.unit.shared.hub import MemoryHub
from tests.unit.shared.memory import MemoryPeople, MemoryStore

OUTAGES = Audience.parse("topic:outages")
SECRETS = Audience.parse("topic:secrets")
BOARD = Audience.parse("role:board")


class Nobody:
    """A `Presence`: all screens are off."""

    async def connected(self, user: str) -> bool:
        """See `Presence`."""
        del user
        return False


class World(Struct, frozen=True):
    """Pushes with badges. Ada, of the back office, has a device of each platform; Ben has none."""

    hub: MemoryHub
    people: MemoryPeople
    store: MemoryStore
    pushing: Pushing
    channel: PushChannel

    def badges(self) -> list[int | None]:
        """What each message says, in order."""
        return [badge_of(sent.message) for sent in self.hub.sent]

    async def badge(self) -> int | None:
        """What all of Ada's devices are told with the next alert, which is stored before."""
        alert = stored("next", 10_000)
        self.store.put(alert)
        self.hub.sent.clear()
        await self.pushing.push(alert, NOON)
        [badge] = set(self.badges())
        return badge


def device(name: str, platform: Platform, renewed: datetime = NOON, *roles: str) -> Device:
    """A device whose person had these roles."""
    return Device(
        installation=name,
        platform=platform,
        push_channel="x",
        registered_at=NOON,
        renewed_at=renewed,
        roles=tuple(roles),
    )


def badge_of(message: Message) -> int | None:
    """The badge of a message, wherever the platform has it."""
    document: Any = json.loads(message.payload)
    match message.platform:
        case Platform.FCM_V1:
            android = document["message"]["android"]
            badge = android.get("notification", {}).get("notification_count", android["data"].get("unread"))
        case Platform.APNS:
            badge = document["aps"].get("badge")
        case Platform.BROWSER:
            badge = document.get("unread")
    return None if badge is None else int(badge)


@pytest.fixture
async def world(people: MemoryPeople, store: MemoryStore, clock: SetClock) -> World:
    """Nothing was sent to anyone."""
    for platform in Platform:
        await people.save_device("ada", device(platform.value, platform, NOON, "back-office"))
    hub = MemoryHub()
    badges = Badges(people, store, TopicAccess({"outages": ["*"], "secrets": ["board"]}), clock)
    pushing = Pushing(hub, people, people, badges)
    return World(hub, people, store, pushing, PushChannel(pushing, Nobody(), clock))


async def test_a_badge_is_the_number_of_unread_cards(world: World) -> None:
    """Of all audiences of the person, each card once; what is read, withdrawn, expired or not theirs is left out."""
    subscriptions = {"outages": NOON, "secrets": NOON}
    await world.people.save_profile("ada", Profile(subscriptions=subscriptions), None)
    for alert in (
        stored("own", 1),
        stored("twice", 2),
        stored("twice", 2, OFFICE),
        stored("all", 3, EVERYONE),
        stored("topic", 4, OUTAGES),
        stored("before", 5, OUTAGES, at=NOON - timedelta(hours=1)),
        stored("closed", 6, SECRETS),
        stored("others", 7, BOARD),
        stored("withdrawn", 8, retract=True, title=None),
        stored("over", 9, expires_at=NOON - timedelta(minutes=1)),
        stored("read", 10),
    ):
        world.store.put(alert)
    await read(world, "read", 10)
    assert await world.badge() == len({"own", "twice", "all", "topic", "next"})


async def read(world: World, card: str, number: int) -> None:
    """Have Ada read a card."""
    position = stored(card, number).position
    mark = KeptMark(card=card, position=position, version=1, read=True, at=format_moment(NOON), audience=str(ADA))
    assert await world.people.save_mark("ada", mark, None)


async def test_a_badge_counts_up_to_a_hundred(world: World) -> None:
    """As everywhere."""
    for number in range(1, 99):
        world.store.put(stored(f"a{number}", number))
    assert await world.badge() == 99
    for number in range(100, 130):
        world.store.put(stored(f"a{number}", number, EVERYONE))
    assert await world.badge() == 100


async def test_roles_are_those_of_the_device_that_was_there_last(world: World) -> None:
    """Another one may not have been brought in line yet."""
    world.store.put(stored("board", 1, BOARD), stored("board-2", 2, BOARD))
    await world.people.save_device("ada", device("new", Platform.APNS, NOON + timedelta(days=1), "board"))
    assert await world.badge() == 3


async def test_a_person_whose_roles_are_not_known_has_no_badge(world: World) -> None:
    """A number that leaves out what is for their roles would be wrong."""
    for known in await world.people.devices("ada"):
        await world.people.save_device("ada", structs.replace(known, roles=None))
    assert await world.badge() is None


async def test_a_batch_for_one_person_is_counted_once(world: World) -> None:
    """And its alerts tell the same: all of them are there. What is for many is read once for all people."""
    await world.people.save_device("ben", device("ben", Platform.APNS))
    alerts = [stored(f"a{number}", number) for number in range(20)]
    alerts += [stored("b", 30, BEN), stored("c", 31, OFFICE), stored("d", 32, retract=True, title=None)]
    world.store.put(stored("e", 40, EVERYONE))
    for alert in alerts:
        world.store.put(alert)
    assert await world.channel.deliver(alerts) == [None] * len(alerts)
    told = Counter((sent.target.tag, badge_of(sent.message)) for sent in world.hub.sent)
    assert told == {
        (ADA.tag, 20 + len("ce")): len(Platform) * 21,
        (BEN.tag, len("be")): 1,
        (OFFICE.tag, None): len(Platform),
    }
    assert Counter(audience for audience, _ in world.store.pages) == Counter([ADA, BEN, OFFICE, EVERYONE])


async def test_the_next_batch_is_counted_afresh(world: World) -> None:
    """However soon it comes: a group's alert that was stored in between is in the number."""
    assert await world.badge() == 1
    world.store.put(stored("office", 2, OFFICE))
    assert await world.badge() == 2


async def test_who_is_not_pushed_to_is_not_counted_for(world: World) -> None:
    """Neither who has no device, nor who has muted it, nor who is not to be pushed to; and never for many."""
    kept = Profile(preferences=Preferences(muted_categories=("news",)))
    await world.people.save_profile("ada", kept, None)
    alerts = [
        stored("a", 1, BEN),
        stored("b", 2, category="news"),
        stored("c", 3, push=Push.NEVER),
        stored("d", 4, OFFICE),
        stored("e", 5, EVERYONE, retract=True, title=None),
    ]
    assert await world.channel.deliver(alerts) == [None] * len(alerts)
    assert world.badges() == [None] * len(Platform) * 2
    assert world.store.pages == []


async def test_a_badge_goes_with_what_takes_a_notification_back(world: World) -> None:
    """Read elsewhere, the icon counts one less."""
    world.store.put(stored("a", 1), stored("b", 2))
    await read(world, "a", 1)
    await world.pushing.clear(ADA, "a", stored("a", 1).position, NOON)
    assert world.badges() == [1] * len(Platform)


async def test_a_push_goes_without_a_badge_that_cannot_be_had(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The store is away, or slow, or we have a defect: the push goes all the same, the log says why."""
    monkeypatch.setattr("shared.push.recipients.BADGE_SECONDS", 0.01)
    world.store.down = {EVERYONE: DOWN}
    assert await world.badge() is None
    world.store.down = {OFFICE: KeyError("a bug")}
    assert await world.badge() is None
    world.store.down, world.store.pauses = {}, repeat(10**9)
    assert await world.badge() is None
    assert caplog.text.count("'ada'") == 3
    world.store.pauses = repeat(1)
    assert await world.badge() == 1


async def test_a_clear_goes_without_a_badge_that_cannot_be_had(world: World) -> None:
    """Nor does it need the profile for anything else."""

    class Away(MemoryPeople):
        async def profile(self, user: str) -> Any:
            del user
            raise DOWN

    away = Away()
    away.registered = world.people.registered
    badges = Badges(away, world.store, TopicAccess({}), SetClock())
    await Pushing(world.hub, away, away, badges).clear(ADA, "a", stored().position, NOON)
    assert world.badges() == [None] * len(Platform)
