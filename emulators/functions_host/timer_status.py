"""When a timer ran last and is due next, and what its function is told of it.

As TimerListener and ScheduleMonitor do (Microsoft.Azure.WebJobs.Extensions.Timers): an occurrence that was missed while
no host ran is made up for at once, with `past_due`; a schedule that changed in between is not.
"""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from .ncrontab import Schedule
from .typed_data import Json

NEVER = datetime(1, 1, 1, tzinfo=UTC)
_MONITORED_FROM = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Status:
    """The state of one timer; times are aware, in UTC."""

    last: datetime
    """When it ran; `NEVER` if it did not."""
    next: datetime
    last_updated: datetime

    def to_json(self) -> str:
        """The status as it is kept, and as functions see it."""
        return json.dumps(self.as_document())

    def as_document(self) -> dict[str, str]:
        """The fields as the host in Azure names them."""
        return {
            "Last": self.last.isoformat(),
            "Next": self.next.isoformat(),
            "LastUpdated": self.last_updated.isoformat(),
        }

    @classmethod
    def from_json(cls, text: str) -> "Status":
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is not that.
        """
        try:
            document = json.loads(text)
            return cls(*(datetime.fromisoformat(document[name]) for name in ("Last", "Next", "LastUpdated")))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not the status of a timer: {error}") from None


def is_monitored(schedule: Schedule, now: datetime) -> bool:
    """Whether missed occurrences are made up for: not for a timer that comes again within a minute anyway."""
    first = schedule.next_after(now)
    return schedule.next_after(first) - first >= _MONITORED_FROM


def at_start(known: Status | None, schedule: Schedule, now: datetime) -> tuple[Status, bool]:
    """The status to start with, and whether an occurrence was missed.

    Args:
        known: as it was kept; None on the first start, or if the timer is not monitored.
        schedule: today's.
        now: aware.
    """
    if known is None:
        return Status(NEVER, schedule.next_after(now), now), False
    if now < known.next and schedule.next_after(known.last_updated) != known.next:
        known = replace(known, next=schedule.next_after(now), last_updated=now)
    return known, known.next < now


def after_run(status: Status, schedule: Schedule, ran_at: datetime, *, scheduled: bool) -> Status:
    """The status after an invocation.

    Args:
        status: before it.
        schedule: today's.
        ran_at: when it began.
        scheduled: False if it was not the schedule that started it. A clock that fired a little early is set right, so
            that the same occurrence does not come twice.
    """
    moment = max(ran_at, status.next) if scheduled else ran_at
    return Status(moment, schedule.next_after(moment), moment)


def timer_info(status: Status | None, *, past_due: bool) -> Json:
    """What the function is given; `status` is None for a timer that is not monitored."""
    return Json(
        json.dumps(
            {
                "Schedule": {"AdjustForDST": True},
                "ScheduleStatus": status.as_document() if status else None,
                "IsPastDue": past_due,
            }
        )
    )
