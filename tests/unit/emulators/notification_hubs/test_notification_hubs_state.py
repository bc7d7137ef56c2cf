import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.notification_hubs.database import Database
from emulators.notification_hubs.errors import BadRequestError, NotFoundError
from emulators.notification_hubs.hubs import DELAYS, GIVE_UP_SECONDS
from emulators.notification_hubs.installations import BrowserChannel
from emulators.notification_hubs.store import MOST_UNREGISTERED
from tests.unit.emulators.notification_hubs.house import HUB, House, to_browsers, to_phones


def test_a_send_reaches_those_whom_the_tags_choose(house: House) -> None:
    """Devices of the hub and of the platform; without an expression all of them."""
    house.register("paris", "city:paris")
    house.register("rome", "city:rome", userId="ada")
    house.register("iphone", "city:paris", platform="apns")
    house.register("other-hub", "city:paris", hub="other")
    house.send("city:paris", "to paris")
    house.send("$UserId:{ada} || $InstallationId:{iphone}", "to ada")
    house.send(None, "to all")
    house.send("nobody", "to nobody")
    assert house.titles("paris") == ["to paris", "to all"]
    assert house.titles("rome") == ["to ada", "to all"]
    assert house.titles("iphone") == house.titles("other-hub") == []


def test_an_expression_that_is_wrong_sends_nothing(house: House) -> None:
    """Above all it does not send to everyone."""
    house.register("phone")
    with pytest.raises(BadRequestError):
        house.send("")
    assert house.titles("phone") == []


def test_a_direct_send_reaches_one_handle(house: House) -> None:
    """A registered device, or one that only its handle is known of."""
    house.register("phone")
    house.register("other")
    house.hubs.send_directly(HUB, to_phones("known"), "token-phone")
    house.hubs.send_directly(HUB, to_phones("unknown"), "token-x")
    house.hubs.send_directly(HUB, to_phones("again"), "token-x")
    assert (house.titles("phone"), house.titles("other")) == (["known"], [])
    [stranger] = [device for device in house.devices().values() if device["pushChannel"] == "token-x"]
    assert not stranger["registered"]
    assert [each["title"] for each in stranger["notifications"]] == ["again", "unknown"]
    with pytest.raises(NotFoundError):
        house.hubs.get(HUB, stranger["installationId"])


def test_a_platform_that_does_not_know_a_device_removes_it(house: House) -> None:
    """Its installation is gone; what became of the notification can be seen, and the others got it."""
    house.register("phone", "a")
    house.register("gone", "a", pushChannel="rejected-1")
    house.send("a")
    house.send("a")
    with pytest.raises(NotFoundError, match="Installation not found"):
        house.hubs.get(HUB, "gone")
    [rejected] = house.notifications("gone")
    assert rejected["outcome"] == "rejected"
    assert not house.devices()["gone"]["registered"]
    assert house.titles("phone") == ["Oven", "Oven"]
    assert house.hubs.counts == {"delivered": 2, "rejected": 1}


def test_a_device_can_come_back(house: House) -> None:
    """Registered again under its id, it is the same device."""
    house.register("phone")
    house.send(None, "first")
    house.hubs.delete(HUB, "phone")
    house.hubs.delete(HUB, "phone")
    house.send(None, "missed")
    house.register("phone")
    house.send(None, "second")
    assert house.titles("phone") == ["first", "second"]


def test_an_installation_ends_with_its_time(house: House) -> None:
    """From then on it is neither shown nor sent to."""
    house.register("phone", expirationTime="2027-01-15T08:00:10Z")
    assert house.now == 1_800_000_000.0
    house.send(None, "in time")
    house.now += 10
    house.send(None, "too late")
    with pytest.raises(NotFoundError):
        house.hubs.get(HUB, "phone")
    assert house.titles("phone") == ["in time"]
    assert not house.devices()["phone"]["registered"]


def test_a_patch_that_leaves_no_installation_changes_nothing(house: House) -> None:
    """All of it happens or none of it."""
    house.register("phone", "a")
    operations = [{"op": "add", "path": "/tags", "value": "b"}, {"op": "add", "path": "/tags", "value": "c d"}]
    with pytest.raises(BadRequestError):
        house.hubs.patch(HUB, "phone", json.dumps(operations).encode())
    assert house.hubs.get(HUB, "phone").tags == ("a",)
    house.hubs.patch(HUB, "phone", json.dumps(operations[:1]).encode())
    house.restart()
    assert house.hubs.get(HUB, "phone").tags == ("a", "b")


