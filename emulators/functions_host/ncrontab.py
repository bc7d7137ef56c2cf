"""NCRONTAB schedules: `{second} {minute} {hour} {day} {month} {day of week}`, in UTC.

The grammar and its oddities are those of the NCrontab library that the timer trigger uses: a range that is written
backwards is turned around, `5/10` means from 5 to the end in steps of 10, names may be shortened (`Mon`, `J`), Sunday
is 0 and there is no 7, and a day must satisfy both the day and the day-of-week field. With five fields, second is 0.
"""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .errors import ScheduleSyntaxError

_MONTHS = tuple(calendar.month_name)[1:]
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_FIELDS_WITHOUT_SECONDS = 5
_MONTHS_SEARCHED = 12 * 41
"""29 February falls on a given weekday at least every 40 years, also across a century without a leap year."""


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    minimum: int
    maximum: int
    names: tuple[str, ...] = ()

    def parse(self, text: str) -> frozenset[int]:
        return frozenset(value for item in text.split(",") for value in self._item(item))

    def _item(self, text: str) -> range:
        values, slash, step_text = text.partition("/")
        step = self._step(step_text) if slash else 1
        if values == "*":
            return range(self.minimum, self.maximum + 1, step)
        first_text, dash, last_text = values.partition("-")
        first = self._value(first_text)
        if dash:
            last = self._value(last_text)
            return range(min(first, last), max(first, last) + 1, step)
        return range(first, self.maximum + 1, step) if slash else range(first, first + 1)

    def _step(self, text: str) -> int:
        if not text.isascii() or not text.isdigit():
            raise ScheduleSyntaxError(f"'{text}' is not a step of the {self.name} field")
        return max(int(text), 1)

    def _value(self, text: str) -> int:
        if text.isascii() and text.isdigit():
            value = int(text)
            if not self.minimum <= value <= self.maximum:
                raise ScheduleSyntaxError(
                    f"{value} is not in the range of the {self.name} field, {self.minimum} to {self.maximum}"
                )
            return value
        for index, name in enumerate(self.names):
            if text and name.lower().startswith(text.lower()):
                return index + self.minimum
        raise ScheduleSyntaxError(f"'{text}' is not a value of the {self.name} field")


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _DAYS),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A parsed expression: the values that each field allows."""

    expression: str
    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    days_of_week: frozenset[int]

    def next_after(self, moment: datetime) -> datetime:
        """The first occurrence later than `moment`, to the second, in UTC.

        Raises:
            ScheduleSyntaxError: there is none, as with 30 February.
        """
        start = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        day = start.replace(hour=0, minute=0, second=0)
        months = 0
        while months <= _MONTHS_SEARCHED:
            if day.month not in self.months:
                day = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
                months += 1
                continue
            if day.day in self.days and day.isoweekday() % 7 in self.days_of_week:
                found = self._within(day, start)
                if found:
                    return found
            following = day + timedelta(days=1)
            months += following.month != day.month
            day = following
        raise ScheduleSyntaxError(f"'{self.expression}' never occurs")

    def _within(self, day: datetime, start: datetime) -> datetime | None:
        for hour in self.hours:
            for minute in self.minutes:
                if day.replace(hour=hour, minute=minute, second=59) < start:
                    continue
                for second in self.seconds:
                    moment = day.replace(hour=hour, minute=minute, second=second)
                    if moment >= start:
                        return moment
        return None


def parse(expression: str) -> Schedule:
    """Read an NCRONTAB expression of six fields, or of five without the seconds.

    Raises:
        ScheduleSyntaxError: it is not one, or no date satisfies it.
    """
    texts = expression.split()
    if len(texts) == _FIELDS_WITHOUT_SECONDS:
        texts.insert(0, "0")
    if len(texts) != len(_FIELDS):
        raise ScheduleSyntaxError(
            f"'{expression}' is not a schedule of six fields: second minute hour day month weekday"
        )
    second, minute, hour, day, month, weekday = (field.parse(text) for field, text in zip(_FIELDS, texts, strict=True))
    schedule = Schedule(
        expression, tuple(sorted(second)), tuple(sorted(minute)), tuple(sorted(hour)), day, month, weekday
    )
    schedule.next_after(datetime(2000, 1, 1, tzinfo=UTC))
    return schedule
