from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, reject
from hypothesis import strategies as st

from shared.inbox.profile import Day, QuietHours
from shared.push.clock import LONGEST_ON_SOME_DAYS, QUARTER, Quiet, Reading, quiet, read
from shared.push.deciding import is_quiet

DAYS: list[Day] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Warsaw",
        "America/New_York",
        "America/Los_Angeles",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Marquesas",
        "Pacific/Chatham",
    ]
)
MOMENTS = st.datetimes(datetime(2015, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds are naive
FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
MOST_POSITIONS = 56
"""28 for the halves twice, 22 whole hours, and three quarters at each end."""
WORKING = tuple(DAYS[:5])


def hours(start: str, end: str, zone: str = "UTC", days: tuple[Day, ...] = ()) -> QuietHours:
    """Quiet hours."""
    return QuietHours(start=start, end=end, time_zone=zone, days=days)


@st.composite
def all_hours(draw: st.DrawFn) -> QuietHours:
    """Any quiet hours."""
    start, end = draw(st.lists(TIMES, min_size=2, max_size=2, unique=True))
    return hours(start, end, draw(ZONES), tuple(draw(st.lists(st.sampled_from(DAYS), unique=True))))


def lasts(wanted: QuietHours) -> timedelta:
    """From start to end, by a clock that is not changed."""
    start, end = (datetime.fromisoformat(f"2026-01-01T{time}Z") for time in (wanted.start, wanted.end))
    return (end - start) % timedelta(days=1)


def leaves_out(wanted: Quiet, shown: Reading) -> bool:
    """Whether the hands stand where it is quiet."""
    return shown.half in wanted.halves and (shown.hour in wanted.hours or shown.quarter in wanted.quarters)


def is_wholly_quiet(wanted: QuietHours, moment: datetime) -> bool:
    """Whether all of the quarter of an hour that a moment is in is quiet; quiet hours begin and end with a minute."""
    begins = moment - (moment - datetime(2000, 1, 1, tzinfo=UTC)) % QUARTER
    return all(is_quiet(wanted, begins + timedelta(minutes=minute)) for minute in range(15))


@given(all_hours(), MOMENTS)
@example(hours("20:00", "08:00", "America/New_York", WORKING), FRIDAY)
@example(hours("20:00", "08:00", "America/New_York", WORKING), FRIDAY + timedelta(days=3))
@example(hours("02:30", "14:30", "Pacific/Marquesas", ("sunday",)), FRIDAY + timedelta(days=2))
def test_the_clock_tells_quiet_hours(wanted: QuietHours, moment: datetime) -> None:
    """A quarter of an hour is left out if, and only if, all of it is quiet; in every zone, on every day.

    But for those of some days that last longer than the clock can tell: nothing is left out then.
    """
    zone = ZoneInfo(wanted.time_zone)
    offsets = {(moment + timedelta(days=days)).astimezone(zone).utcoffset() for days in range(-3, 4)}
    if len(offsets) > 1:
        reject()
    told = not wanted.days or len(wanted.days) == len(DAYS) or lasts(wanted) <= LONGEST_ON_SOME_DAYS
    assert leaves_out(quiet(wanted, moment), read(moment)) is (told and is_wholly_quiet(wanted, moment))


@given(all_hours(), MOMENTS)
def test_the_clock_is_right_at_every_moment_of_the_week(wanted: QuietHours, moment: datetime) -> None:
    """Read once, the positions of the hands hold until the clock of the person's zone is changed."""
    zone = ZoneInfo(wanted.time_zone)
    week = [moment + number * timedelta(minutes=45) for number in range(7 * 32)]
    around = [moment + timedelta(days=days) for days in range(-3, 11)]
    if len({day.astimezone(zone).utcoffset() for day in around}) > 1 or lasts(wanted) > LONGEST_ON_SOME_DAYS:
        reject()
    positions = quiet(wanted, moment)
    for later in week:
        assert leaves_out(positions, read(later)) is is_wholly_quiet(wanted, later)


@given(all_hours())
def test_quiet_hours_alone_have_room(wanted: QuietHours) -> None:
    """Whatever they are, and also where they hold for critical alerts, which need the halves once more."""
    positions = quiet(wanted, FRIDAY)
    assert 2 * len(positions.halves) + len(positions.hours) + len(positions.quarters) <= MOST_POSITIONS


@given(all_hours(), MOMENTS)
def test_nobody_is_left_out_who_wants_to_be_told(wanted: QuietHours, moment: datetime) -> None:
    """Also where the clock is changed: at the moment for which the positions are read they never say too much.

    But for an hour that comes twice, of which the quiet hours have one: the positions do not tell them apart.
    """
    zone = ZoneInfo(wanted.time_zone)
    local = moment.astimezone(zone)
    near = [(moment + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in (-3, 3)]
    if any(offset != local.utcoffset() for offset in near):
        reject()
    if leaves_out(quiet(wanted, moment), read(moment)):
        assert is_quiet(wanted, moment)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        # Within a half of one day.
        (hours("09:00", "11:30", days=("tuesday",)), Quiet(frozenset({2}), frozenset({9, 10}), frozenset({44, 45}))),
        # Over midnight: Sunday's night ends in the week's first half.
        (
            hours("23:30", "01:00", days=("sunday",)),
            Quiet(frozenset({13, 0}), frozenset({0}), frozenset({94, 95})),
        ),
        # Rounded to quarters that are wholly quiet.
        (hours("09:01", "09:46", days=("monday",)), Quiet(frozenset({0}), frozenset(), frozenset({37, 38}))),
        (hours("09:01", "09:14"), Quiet()),
        # 22:00 on a Friday in Warsaw, in winter.
        (
            hours("22:00", "23:00", "Europe/Warsaw", ("friday",)),
            Quiet(frozenset({9}), frozenset({21}), frozenset()),
        ),
        # A whole weekend cannot be told: it begins and ends within the same half, on different days.
        (hours("00:00", "23:59", "Europe/Warsaw", ("saturday", "sunday")), Quiet()),
    ],
    ids=str,
)
def test_where_the_hands_stand(wanted: QuietHours, expected: Quiet) -> None:
    """Halves of the week's days, hours and quarters of a day, in UTC."""
    assert quiet(wanted, FRIDAY) == expected


def test_the_clock_changes_with_that_of_the_zone() -> None:
    """What was read in winter is an hour off in summer, so it is to be read again."""
    night = hours("22:00", "07:00", "Europe/Warsaw")
    winter, summer = (quiet(night, datetime(2026, month, 1, tzinfo=UTC)) for month in (1, 7))
    assert (winter.hours - summer.hours, summer.hours - winter.hours) == (frozenset({5}), frozenset({20}))


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-11-20T12:00Z", Reading(9, 12, 48)),
        ("2026-11-20T13:14:59.999999+01:00", Reading(9, 12, 48)),
        ("2026-11-16T00:00Z", Reading(0, 0, 0)),
        ("2026-11-15T23:59:59.999999Z", Reading(13, 23, 95)),
        ("2010-01-04T08:15Z", Reading(0, 8, 33)),
    ],
)
def test_what_the_clock_shows(moment: str, shown: Reading) -> None:
    """20 November 2026 is a Friday."""
    assert read(datetime.fromisoformat(moment)) == shown
