import json
from datetime import UTC, datetime, timedelta

import pytest

from emulators.functions_host.ncrontab import parse
from emulators.functions_host.timer_status import NEVER, Status, after_run, at_start, is_monitored, timer_info

HOURLY = parse("0 0 * * * *")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def test_first_start() -> None:
    """A timer that was never seen waits for its next occurrence."""
    status, past_due = at_start(None, HOURLY, NOON + MINUTE)
    assert status == Status(NEVER, NOON + HOUR, NOON + MINUTE)
    assert not past_due


def test_restart_in_time() -> None:
    """A host that was away for less than an interval goes on as if nothing had been."""
    known = Status(NOON, NOON + HOUR, NOON)
    assert at_start(known, HOURLY, NOON + 30 * MINUTE) == (known, False)


def test_missed() -> None:
    """An occurrence that passed while no host ran is past due."""
    known = Status(NOON, NOON + HOUR, NOON)
    assert at_start(known, HOURLY, NOON + HOUR + MINUTE) == (known, True)


def test_missed_before_the_first_run() -> None:
    """It is past due also if the timer had not run yet."""
    known = Status(NEVER, NOON + HOUR, NOON + MINUTE)
    assert at_start(known, HOURLY, NOON + 2 * HOUR) == (known, True)


def test_schedule_changed() -> None:
    """With another schedule than before, the timer waits for that one's next occurrence."""
    known = Status(NOON, NOON + HOUR, NOON)
    status, past_due = at_start(known, parse("0 */10 * * * *"), NOON + 35 * MINUTE)
    assert status == Status(NOON, NOON + 40 * MINUTE, NOON + 35 * MINUTE)
    assert not past_due


def test_after_run() -> None:
    """After a run the timer waits for the next occurrence, even if the clock fired a little early."""
    waiting = Status(NEVER, NOON, NEVER)
    late = NOON + timedelta(seconds=2)
    assert after_run(waiting, HOURLY, late, scheduled=True) == Status(late, NOON + HOUR, late)
    early = NOON - timedelta(milliseconds=10)
    assert after_run(waiting, HOURLY, early, scheduled=True) == Status(NOON, NOON + HOUR, NOON)


def test_run_out_of_schedule() -> None:
    """A run at the start of the host does not take the place of the occurrence that follows."""
    waiting = Status(NEVER, NOON, NEVER)
    started = NOON - MINUTE
    assert after_run(waiting, HOURLY, started, scheduled=False) == Status(started, NOON, started)


@pytest.mark.parametrize(("expression", "monitored"), [("0 * * * * *", True), ("*/30 * * * * *", False)])
def test_monitored(expression: str, *, monitored: bool) -> None:
    """Timers that come more often than once a minute are not made up for."""
    assert is_monitored(parse(expression), NOON) is monitored


def test_kept() -> None:
    """A status survives being written and read; anything else is refused."""
    status = Status(NEVER, NOON, NOON - HOUR)
    assert Status.from_json(status.to_json()) == status
    for text in ("", "{}", "[]", '{"Last": 1}'):
        with pytest.raises(ValueError, match=r".*"):
            Status.from_json(text)


def test_timer_info() -> None:
    """The function gets schedule, status and whether it is late, in the host's own shape."""
    document = json.loads(timer_info(Status(NEVER, NOON, NOON), past_due=True).text)
    assert document["IsPastDue"] is True
    assert document["ScheduleStatus"]["Next"] == "2026-05-01T12:00:00+00:00"
    assert json.loads(timer_info(None, past_due=False).text)["ScheduleStatus"] is None
