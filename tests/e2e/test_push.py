from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.phone import Phone
from tests.system import SECONDS, System, eventually

pytestmark = pytest.mark.local_only(reason="what a device was sent cannot be asked of a real hub")

CLEAR = ("silent", "")
"""A message that shows nothing: it takes a notification away."""

KEYS = {"p256dh": "a" * 20, "auth": "a" * 20}


async def _send(system: System, *alerts: dict[str, Any]) -> None:
    async with system.publisher() as publisher:
        await publisher.send_many(alerts)


async def _stored(system: System, phone: Phone, *cards: str) -> None:
    async def kept() -> bool:
        history = await system.history(phone.user, *phone.roles)
        return set(cards) <= {card["card"] for card in history}

    await eventually(kept)


async def test_a_person_who_is_not_connected_is_pushed_to(system: System, unique: str) -> None:
    """An alert to a person whose screens are all off rings on their phone, with what the app needs to open the card."""
    phone = Phone(system, unique)
    registered = await phone.register()
    assert (await phone.ask("GET", "/devices"))["devices"] == [registered]
    await _send(system, {"id": unique, "to": [f"user:{unique}"], "title": "Ring", "body": "Ring", "url": "/orders/1"})
    await phone.wait_for(("alert", "Ring"))
    device = await phone.known()
    assert device is not None
    data = device["notifications"][0]["payload"]["message"]["android"]["data"]
    assert (data["card"], data["url"], data["type"]) == (unique, "/orders/1", "alert")


async def test_who_is_connected_is_not_pushed_to_unless_the_alert_says_so(system: System, unique: str) -> None:
    """`offline` is for who is away; `always` also rings for who is there; `never` for nobody."""
    phone = Phone(system, unique)
    await phone.register()
    to = [f"user:{unique}"]
    async with system.inbox(unique) as inbox:
        await _send(
            system,
            {"id": f"a{unique}", "to": to, "title": "There"},
            {"id": f"b{unique}", "to": to, "title": "Always", "push": "always"},
            {"id": f"c{unique}", "to": to, "title": "Never", "push": "never"},
        )
        await inbox.wait_for([f"a{unique}", f"b{unique}", f"c{unique}"], SECONDS)
        await phone.wait_for(("alert", "Always"))


async def test_preferences_decide_about_pushes_to_a_person(system: System, unique: str) -> None:
    """Muted, minor or in quiet hours: in the inbox only. Critical goes through, unless the person said otherwise."""
    phone = Phone(system, unique)
    await phone.register()
    quiet = _around(timedelta())
    to = [f"user:{unique}"]
    marketing = {"to": to, "title": "Muted", "category": "marketing"}
    await phone.ask("PUT", "/preferences", json={"mutedCategories": ["marketing"], "minimumSeverity": "warning"})
    await _send(
        system,
        {**marketing, "id": f"a{unique}", "severity": "warning"},
        {"to": to, "id": f"b{unique}", "title": "Minor", "severity": "success"},
        {**marketing, "id": f"c{unique}", "title": "Critical", "severity": "critical"},
    )
    await phone.wait_for(("alert", "Critical"))
    await phone.ask("PUT", "/preferences", json={"quietHours": quiet})
    await _send(system, {"to": to, "id": f"d{unique}", "title": "Quiet", "severity": "warning"})
    await _stored(system, phone, f"d{unique}")
    await _send(system, {"to": to, "id": f"e{unique}", "title": "Awake", "severity": "critical"})
    await phone.wait_for(("alert", "Critical"), ("alert", "Awake"))
    await phone.ask("PUT", "/preferences", json={"quietHours": quiet, "criticalAlways": False})
    await _send(system, {"to": to, "id": f"f{unique}", "title": "Asleep", "severity": "critical"})
    await _stored(system, phone, f"f{unique}")
    await phone.ask("PUT", "/preferences", json={})
    await _send(system, {"to": to, "id": f"g{unique}", "title": "Again"})
    await phone.wait_for(("alert", "Critical"), ("alert", "Awake"), ("alert", "Again"))


