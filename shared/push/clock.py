"""Quiet hours as tags can tell them: by a clock that all devices share, though each person has their own.

A push to many is one request, whatever the number of devices, and its expression must leave out who has quiet hours
now. So the moment of sending is read off a clock in UTC that has three hands, and a device carries those positions of
each hand at which its person wants quiet. It is left out if it has the position of the first hand, and that of one of
the others:

- the *half* of a day, one of the 14 in a week: on which days;
- the *hour* of the day: where it is quiet from its start to its end;
- the *quarter* of an hour, of the day: where only a part of its hour is quiet.

This is exact wherever no half has the end of one night and the beginning of the next, for these may be on other days.
With twelve hours between the two there is none; and where it is quiet every day, it does not matter. Quiet hours alone
have 56 positions at the most, of the 60 tags that a device can have.
"""

from datetime import UTC, datetime, timedelta
from typing import Final, get_args

from msgspec import Struct

from shared.inbox.profile import Day, QuietHours

QUARTER: Final = timedelta(minutes=15)
LONGEST_ON_SOME_DAYS: Final = timedelta(hours=12)
"""Quiet hours of some days that last longer cannot be told by this clock."""

_DAYS: Final[tuple[Day, ...]] = get_args(Day)
_MINUTE: Final = timedelta(minutes=1)
_MINUTES_OF_QUARTER: Final = QUARTER // _MINUTE
_MINUTES_OF_DAY: Final = 24 * 60
# In quarters of an hour.
_HOUR: Final = 4
_HALF: Final = 12 * _HOUR
_DAY: Final = 2 * _HALF
_WEEK: Final = 7 * _DAY
_MONDAY: Final = datetime(2024, 1, 1, tzinfo=UTC)


class Reading(Struct, frozen=True):
    """What the clock shows at a moment."""

    half: int
    """Of a day of the week: 0 to 13, from Monday on."""
    hour: int
    """Of the day: 0 to 23."""
    quarter: int
    """Of the day: 0 to 95."""


class Quiet(Struct, frozen=True):
    """The positions of the hands at which it is quiet: the half, and either the hour or the quarter."""

    halves: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    quarters: frozenset[int] = frozenset()


def read(moment: datetime) -> Reading:
    """What the clock shows at a moment, which has a time zone."""
    quarter = (moment - _MONDAY) // QUARTER % _WEEK
    return Reading(quarter // _HALF, quarter % _DAY // _HOUR, quarter % _DAY)


def quiet(hours: QuietHours, moment: datetime) -> Quiet:
    """Where the clock's hands stand in a person's quiet hours.

    A quarter of an hour is quiet if all of it is: a push too many is better than one too few.

    Args:
        hours: the person's.
        moment: with a time zone; their time zone's offset from UTC is taken as it is then.

    Returns:
        Nothing, for hours of some days that are longer than `LONGEST_ON_SOME_DAYS`.
    """
    start, end = _minutes(hours.start), _minutes(hours.end)
    length = (end - start) % _MINUTES_OF_DAY
    days = {_DAYS.index(day) for day in hours.days or _DAYS}
    if len(days) < len(_DAYS) and length * _MINUTE > LONGEST_ON_SOME_DAYS:
        return Quiet()
    offset = (moment.astimezone(hours.zone()).utcoffset() or timedelta()) // _MINUTE
    quarters: set[int] = set()
    for day in days:
        begins = day * _MINUTES_OF_DAY + start - offset
        first, end_of_last = -(-begins // _MINUTES_OF_QUARTER), (begins + length) // _MINUTES_OF_QUARTER
        quarters.update(quarter % _WEEK for quarter in range(first, end_of_last))
    of_day = {quarter % _DAY for quarter in quarters}
    whole = {hour for hour in range(24) if of_day.issuperset(range(hour * _HOUR, (hour + 1) * _HOUR))}
    return Quiet(
        halves=frozenset(quarter // _HALF for quarter in quarters),
        hours=frozenset(whole),
        quarters=frozenset(quarter for quarter in of_day if quarter // _HOUR not in whole),
    )


def _minutes(time: str) -> int:
    """Since midnight."""
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)
