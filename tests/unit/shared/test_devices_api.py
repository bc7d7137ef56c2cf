import json
from datetime import timedelta
from typing import Any

import pytest

from shared.api.answering import Operation
from shared.api.operations import People
from shared.audience import Audience
from shared.card import format_moment
from shared.errors import RefusedError, TransientError
from shared.push.addressing import Target
from shared.push.message import Platform
from tests.unit.shared.fakes import NOON, stored
from tests.unit.shared.house import House, bearer
from tests.unit.shared.hub import MemoryHub
from tests.unit.shared.memory import Fault

JSON = {"content-type": "application/json"}
ADA = bearer("ada") | JSON
PHONE = {"platform": "fcmv1", "pushChannel": "token"}
BROWSER = {"endpoint": "https://push.example/1", "p256dh": "a" * 20, "auth": "b" * 20}
HERE = {"installation": "phone"}


@pytest.fixture
def hub() -> MemoryHub:
    """Takes everything."""
    return MemoryHub()


@pytest.fixture
def house(hub: MemoryHub) -> House:
    """An application that sends pushes, in which anyone may subscribe to `outages`."""
    return House({"outages": ["*"]}, hub)


async def register(house: House, body: Any = PHONE, **options: Any) -> Any:
    """The answer to a registration of Ada's phone."""
    return await house.ask(house.worker.persons.register, ADA, body=body, params=HERE, **options)


async def listed(house: House) -> list[str]:
    """Ada's devices."""
    answer = await house.ask(house.worker.persons.devices, ADA)
    return [device["installation"] for device in answer.body["devices"]]


async def test_a_device_is_registered_listed_and_removed(house: House, hub: MemoryHub) -> None:
    """What is said of it is no secret of the device: neither its push channel nor its tags."""
    answer = await register(house)
    moment = answer.body["registeredAt"]
    assert answer.status == 200
    assert answer.body == {"installation": "phone", "platform": "fcmv1", "registeredAt": moment, "renewedAt": moment}
    assert (await house.ask(house.worker.persons.devices, ADA)).body == {"devices": [answer.body]}
    assert hub.reached(Audience.parse("user:ada")) == ["phone"]
    for _ in range(2):
        assert (await house.ask(house.worker.persons.unregister, ADA, params=HERE)).status == 204
    assert (await listed(house), hub.registered) == ([], {})


async def test_a_browser_is_registered_with_its_subscription(house: House, hub: MemoryHub) -> None:
    """As JavaScript has it."""
    answer = await register(house, {"platform": "browser", "pushChannel": BROWSER})
    assert (answer.status, answer.body["platform"]) == (200, "browser")
    assert hub.registered["phone"][0].platform is Platform.BROWSER


def needing_pushes(people: People) -> list[tuple[Operation, dict[str, Any]]]:
    """The operations that a deployment without pushes cannot serve."""
    return [
        (people.devices, {}),
        (people.register, {"body": PHONE, "params": HERE}),
        (people.unregister, {"params": HERE}),
    ]


def needing_none(people: People) -> list[tuple[Operation, dict[str, Any]]]:
    """Those that would tell devices, if there were any."""
    return [
        (people.negotiate, {}),
        (people.prefer, {"body": {}}),
        (people.subscribe, {"params": {"topic": "outages"}}),
        (people.leave, {}),
    ]


async def test_a_deployment_without_pushes_says_so() -> None:
    """501 with a code of its own; everything else works."""
    house = House({"outages": ["*"]})
    for operation, options in needing_pushes(house.worker.persons):
        answer = await house.ask(operation, ADA, **options)
        assert (answer.status, answer.body["code"]) == (501, "push-off")
    for operation, options in needing_none(house.worker.persons):
        assert (await house.ask(operation, ADA, **options)).status in (200, 204)


async def test_a_push_channel_that_is_refused_is_the_callers_mistake(house: House, hub: MemoryHub) -> None:
    """400 with the field, not 503: to try again would be in vain. The service's own words stay in the log."""
    hub.refuses = RefusedError("the key of the hub is secret")
    answer = await register(house)
    assert (answer.status, answer.body["code"], answer.body["field"]) == (400, "invalid-body", "pushChannel")
    assert "secret" not in answer.body["detail"]
    assert await listed(house) == []


