"""Whether a person lets a push through, by their preferences."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, get_args

from shared.alert import Severity
from shared.audience import Kind
from shared.card import StoredAlert
from shared.inbox.profile import Day, Preferences, QuietHours

_DAYS: Final[tuple[Day, ...]] = get_args(Day)
_RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}
_ONE_DAY: Final = timedelta(days=1)


class Silence(StrEnum):
    """Why a person is not told by a push."""

    MUTED_TOPIC = "muted-topic"
    MUTED_CATEGORY = "muted-category"
    MINOR = "minor"
    """It matters less than the least that they want to be told of."""
    QUIET_HOURS = "quiet-hours"


def silence_for(preferences: Preferences, stored: StoredAlert, moment: datetime) -> Silence | None:
    """Why the push of an alert is to be left out; None: it goes through.

    Args:
        preferences: the person's.
        stored: the alert, for an audience that the person belongs to.
        moment: when it would be sent, with a time zone.
    """
    alert, audience = stored.alert, stored.audience
    if alert.severity is Severity.CRITICAL and preferences.critical_always:
        return None
    if audience.kind is Kind.TOPIC and audience.name in preferences.muted_topics:
        return Silence.MUTED_TOPIC
    if alert.category in preferences.muted_categories:
        return Silence.MUTED_CATEGORY
    if _RANK[alert.severity] < _RANK[preferences.minimum_severity]:
        return Silence.MINOR
    if preferences.quiet_hours and is_quiet(preferences.quiet_hours, moment):
        return Silence.QUIET_HOURS
    return None


def is_quiet(hours: QuietHours, moment: datetime) -> bool:
    """Whether a moment is within the quiet hours: from their start on, and not any more at their end.

    Args:
        hours: on the days that they name, by the clock of their time zone.
        moment: with a time zone.

    Where the clock is changed, a time that comes twice is the first of the two, and one that is left out is what it
    would have been on the unchanged clock (as RFC 5545, section 3.3.5, has it).
    """
    zone = hours.zone()
    start, end = time.fromisoformat(hours.start), time.fromisoformat(hours.end)

    def instant(day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, zone).astimezone(UTC)

    # They may have begun today, or yesterday and go over midnight.
    today = moment.astimezone(zone).date()
    return any(
        instant(day, start) <= moment < instant(day if start < end else day + _ONE_DAY, end)
        for day in (today - _ONE_DAY, today)
        if not hours.days or _DAYS[day.weekday()] in hours.days
    )