def test_a_collapse_id_replaces_what_was_there(house: House) -> None:
    """Of those with the same one, only the newest is not replaced."""
    house.register("phone")
    for title, tag in [("firing", "oven"), ("other", "door"), ("resolved", "oven"), ("none", "")]:
        house.send(None, title, notification={"tag": tag})
    assert {each["title"]: each["replaced"] for each in house.notifications("phone")} == {
        "firing": True,
        "other": False,
        "resolved": False,
        "none": False,
    }


def test_a_browser_is_posted_to(house: House, browser_channel: dict[str, str]) -> None:
    """With the headers of Web Push, an encrypted body, and once."""
    house.register("browser", platform="browser", pushChannel=browser_channel)
    house.hubs.send(HUB, to_browsers(ttl="60", urgency="high", topic="oven"), None)
    post = house.post()
    assert house.hubs.due(10) == []
    assert post.url == browser_channel["endpoint"]
    assert (post.headers["TTL"], post.headers["Urgency"], post.headers["Topic"]) == ("60", "high", "oven")
    assert post.headers["Content-Encoding"] == "aes128gcm"
    assert post.headers["Authorization"].startswith("vapid t=")
    assert b"Oven" not in post.body
    house.hubs.answered(post, 201)
    assert house.notifications("browser")[0]["outcome"] == "delivered"
    assert house.hubs.next_due() is None


@pytest.mark.parametrize(
    ("status", "outcome", "registered"),
    [(200, "delivered", True), (404, "rejected", False), (410, "rejected", False), (400, "failed", True),
     (413, "failed", True), (302, "failed", True), (408, "pending", True), (429, "pending", True),
     (500, "pending", True)],
)  # fmt: skip
def test_a_push_services_answer_decides(
    house: House, browser_channel: dict[str, str], status: int, outcome: str, *, registered: bool
) -> None:
    """Taken, gone for ever, refused, or to be tried again."""
    house.register("browser", platform="browser", pushChannel=browser_channel)
    house.hubs.send(HUB, to_browsers(), None)
    house.hubs.answered(house.post(), status)
    device = house.devices()["browser"]
    assert (device["notifications"][0]["outcome"], device["registered"]) == (outcome, registered)
    assert (house.hubs.registered == 1) == registered


def test_what_passes_is_tried_again_for_half_an_hour(house: House, browser_channel: dict[str, str]) -> None:
    """Later and later, not before a push service asks for it, and never after the service would have given up."""
    house.register("browser", platform="browser", pushChannel=browser_channel)
    house.hubs.send(HUB, to_browsers(), None)
    began, waits = house.now, []
    while (due := house.hubs.next_due()) is not None:
        waits.append(due - house.now)
        house.now = due
        house.hubs.failed(house.post(), "no answer", retry_after=60.0 if len(waits) == 2 else None)
    assert waits[:6] == [0.0, DELAYS[0], 60.0, *DELAYS[2:]]
    assert house.now < began + GIVE_UP_SECONDS <= house.now + DELAYS[-1]
    [notification] = house.notifications("browser")
    assert (notification["outcome"], notification["detail"]) == ("failed", "no answer")
    assert notification["attempts"] == len(waits)


def test_what_was_on_its_way_goes_on_after_a_restart(house: House, browser_channel: dict[str, str]) -> None:
    """Also what was just being posted: a browser may get it twice, and not never."""
    house.register("browser", platform="browser", pushChannel=browser_channel)
    house.hubs.send(HUB, to_browsers("one"), None)
    house.post()
    house.restart()
    house.hubs.answered(house.post(), 201)
    house.restart()
    assert house.hubs.due(10) == []
    assert house.titles("browser") == ["one"]


def test_no_more_is_given_than_can_be_posted(house: House, browser_channel: dict[str, str]) -> None:
    """The rest waits, in the order in which it was sent."""
    for number in range(5):
        house.register(f"browser-{number}", platform="browser", pushChannel=browser_channel)
    house.hubs.send(HUB, to_browsers(), None)
    given = [post.delivery.device.installation.id for most in (2, 0, 2, 2) for post in house.hubs.due(most)]
    assert given == [f"browser-{number}" for number in range(5)]


def test_nothing_is_posted_where_it_is_allowed_no_more(house: House, browser_channel: dict[str, str]) -> None:
    """What a process with other options has left is not sent off this machine."""
    house.restart(frozenset({"push.example"}))
    house.register("browser", platform="browser", pushChannel=browser_channel | {"endpoint": "https://push.example/1"})
    house.hubs.send(HUB, to_browsers(), None)
    house.restart()
    assert house.hubs.due(10) == []
    [notification] = house.notifications("browser")
    assert notification["outcome"] == "failed"
    assert "--allow-endpoint push.example" in notification["detail"]