async def test_pushes_that_are_away_are_tried_again_by_the_client(house: House, hub: MemoryHub) -> None:
    """503 with the time to wait; then it works."""
    hub.faults = iter([Fault.LOST_REQUEST])
    answer = await register(house)
    assert (answer.status, answer.body["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert (await register(house)).status == 200


async def test_more_tags_than_there_can_be_are_a_conflict(house: House) -> None:
    """409 where the person would have too many, and the device is not kept."""
    muted = {"mutedCategories": [f"category-{number}" for number in range(100)]}
    await house.ask(house.worker.persons.prefer, ADA, body=muted)
    answer = await register(house)
    assert (answer.status, answer.body["code"]) == (409, "too-many-tags")
    assert await listed(house) == []


async def test_devices_follow_what_their_person_says(house: House, hub: MemoryHub) -> None:
    """Topics and mutes are in their tags at once; roles when the person comes with another token."""
    await register(house)
    people, plain = house.worker.persons, hub.tags_of("phone")
    await house.ask(people.subscribe, ADA, params={"topic": "outages"})
    assert hub.reached(Audience.parse("topic:outages")) == ["phone"]
    await house.ask(people.prefer, ADA, body={"mutedCategories": ["news"]})
    assert len(hub.tags_of("phone") or ()) == len(plain or ()) + 2
    await house.ask(people.negotiate, bearer("ada", "crew"))
    assert hub.reached(Audience.parse("role:crew")) == ["phone"]
    await house.ask(people.unsubscribe, ADA, params={"topic": "outages"})
    await house.ask(people.prefer, ADA, body={})
    assert hub.tags_of("phone") == plain


async def test_who_connects_is_not_held_up_by_pushes(house: House, hub: MemoryHub) -> None:
    """The live connection does not wait for tags; the next time they are brought in line."""
    await register(house)
    promoted = bearer("ada", "crew")
    hub.faults = iter([Fault.LOST_REQUEST])
    assert (await house.ask(house.worker.persons.negotiate, promoted)).status == 200
    assert hub.reached(Audience.parse("role:crew")) == []
    await house.ask(house.worker.persons.negotiate, promoted)
    assert hub.reached(Audience.parse("role:crew")) == ["phone"]


@pytest.mark.parametrize(
    ("state", "is_taken_back"), [({"read": True}, 1), ({"archived": True}, 1), ({"read": False}, 0)]
)
async def test_what_was_seen_to_is_taken_off_the_other_devices(
    house: House, hub: MemoryHub, state: dict[str, bool], is_taken_back: int
) -> None:
    """Only off the person's own, also when the alert was for many; what is to be seen to again stays."""
    await register(house)
    house.store.put(stored("fire", 1, Audience.parse("everyone")))
    answer = await house.ask(house.worker.inboxes.mark, ADA, body=state, params={"card": "fire"})
    assert answer.status == 200
    assert hub.log() == [("clear", "fire", "fcmv1")] * is_taken_back
    assert {sent.target.tag for sent in hub.sent} <= {Audience.parse("user:ada").tag}


async def test_what_is_read_all_at_once_is_taken_off_the_other_devices(house: House, hub: MemoryHub) -> None:
    """By one message to the person's own, only if more is read than before; it names the moment that is answered."""
    house.store.put(stored("a", 1), stored("b", 2, Audience.parse("everyone")))
    await house.ask(house.worker.inboxes.mark_all, ADA)
    assert hub.sent == []  # there is no device
    await register(house)
    await house.ask(house.worker.inboxes.mark_all, ADA)
    assert hub.sent == []  # nothing is new
    house.store.put(stored("c", 3, at=NOON + timedelta(minutes=1)))
    house.clock.advance(timedelta(minutes=1))
    answer = await house.ask(house.worker.inboxes.mark_all, ADA)
    [sent] = hub.sent
    data = {"type": "clear", "upTo": answer.body["readUpTo"]}
    assert json.loads(sent.message.payload)["message"]["android"]["data"] == data
    assert sent.target == Target(Audience.parse("user:ada").tag)


async def test_all_is_read_whether_or_not_pushes_are_there(
    house: House, hub: MemoryHub, caplog: pytest.LogCaptureFixture
) -> None:
    """What the person said is kept, and the log tells what was left undone."""
    await register(house)
    house.store.put(stored("fire"))
    hub.down = dict.fromkeys(Platform, TransientError("away"))
    answer = await house.ask(house.worker.inboxes.mark_all, ADA)
    assert (answer.status, answer.body) == (200, {"readUpTo": format_moment(NOON)})
    assert "user:ada" in caplog.text


async def test_a_card_is_marked_whether_or_not_pushes_are_there(house: House, hub: MemoryHub) -> None:
    """What the person said is kept; the notification stays until they swipe it away."""
    await register(house)
    house.store.put(stored("fire"))
    hub.down = dict.fromkeys(Platform, TransientError("away"))
    answer = await house.ask(house.worker.inboxes.mark, ADA, body={"read": True}, params={"card": "fire"})
    assert (answer.status, answer.body["read"]) == (200, True)


async def test_who_leaves_takes_their_devices_along(house: House, hub: MemoryHub) -> None:
    """The export names them before; while the hub is away nothing is erased yet, and it can be asked for again."""
    await register(house)
    export = (await house.ask(house.worker.persons.export, ADA)).body
    assert [device["installation"] for device in export["devices"]] == ["phone"]
    hub.faults = iter([Fault.LOST_REQUEST])
    assert (await house.ask(house.worker.persons.leave, ADA)).status == 503
    assert await listed(house) == ["phone"]
    assert (await house.ask(house.worker.persons.leave, ADA)).status == 204
    assert (await listed(house), hub.registered) == ([], {})


async def test_the_newest_device_is_listed_first(house: House) -> None:
    """By when it was last there."""
    for name in ("old", "phone", "new"):
        await house.ask(house.worker.persons.register, ADA, body=PHONE, params={"installation": name})
        house.clock.advance(timedelta(minutes=1))
    await house.ask(house.worker.persons.register, ADA, body=PHONE, params={"installation": "old"})
    assert await listed(house) == ["old", "new", "phone"]
    assert house.clock.now > NOON