async def test_groups_are_reached_by_tags_and_what_is_muted_is_left_out(system: System, unique: str) -> None:
    """One request for each platform reaches all devices of a role, but for those whose people muted it."""
    role = f"r-{unique}"
    loud, calm = Phone(system, f"loud-{unique}", role), Phone(system, f"calm-{unique}", role)
    await loud.register()
    await calm.register("apns")
    await calm.ask("PUT", "/preferences", json={"mutedCategories": ["chatter"], "minimumSeverity": "warning"})
    to = [f"role:{role}"]
    await _send(system, {"to": to, "title": "Chatter", "category": "chatter", "severity": "warning"})
    await loud.wait_for(("alert", "Chatter"))
    await _send(system, {"to": to, "title": "Minor"})
    await loud.wait_for(("alert", "Chatter"), ("alert", "Minor"))
    await _send(system, {"to": to, "title": "Fire", "category": "chatter", "severity": "critical"})
    await calm.wait_for(("alert", "Fire"))


async def test_quiet_hours_count_for_groups_too(system: System, unique: str) -> None:
    """Who wants quiet now hears nothing of an alert to a role, but for what is critical; their colleagues do."""
    role = f"r-{unique}"
    asleep, awake = Phone(system, f"asleep-{unique}", role), Phone(system, f"awake-{unique}", role)
    await asleep.register("apns")
    await awake.register("apns")
    await asleep.ask("PUT", "/preferences", json={"quietHours": _around(timedelta())})
    await awake.ask("PUT", "/preferences", json={"quietHours": _around(timedelta(hours=12))})
    await _send(system, {"to": [f"role:{role}"], "title": "Printer", "severity": "warning"})
    await awake.wait_for(("alert", "Printer"))
    await _send(system, {"to": [f"role:{role}"], "title": "Fire", "severity": "critical"})
    await asleep.wait_for(("alert", "Fire"))
    await awake.wait_for(("alert", "Printer"), ("alert", "Fire"))
    await asleep.ask("PUT", "/preferences", json={"quietHours": _around(timedelta()), "criticalAlways": False})
    await _send(system, {"to": [f"role:{role}"], "title": "Flood", "severity": "critical"})
    await awake.wait_for(("alert", "Printer"), ("alert", "Fire"), ("alert", "Flood"))
    await asleep.ask("PUT", "/preferences", json={})
    await _send(system, {"to": [f"role:{role}"], "title": "Morning"})
    await asleep.wait_for(("alert", "Fire"), ("alert", "Morning"))


def _around(since: timedelta) -> dict[str, str]:
    """Quiet hours from one hour before to one hour after a moment: now, and so long later."""
    moment = datetime.now(UTC) + since
    hour = timedelta(hours=1)
    return {"start": f"{moment - hour:%H:%M}", "end": f"{moment + hour:%H:%M}", "timeZone": "UTC"}


async def test_a_muted_topic_is_heard_of_when_it_is_critical(system: System, unique: str) -> None:
    """Not otherwise; and what is withdrawn is taken back from all the same."""
    phone = Phone(system, unique)
    await phone.register("apns")
    await phone.ask("PUT", "/subscriptions/offers")
    await phone.ask("PUT", "/preferences", json={"mutedTopics": ["offers"]})
    await _send(system, {"to": ["topic:offers"], "title": f"Usual {unique}"})
    fire = {"id": unique, "to": ["topic:offers"]}
    await _send(system, {**fire, "title": f"Fire {unique}", "severity": "critical"})
    await eventually(partial(_shows, phone, f"Fire {unique}"))
    await phone.ask("PUT", "/preferences", json={"mutedTopics": ["offers"], "criticalAlways": False})
    await _send(system, {**fire, "retract": True})
    await eventually(partial(_shows, phone))
    assert ("alert", f"Usual {unique}") not in await phone.shown()


