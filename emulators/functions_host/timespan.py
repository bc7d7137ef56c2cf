"""Durations as .NET writes them: `[-][d.]hh:mm[:ss[.fffffff]]`."""

import re
from datetime import timedelta

_PATTERN = re.compile(
    r"(?P<sign>-)?(?:(?P<days>\d{1,8})\.)?(?P<hours>\d{1,2}):(?P<minutes>\d{1,2})"
    r"(?::(?P<seconds>\d{1,2})(?:\.(?P<fraction>\d{1,7}))?)?"
)
_HOURS_OF_DAY = 24
_SIXTY = 60


def parse(text: str) -> timedelta:
    """Read a TimeSpan; ticks (100 ns) are rounded to microseconds.

    Raises:
        ValueError: it is not one.
    """
    found = _PATTERN.fullmatch(text.strip())
    if not found:
        raise ValueError(f"'{text}' is not a time span of the form hh:mm:ss")
    hours, minutes, seconds = (int(found[name] or 0) for name in ("hours", "minutes", "seconds"))
    if hours >= _HOURS_OF_DAY or minutes >= _SIXTY or seconds >= _SIXTY:
        raise ValueError(f"'{text}' has an hour, minute or second out of range; days are written d.hh:mm:ss")
    span = timedelta(
        days=int(found["days"] or 0),
        hours=hours,
        minutes=minutes,
        seconds=seconds,
        microseconds=round(int((found["fraction"] or "0").ljust(7, "0")) / 10),
    )
    return -span if found["sign"] else span
