from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from shared.alert import Severity
from shared.audience import Audience
from shared.inbox.profile import Day, Preferences, QuietHours
from shared.push.deciding import Silence, is_quiet, silence_for
from tests.unit.shared.fakes import ADA, NOON, stored

OUTAGES = Audience.parse("topic:outages")
ALWAYS = QuietHours(start="00:00", end="23:59", time_zone="UTC")
DAYS: list[Day] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def quiet(start: str, end: str, zone: str = "Europe/Warsaw", days: tuple[Day, ...] = ()) -> QuietHours:
    """Quiet hours."""
    return QuietHours(start=start, end=end, time_zone=zone, days=days)


@pytest.mark.parametrize(
    ("preferences", "audience", "alert", "silence"),
    [
        ({}, ADA, {}, None),
        ({"muted_topics": ("outages",)}, OUTAGES, {}, Silence.MUTED_TOPIC),
        ({"muted_topics": ("other",)}, OUTAGES, {}, None),
        ({"muted_topics": ("outages",)}, Audience.parse("role:outages"), {}, None),
        ({"muted_topics": ("ada",)}, ADA, {}, None),
        ({"muted_categories": ("news",)}, ADA, {"category": "news"}, Silence.MUTED_CATEGORY),
        ({"muted_categories": ("news",)}, ADA, {"category": "new"}, None),
        ({"muted_categories": ("news",)}, ADA, {}, None),
        ({"minimum_severity": Severity.SUCCESS}, ADA, {"severity": Severity.INFO}, Silence.MINOR),
        ({"minimum_severity": Severity.SUCCESS}, ADA, {"severity": Severity.SUCCESS}, None),
        ({"minimum_severity": Severity.CRITICAL}, ADA, {"severity": Severity.WARNING}, Silence.MINOR),
        ({"minimum_severity": Severity.CRITICAL}, ADA, {"severity": Severity.CRITICAL}, None),
        ({"quiet_hours": ALWAYS}, ADA, {"severity": Severity.WARNING}, Silence.QUIET_HOURS),
        ({"quiet_hours": ALWAYS}, ADA, {"severity": Severity.CRITICAL}, None),
        ({"quiet_hours": ALWAYS, "critical_always": False}, ADA, {"severity": Severity.CRITICAL}, Silence.QUIET_HOURS),
        ({"muted_topics": ("outages",)}, OUTAGES, {"severity": Severity.CRITICAL}, None),
        (
            {"muted_topics": ("outages",), "critical_always": False},
            OUTAGES,
            {"severity": Severity.CRITICAL},
            Silence.MUTED_TOPIC,
        ),
    ],
    ids=str,
)
def test_preferences_decide(
    preferences: dict[str, Any], audience: Audience, alert: dict[str, Any], silence: Silence | None
) -> None:
    """Each of them on its own, and critical alerts go through unless the person said otherwise."""
    assert silence_for(Preferences(**preferences), stored("a", 1, audience, **alert), NOON) is silence


@given(
    severity=st.sampled_from(Severity),
    minimum=st.sampled_from(Severity),
    topic=st.booleans(),
    category=st.booleans(),
    hours=st.booleans(),
    always=st.booleans(),
)
def test_a_push_goes_through_if_nothing_speaks_against_it(
    *, severity: Severity, minimum: Severity, topic: bool, category: bool, hours: bool, always: bool
) -> None:
    """All combinations: a critical one that always goes through, or one against which there is no reason at all."""
    preferences = Preferences(
        muted_topics=("outages",) if topic else (),
        muted_categories=("disk",) if category else (),
        minimum_severity=minimum,
        quiet_hours=ALWAYS if hours else None,
        critical_always=always,
    )
    order = ["info", "success", "warning", "critical"]
    against = topic or category or hours or order.index(severity) < order.index(minimum)
    goes = (always and severity == "critical") or not against
    alert = stored("a", 1, OUTAGES, category="disk", severity=severity)
    assert (silence_for(preferences, alert, NOON) is None) is goes