async def test_a_subscription_changes_whom_pushes_reach(system: System, unique: str) -> None:
    """The tags of a person's devices follow their topics, at once."""
    phone = Phone(system, unique)
    await phone.register()
    await phone.ask("PUT", "/subscriptions/offers")
    await _send(system, {"to": ["topic:offers"], "title": f"Offer {unique}"})

    async def offered() -> bool:
        return ("alert", f"Offer {unique}") in await phone.shown()

    await eventually(offered)
    before = await phone.known()
    await phone.ask("DELETE", "/subscriptions/offers", 204)
    after = await phone.known()
    assert before
    assert after
    assert len(set(before["tags"]) - set(after["tags"])) == 1


async def test_roles_follow_the_token(system: System, unique: str) -> None:
    """Who comes back with other roles is pushed to by these from then on."""
    phone = Phone(system, unique)
    await phone.register()
    promoted = Phone(system, unique, f"r-{unique}")
    await promoted.ask("POST", "/negotiate")
    await _send(system, {"to": [f"role:r-{unique}"], "title": "Welcome"})
    await promoted.wait_for(("alert", "Welcome"))


async def test_the_icon_counts_what_is_unread(system: System, unique: str) -> None:
    """Each alert to a person brings the number, of all that is for them; and what is read elsewhere takes it down."""
    role = f"r-{unique}"
    phone = Phone(system, unique, role)
    await phone.ask("POST", "/alerts/read")  # what others have sent to everyone; nothing is taken back without a device
    await phone.register("apns")
    own = {"to": [f"user:{unique}"], "push": "always"}
    await _send(system, {"to": [f"role:{role}"], "title": "Team", "id": f"t{unique}", "push": "never"})
    await _stored(system, phone, f"t{unique}")
    await _send(system, {**own, "title": "One", "id": f"a{unique}"})
    await phone.wait_for(("alert", "One"))
    await _send(system, {**own, "title": "Two", "id": f"b{unique}"})
    await phone.wait_for(("alert", "One"), ("alert", "Two"))
    await phone.ask("PATCH", f"/alerts/t{unique}", json={"read": True})
    history = [("alert", "One"), ("alert", "Two"), CLEAR]
    await phone.wait_for(*history)
    await phone.ask("PATCH", f"/alerts/a{unique}", json={"archived": True})
    await phone.wait_for(*history, CLEAR)
    device = await phone.known()
    assert device is not None
    payloads = [notification["payload"] for notification in reversed(device["notifications"])]
    assert [payload["aps"]["badge"] for payload in payloads] == [2, 3, 2, 1]


async def test_a_device_that_its_platform_rejects_is_not_listed_any_more(system: System, unique: str) -> None:
    """The app was removed from the phone: the first push finds that out, and the list follows."""
    kept, gone = Phone(system, unique, name=f"kept-{unique}"), Phone(system, unique, name=f"gone-{unique}")
    await kept.register("apns")
    await gone.register("fcmv1", f"rejected-{unique}")

    async def listed() -> list[str]:
        return [device["installation"] for device in (await kept.ask("GET", "/devices"))["devices"]]

    assert await listed() == [gone.name, kept.name]
    await _send(system, {"to": [f"user:{unique}"], "title": "Ring"})
    await kept.wait_for(("alert", "Ring"))

    async def is_forgotten() -> bool:
        return await listed() == [kept.name]

    await eventually(is_forgotten)
    exported = (await kept.ask("GET", "/me/export"))["devices"]
    assert [device["installation"] for device in exported] == [kept.name]


async def test_what_was_seen_to_is_taken_back(system: System, unique: str) -> None:
    """Read on one device, archived or withdrawn: the notification goes from the others; a revision replaces it."""
    phone = Phone(system, unique)
    await phone.register()
    alert = {"to": [f"user:{unique}"], "title": "One", "thread": unique}
    await _send(system, alert)
    await phone.wait_for(("alert", "One"))
    await _send(system, {**alert, "title": "Two"})
    await phone.wait_for(("alert", "One"), ("alert", "Two"))
    device = await phone.known()
    assert device is not None
    assert [item["replaced"] for item in device["notifications"]] == [False, True]
    await phone.ask("PATCH", f"/alerts/{unique}", json={"read": True})
    history = [("alert", "One"), ("alert", "Two"), CLEAR]
    await phone.wait_for(*history)
    await _send(system, {"id": f"x{unique}", "to": [f"user:{unique}"], "title": "Oops"})
    await phone.wait_for(*history, ("alert", "Oops"))
    await _send(system, {"id": f"x{unique}", "to": [f"user:{unique}"], "retract": True})
    await phone.wait_for(*history, ("alert", "Oops"), CLEAR)