def test_a_device_may_become_another(house: House, browser_channel: dict[str, str]) -> None:
    """What was on its way to it as a browser has nowhere to go."""
    house.register("device", platform="browser", pushChannel=browser_channel)
    house.hubs.send(HUB, to_browsers(), None)
    house.register("device")
    house.restart()
    assert house.hubs.due(10) == []
    assert house.notifications("device")[0]["outcome"] == "failed"


def test_a_browser_with_a_new_subscription_stays(house: House, browser_channel: dict[str, str]) -> None:
    """The old one is gone, and the device has said so itself in time."""
    house.register("browser", platform="browser", pushChannel=browser_channel)
    house.hubs.send(HUB, to_browsers(), None)
    post = house.post()
    renewed = browser_channel | {"endpoint": "http://localhost:9/push/2"}
    house.register("browser", platform="browser", pushChannel=renewed)
    house.hubs.answered(post, 410)
    channel = house.hubs.get(HUB, "browser").push_channel
    assert isinstance(channel, BrowserChannel)
    assert channel.endpoint == renewed["endpoint"]


def test_a_browser_can_be_sent_to_directly(house: House, browser_channel: dict[str, str]) -> None:
    """With its keys; without usable ones it is refused."""
    house.hubs.send_directly(HUB, to_browsers(), BrowserChannel(**browser_channel))
    house.hubs.answered(house.post(), 410)
    assert [each["outcome"] for device in house.devices().values() for each in device["notifications"]] == ["rejected"]
    with pytest.raises(BadRequestError):
        house.hubs.send_directly(HUB, to_browsers(), BrowserChannel(browser_channel["endpoint"], "", ""))


def test_every_change_is_told(house: House) -> None:
    """Whoever watches learns which device there is something new of."""
    house.register("one", "a")
    house.register("two")
    house.send("a")
    house.hubs.delete(HUB, "two")
    number = {name: device["number"] for name, device in house.devices().items()}
    assert house.changed == [number["one"], number["two"], number["one"], number["two"]]


def test_devices_that_are_gone_do_not_pile_up(house: House) -> None:
    """The last ones to go can be seen; those that are registered are all kept."""
    house.register("stays")
    for number in range(MOST_UNREGISTERED + 5):
        house.now += 1
        house.register(f"gone-{number}")
        house.hubs.delete(HUB, f"gone-{number}")
    assert len(house.devices()) == MOST_UNREGISTERED + 1
    assert {"stays", f"gone-{MOST_UNREGISTERED + 4}"} < set(house.devices())


CHOSEN = {
    "x": lambda tags: "x" in tags,
    "y || z": lambda tags: "y" in tags or "z" in tags,
    "!x": lambda tags: "x" not in tags,
    "x && y": lambda tags: "x" in tags and "y" in tags,
}
"""Tag expressions, and what they mean."""

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abc"), st.sets(st.sampled_from("xyz"))),
        st.tuples(st.just("delete"), st.sampled_from("abc"), st.none()),
        st.tuples(st.just("send"), st.sampled_from(list(CHOSEN)), st.none()),
        st.tuples(st.just("restart"), st.none(), st.none()),
    )
)


@given(STEPS)
def test_every_device_has_what_it_was_to_get(steps: list[tuple[str, Any, Any]]) -> None:
    """Whatever registers, goes, is sent, and however often the process dies: as a model of three sets has it."""
    registered: dict[str, set[str]] = {}
    expected: dict[str, list[str]] = {}
    database = Database(":memory:")
    house = House(database)
    for step, subject, tags in steps:
        house.now += 1
        match step:
            case "put":
                house.register(subject, *tags)
                registered[subject] = tags
                expected.setdefault(subject, [])
            case "delete":
                house.hubs.delete(HUB, subject)
                registered.pop(subject, None)
            case "send":
                notification_id = house.send(subject)
                for device in (name for name, own in registered.items() if CHOSEN[subject](own)):
                    expected[device].insert(0, notification_id)
            case _:
                house.restart()
    seen = house.devices()
    assert {name for name, device in seen.items() if device["registered"]} == set(registered)
    assert {name: [each["notificationId"] for each in device["notifications"]] for name, device in seen.items()} == {
        name: sent[:50] for name, sent in expected.items()
    }
    database.close()
