import re

import pytest
from hypothesis import example, given, reject
from hypothesis import strategies as st
from msgspec import structs

from shared.alert import Severity
from shared.audience import EVERYONE, Audience, Kind, audiences_of
from shared.inbox.profile import Day, Preferences, QuietHours
from shared.push.addressing import MAXIMUM_TAGS, Asleep, TooManyTagsError, everyone_in, tags_of, target_of
from shared.push.deciding import silence_for
from tests.unit.shared.fakes import ADA, NOON, OFFICE, stored
from tests.unit.shared.hub import reaches

CATEGORIES = ("disk", "news", "outages")
TOPICS = ("outages", "offers", "disk")
WORKING: tuple[Day, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday")
OWN = (*audiences_of("ada", ["back-office"]), *(Audience(Kind.TOPIC, topic) for topic in TOPICS))
OTHERS = (Audience.parse("user:ben"), Audience.parse("role:outages"), Audience.parse("topic:elsewhere"))
QUIET = st.sampled_from(["00:00", "07:00", "11:00", "12:15", "22:00"])

preferences = st.builds(
    Preferences,
    muted_categories=st.lists(st.sampled_from(CATEGORIES), unique=True).map(tuple),
    muted_topics=st.lists(st.sampled_from(TOPICS), unique=True).map(tuple),
    minimum_severity=st.sampled_from(Severity),
    critical_always=st.booleans(),
    quiet_hours=st.none()
    | st.lists(QUIET, min_size=2, max_size=2, unique=True).map(
        lambda times: QuietHours(start=times[0], end=times[1], time_zone="Europe/Warsaw")
    ),
)


def fitting_tags(preferences: Preferences) -> tuple[str, ...]:
    """The tags of somebody who wants this, if there is room for all of them."""
    try:
        return tags_of(OWN, preferences, NOON)
    except TooManyTagsError:
        reject()


@given(
    preferences=preferences,
    audience=st.sampled_from([*OWN, *OTHERS]),
    severity=st.sampled_from(Severity),
    category=st.sampled_from([None, *CATEGORIES, "other"]),
)
def test_tags_decide_as_the_preferences_do(
    preferences: Preferences, audience: Audience, severity: Severity, category: str | None
) -> None:
    """Whom an expression of tags leaves out is who does not want the push, and who is not of the audience."""
    alert = stored("a", 1, audience, severity=severity, category=category)
    reached = reaches(target_of(alert, NOON), fitting_tags(preferences))
    assert reached is (audience in OWN and silence_for(preferences, alert, NOON) is None)


@given(preferences, st.sampled_from([*OWN, *OTHERS]))
def test_what_is_taken_back_is_taken_back_from_all(preferences: Preferences, audience: Audience) -> None:
    """Whatever they have muted: they may have muted it since, and it disturbs nobody."""
    assert reaches(everyone_in(audience), fitting_tags(preferences)) is (audience in OWN)


NAMES = st.text("abcdefghij0123456789-._", min_size=4, max_size=64)


@given(
    user=NAMES,
    roles=st.lists(NAMES, max_size=40),
    muted=st.lists(NAMES, unique=True, max_size=40).map(tuple),
    always=st.booleans(),
)
@example(user="ada.lovelace", roles=["physicians"], muted=("oncology",), always=False)
def test_tags_are_few_and_tell_nothing(user: str, roles: list[str], muted: tuple[str, ...], *, always: bool) -> None:
    """At most 60, or an error; each once, of the letters that tags may have; none shows a name."""
    wanted = Preferences(muted_categories=muted, critical_always=always)
    audiences = audiences_of(user, roles)
    expected = len(audiences) + len(muted) * (1 if always else 2)
    if expected > MAXIMUM_TAGS:
        with pytest.raises(TooManyTagsError):
            tags_of(audiences, wanted, NOON)
        return
    tags = tags_of(audiences, wanted, NOON)
    assert len(set(tags)) == len(tags) == expected
    assert all(re.fullmatch(r"[ax]-[0-9a-f]{40}", tag) for tag in tags)


def test_tags_stay_the_same() -> None:
    """Whatever the order in which things were muted: devices are written anew only where something changed."""
    first = Preferences(muted_categories=("disk", "news"), muted_topics=("offers",))
    second = structs.replace(first, muted_categories=("news", "disk"))
    assert tags_of(OWN, first, NOON) == tags_of(reversed(OWN), second, NOON)
    # Devices carry them for months: they are part of what is stored.
    target = target_of(stored("a", 1, OFFICE, category="disk"), NOON)
    assert target.without == (
        "x-576912551e45ef73a8a44bfeb2281c0dc9c2ab43",
        "x-073750faad8aa413d1992c350316be4bb8c93dae",
    )
    assert target.asleep == Asleep(
        "x-5a999a3d6dd393e63fa8e2a2b38651fe3e29fcf7",
        "x-60dbd30527f989e2f2adc599c5e85ac41ecb6cb8",
        "x-4735b62185f08c4c612e0386fa0b48a01ab04639",
    )


@pytest.mark.parametrize(
    ("hours", "always", "expected"),
    [
        # 22:00 to 07:00 in Warsaw is 21:00 to 06:00 in UTC: in both halves of each day, nine hours.
        (QuietHours(start="22:00", end="07:00", time_zone="Europe/Warsaw"), True, 14 + 9),
        (QuietHours(start="22:00", end="07:00", time_zone="Europe/Warsaw"), False, 28 + 9),
        (QuietHours(start="22:00", end="07:00", time_zone="Europe/Warsaw", days=WORKING), True, 10 + 9),
        # 22:00 to 07:00 in New York is 03:00 to 12:00 in UTC.
        (QuietHours(start="22:00", end="07:00", time_zone="America/New_York"), True, 7 + 9),
        # 21:15 to 06:30 in Kathmandu is 15:30 to 00:45 in UTC.
        (QuietHours(start="21:15", end="06:30", time_zone="Asia/Kathmandu"), True, 14 + 8 + 2 + 3),
        (QuietHours(start="00:00", end="23:59", time_zone="UTC"), True, 14 + 23 + 3),
        (QuietHours(start="00:00", end="23:59", time_zone="UTC"), False, 28 + 23 + 3),
    ],
    ids=str,
)
def test_what_quiet_hours_cost(hours: QuietHours, expected: int, *, always: bool) -> None:
    """Of the 60 tags that a device can have, for halves of days, hours and quarters; the first twice if need be."""
    wanted = Preferences(quiet_hours=hours, critical_always=always)
    assert len(tags_of([], wanted, NOON)) == expected


@pytest.mark.parametrize("audience", [ADA, OFFICE, EVERYONE, Audience.parse("topic:outages")], ids=str)
@pytest.mark.parametrize("severity", Severity)
def test_an_expression_is_one_that_the_service_takes(audience: Audience, severity: Severity) -> None:
    """It allows six tags in one with `&&`, and is not asked for more."""
    target = target_of(stored("a", 1, audience, category="disk", severity=severity), NOON)
    assert not reaches(target, set())
    assert reaches(target, {audience.tag})