@pytest.mark.parametrize("platform", ["fcmv1", "apns"])
async def test_all_that_was_read_is_taken_back_at_once(system: System, unique: str, platform: str) -> None:
    """One message, whatever the number of cards, takes what was there off all devices; what comes later stays."""
    phone, tablet = (Phone(system, unique, name=f"{name}-{unique}") for name in ("phone", "tablet"))
    await phone.register(platform)
    await tablet.register(platform)
    to = [f"user:{unique}"]
    await _send(system, *({"id": f"{number}{unique}", "to": to, "title": f"{number}"} for number in range(3)))
    for device in (phone, tablet):
        await eventually(partial(_shows, device, "0", "1", "2"))
    await phone.ask("POST", "/alerts/read")
    for device in (phone, tablet):
        await eventually(partial(_shows, device))
        assert sum(told == CLEAR for told in await device.shown()) == 1
    await phone.ask("POST", "/alerts/read")  # nothing new has been read
    await _send(system, {"id": f"x{unique}", "to": to, "title": "Later"})
    for device in (phone, tablet):
        await eventually(partial(_shows, device, "Later"))
        assert sum(told == CLEAR for told in await device.shown()) == 1


async def _shows(device: Phone, *titles: str) -> bool:
    return sorted(await device.on_screen()) == sorted(titles)


async def test_a_shared_device_belongs_to_who_signed_in_last(system: System, unique: str) -> None:
    """What the one before does to their account reaches the device no more, nor do their alerts."""
    first = Phone(system, f"first-{unique}", name=f"shared-{unique}")
    second = Phone(system, f"second-{unique}", name=f"shared-{unique}")
    await first.register()
    await second.register()
    await first.ask("PUT", "/subscriptions/offers")
    await first.ask("DELETE", f"/devices/{first.name}", 204)
    await _send(system, {"to": [f"user:{first.user}"], "title": "For the first", "id": f"1{unique}"})
    await _stored(system, first, f"1{unique}")
    await _send(system, {"to": [f"user:{second.user}"], "title": "For the second"})
    await second.wait_for(("alert", "For the second"))
    assert (await first.ask("GET", "/devices"))["devices"] == []


async def test_a_person_who_leaves_is_forgotten_there_too(system: System, unique: str) -> None:
    """Erasure takes the devices from the hub; the export names them before."""
    phone = Phone(system, unique)
    await phone.register()
    assert [device["installation"] for device in (await phone.ask("GET", "/me/export"))["devices"]] == [phone.name]
    await phone.ask("DELETE", "/me", 204)
    assert await phone.known() is None
    assert (await phone.ask("GET", "/devices"))["devices"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"platform": "fcm", "pushChannel": "x"}, "platform"),
        ({"platform": "fcmv1"}, "pushChannel"),
        ({"platform": "browser", "pushChannel": "x"}, "pushChannel"),
        (
            {"platform": "apns", "pushChannel": {"endpoint": "https://x.y", **KEYS}},
            "pushChannel",
        ),
        (
            {"platform": "browser", "pushChannel": {"endpoint": "ftp://x", **KEYS}},
            "pushChannel.endpoint",
        ),
        ({"platform": "fcmv1", "pushChannel": "x", "tags": ["a"]}, "tags"),
    ],
)
async def test_a_registration_that_is_not_valid_is_refused(
    system: System, unique: str, body: dict[str, Any], field: str
) -> None:
    """The field is named, and nothing is kept."""
    phone = Phone(system, unique)
    problem = await phone.ask("PUT", "/devices/a", 400, json=body)
    assert (problem["code"], problem["field"]) == ("invalid-body", field)
    assert (await phone.ask("GET", "/devices"))["devices"] == []
