from datetime import timedelta

import pytest

from shared.alert import Severity
from shared.audience import EVERYONE, Audience
from shared.errors import BelfryError, RefusedError, TransientError
from shared.inbox.profile import Preferences, Profile, QuietHours
from shared.position import Position
from shared.push.addressing import Target, target_of
from shared.push.devices import Device
from shared.push.message import Platform
from shared.push.sending import Pushing
from tests.unit.shared.fakes import ADA, BEN, NOON, OFFICE, stored
from tests.unit.shared.hub import MemoryHub
from tests.unit.shared.memory import Fault, MemoryPeople

POSITION: Position = stored().position
NEVER, BUSY = RefusedError("never"), TransientError("busy")


@pytest.fixture
def hub() -> MemoryHub:
    """Takes everything."""
    return MemoryHub()


@pytest.fixture
async def pushing(hub: MemoryHub, people: MemoryPeople) -> Pushing:
    """Ada has two phones and a tablet of two platforms, Ben has nothing."""
    for name, platform in (("phone", Platform.APNS), ("tablet", Platform.APNS), ("work", Platform.FCM_V1)):
        device = Device(installation=name, platform=platform, push_channel="x", registered_at=NOON, renewed_at=NOON)
        await people.save_device("ada", device)
    return Pushing(hub, people, people)


async def prefer(people: MemoryPeople, preferences: Preferences) -> None:
    """Have Ada want this."""
    assert await people.save_profile("ada", Profile(preferences=preferences), None)


async def test_a_person_is_pushed_to_on_the_platforms_they_have(hub: MemoryHub, pushing: Pushing) -> None:
    """One request for each, whatever the number of devices, to the person's own tag."""
    await pushing.push(stored("a"), NOON)
    assert sorted(hub.log()) == [("alert", "a", "apns"), ("alert", "a", "fcmv1")]
    assert {sent.target for sent in hub.sent} == {Target(ADA.tag)}


async def test_a_person_without_devices_costs_nothing(hub: MemoryHub, pushing: Pushing) -> None:
    """Neither a request, nor a look at what they prefer."""
    await pushing.push(stored("a", 1, BEN), NOON)
    await pushing.clear(BEN, "a", POSITION, NOON)
    assert hub.sent == []


@pytest.mark.parametrize("audience", [OFFICE, EVERYONE, Audience.parse("topic:outages")], ids=str)
async def test_a_group_costs_one_request_for_each_platform(
    hub: MemoryHub, pushing: Pushing, audience: Audience
) -> None:
    """With the tags by which those are left out who muted it."""
    alert = stored("a", 1, audience, category="disk")
    await pushing.push(alert, NOON)
    assert sorted(platform for _, _, platform in hub.log()) == sorted(Platform)
    assert {sent.target for sent in hub.sent} == {target_of(alert, NOON)}


@pytest.mark.parametrize(
    "preferences",
    [
        Preferences(muted_categories=("disk",)),
        Preferences(minimum_severity=Severity.CRITICAL),
        Preferences(quiet_hours=QuietHours(start="11:00", end="13:00", time_zone="UTC")),
    ],
    ids=["muted", "minor", "quiet"],
)
async def test_what_a_person_does_not_want_is_not_pushed(
    hub: MemoryHub, people: MemoryPeople, pushing: Pushing, preferences: Preferences
) -> None:
    """Unless it is critical."""
    await prefer(people, preferences)
    await pushing.push(stored("a", category="disk", severity=Severity.WARNING), NOON)
    assert hub.sent == []
    await pushing.push(stored("a", category="disk", severity=Severity.CRITICAL), NOON)
    assert len(hub.sent) == 2


async def test_quiet_hours_are_those_of_the_moment_of_sending(
    hub: MemoryHub, people: MemoryPeople, pushing: Pushing
) -> None:
    """Not of the moment in which the alert was stored: an outage may lie between the two."""
    await prefer(people, Preferences(quiet_hours=QuietHours(start="11:00", end="13:00", time_zone="UTC")))
    await pushing.push(stored("a", at=NOON), NOON + timedelta(hours=2))
    assert len(hub.sent) == 2


async def test_what_is_taken_back_is_taken_back_regardless(
    hub: MemoryHub, people: MemoryPeople, pushing: Pushing
) -> None:
    """It disturbs nobody, and it may have been muted only after it was shown."""
    await prefer(people, Preferences(minimum_severity=Severity.CRITICAL))
    await pushing.clear(ADA, "a", POSITION, NOON)
    await pushing.clear(OFFICE, "b", POSITION, NOON)
    assert sorted(hub.log()) == [
        ("clear", "a", "apns"),
        ("clear", "a", "fcmv1"),
        *(("clear", "b", platform.value) for platform in sorted(Platform)),
    ]
    assert {sent.target for sent in hub.sent} == {Target(ADA.tag), Target(OFFICE.tag)}


@pytest.mark.parametrize(
    ("fcm", "apns", "raised"),
    [(NEVER, BUSY, BUSY), (BUSY, NEVER, BUSY), (NEVER, None, NEVER), (None, BUSY, BUSY)],
    ids=str,
)
async def test_what_passes_counts_for_more_than_what_does_not(
    hub: MemoryHub, pushing: Pushing, fcm: BelfryError | None, apns: BelfryError | None, raised: BelfryError
) -> None:
    """Tried again, one platform's devices get it yet and the other is refused again; no platform hinders another."""
    failing = {Platform.FCM_V1: fcm, Platform.APNS: apns}
    hub.down = {platform: error for platform, error in failing.items() if error}
    with pytest.raises(type(raised)) as caught:
        await pushing.push(stored("a", 1, OFFICE), NOON)
    assert caught.value is raised
    assert sorted(platform for _, _, platform in hub.log()) == sorted(set(Platform) - set(hub.down))


async def test_a_defect_is_not_taken_for_success(hub: MemoryHub, pushing: Pushing) -> None:
    """What is no error of ours goes to the caller."""
    hub.down = {Platform.APNS: KeyError("a bug")}
    with pytest.raises(KeyError):
        await pushing.push(stored("a"), NOON)


async def test_devices_that_cannot_be_looked_up_are_tried_again(people: MemoryPeople, pushing: Pushing) -> None:
    """A store that is away is not a person without devices."""
    people.faults = iter([Fault.LOST_REQUEST])
    with pytest.raises(TransientError):
        await pushing.push(stored("a"), NOON)


async def test_what_was_seen_to_stays_so_when_pushes_are_away(
    hub: MemoryHub, pushing: Pushing, caplog: pytest.LogCaptureFixture
) -> None:
    """To take a notification away is a courtesy: its failure is for the log."""
    hub.down = dict.fromkeys(Platform, BUSY)
    await pushing.clear_or_say(ADA, "a", POSITION, NOON)
    assert "'a'" in caplog.text