@pytest.mark.parametrize(
    ("hours", "moment", "is_so"),
    [
        # A span within a day: its start belongs to it, its end does not.
        (quiet("12:00", "14:00"), "2026-11-20T11:59:59.999999+01:00", False),
        (quiet("12:00", "14:00"), "2026-11-20T12:00+01:00", True),
        (quiet("12:00", "14:00"), "2026-11-20T13:59:59.999999+01:00", True),
        (quiet("12:00", "14:00"), "2026-11-20T14:00+01:00", False),
        # The same moment in another zone's words.
        (quiet("12:00", "14:00"), "2026-11-20T11:00Z", True),
        (quiet("12:00", "14:00", "Asia/Kathmandu"), "2026-11-20T06:15Z", True),
        (quiet("12:00", "14:00", "Asia/Kathmandu"), "2026-11-20T06:14Z", False),
        # Over midnight.
        (quiet("22:00", "07:00"), "2026-11-20T21:59+01:00", False),
        (quiet("22:00", "07:00"), "2026-11-20T22:00+01:00", True),
        (quiet("22:00", "07:00"), "2026-11-21T00:00+01:00", True),
        (quiet("22:00", "07:00"), "2026-11-21T06:59+01:00", True),
        (quiet("22:00", "07:00"), "2026-11-21T07:00+01:00", False),
        (quiet("07:00", "00:00"), "2026-11-20T23:59+01:00", True),
        (quiet("07:00", "00:00"), "2026-11-21T00:00+01:00", False),
        # A span over midnight belongs to the day it starts: 20 November 2026 is a Friday.
        (quiet("22:00", "07:00", days=("friday",)), "2026-11-20T23:00+01:00", True),
        (quiet("22:00", "07:00", days=("friday",)), "2026-11-21T06:00+01:00", True),
        (quiet("22:00", "07:00", days=("friday",)), "2026-11-20T06:00+01:00", False),
        (quiet("22:00", "07:00", days=("friday",)), "2026-11-21T23:00+01:00", False),
        (quiet("12:00", "14:00", days=("friday",)), "2026-11-20T13:00+01:00", True),
        (quiet("12:00", "14:00", days=("saturday", "sunday")), "2026-11-20T13:00+01:00", False),
        # The day is the zone's: 23:30 UTC on Thursday is Friday in Warsaw.
        (quiet("00:00", "02:00", days=("friday",)), "2026-11-19T23:30Z", True),
        # 29 March 2026, 02:00 → 03:00: the night has an hour less.
        (quiet("22:00", "07:00"), "2026-03-29T04:59Z", True),
        (quiet("22:00", "07:00"), "2026-03-29T05:00Z", False),
        (quiet("02:30", "05:00"), "2026-03-29T01:29Z", False),
        (quiet("02:30", "05:00"), "2026-03-29T01:30Z", True),
        (quiet("02:30", "05:00"), "2026-03-29T03:00Z", False),
        (quiet("00:00", "02:30"), "2026-03-29T01:29Z", True),
        (quiet("00:00", "02:30"), "2026-03-29T01:30Z", False),
        # 25 October 2026, 03:00 → 02:00: the night has an hour more, and what comes twice is the first of the two.
        (quiet("22:00", "07:00"), "2026-10-25T05:59Z", True),
        (quiet("22:00", "07:00"), "2026-10-25T06:00Z", False),
        (quiet("02:30", "05:00"), "2026-10-25T00:29Z", False),
        (quiet("02:30", "05:00"), "2026-10-25T00:30Z", True),
        (quiet("02:30", "05:00"), "2026-10-25T01:15Z", True),
        (quiet("00:00", "02:30"), "2026-10-25T00:29Z", True),
        (quiet("00:00", "02:30"), "2026-10-25T00:30Z", False),
        (quiet("00:00", "02:30"), "2026-10-25T01:15Z", False),
    ],
    ids=str,
)
def test_quiet_hours_go_by_the_clock_of_the_person(hours: QuietHours, moment: str, *, is_so: bool) -> None:
    """Whatever the zone the moment is written in, also where the clock is changed."""
    assert is_quiet(hours, datetime.fromisoformat(moment)) is is_so


TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
ZONES = st.sampled_from(
    ["UTC", "Europe/Warsaw", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]
)
MOMENTS = st.datetimes(datetime(2015, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds are naive


@st.composite
def all_hours(draw: st.DrawFn) -> QuietHours:
    """Any quiet hours."""
    start, end = draw(st.lists(TIMES, min_size=2, max_size=2, unique=True))
    return quiet(start, end, draw(ZONES), tuple(draw(st.lists(st.sampled_from(DAYS), unique=True))))


@given(all_hours(), MOMENTS)
def test_quiet_hours_are_what_a_clock_on_the_wall_shows(hours: QuietHours, moment: datetime) -> None:
    """On days on which it is not changed: by its hands and the calendar beside it alone."""
    zone = ZoneInfo(hours.time_zone)
    local = moment.astimezone(zone)
    if any(
        (moment + timedelta(hours=around)).astimezone(zone).utcoffset() != local.utcoffset() for around in (-48, 48)
    ):
        reject()
    shown, begun_today = local.strftime("%H:%M"), local
    if hours.start < hours.end:
        within = hours.start <= shown < hours.end
    else:
        within = shown >= hours.start or shown < hours.end
        if shown < hours.end:
            begun_today = local - timedelta(days=1)
    name = begun_today.strftime("%A").lower()
    assert is_quiet(hours, moment) is (within and (not hours.days or name in hours.days))


@given(all_hours(), MOMENTS)
def test_no_night_is_quiet_for_longer_than_it_says(hours: QuietHours, moment: datetime) -> None:
    """A day and two hours after a moment that is quiet by a single day's hours, nothing is."""
    local = moment.astimezone(ZoneInfo(hours.time_zone))
    only = quiet(hours.start, hours.end, hours.time_zone, (DAYS[local.weekday()],))
    assert not is_quiet(only, moment + timedelta(days=2, hours=2))
