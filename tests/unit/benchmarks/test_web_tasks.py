import json
from typing import Any

import pytest

from benchmarks.web_tasks import Task, long, tasks_of


def test_only_tasks_of_the_page_count() -> None:
    """Its main thread is the one that lays out most; other pages and threads have tasks, too."""
    trace = _trace(
        _event("Layout", pid=1),
        _event("Layout", pid=1),
        _event("Layout", pid=2),
        _event("RunTask", pid=1, dur=60_000, tdur=20_000),
        _event("RunTask", pid=1, tid=9, dur=70_000, tdur=70_000),
        _event("RunTask", pid=2, dur=80_000, tdur=80_000),
        _event("Paint", pid=1, dur=90_000, tdur=90_000),
    )
    assert tasks_of(trace) == [Task(wall=60, processor=20)]


def test_a_task_without_its_processor_time_is_no_task_that_took_none() -> None:
    """A trace that does not say what is asked for makes no figure."""
    with pytest.raises(KeyError):
        tasks_of(_trace(_event("Layout"), _event("RunTask", dur=60_000)))


def test_a_task_that_was_not_over_is_left_out() -> None:
    """Chromium says of it that it began, and no more."""
    trace = _trace(_event("Layout"), _event("RunTask", dur=60_000, tdur=20_000), _event("RunTask"))
    assert tasks_of(trace) == [Task(wall=60, processor=20)]


def test_a_trace_without_a_layout_tells_nothing() -> None:
    """Rather than the tasks of whatever thread."""
    with pytest.raises(ValueError, match="laid out"):
        tasks_of(_trace(_event("RunTask", dur=60_000, tdur=1)))


def test_a_task_is_long_from_fifty_milliseconds_on() -> None:
    """More than that, as browsers say it."""
    assert long([49.9, 50.0, 50.1, 600.0]) == 2


def _event(name: str, *, pid: int = 1, tid: int = 1, **fields: int) -> dict[str, Any]:
    return {"name": name, "pid": pid, "tid": tid, **fields}


def _trace(*events: dict[str, Any]) -> bytes:
    return json.dumps({"traceEvents": events}).encode()
