"""The tasks of a page's main thread, read from Chromium's own trace."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

CATEGORIES: Final = ("devtools.timeline", "disabled-by-default-devtools.timeline")
"""What Chromium has to trace."""
LONG: Final = 50.0
"""Milliseconds from which a task is long: until it ends, nothing that the person does is answered."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something that the main thread did without a pause."""

    wall: float
    """Milliseconds by the clock, which other work on the machine lengthens."""
    processor: float
    """Milliseconds of processor time."""


def tasks_of(trace: bytes) -> list[Task]:
    """All tasks of the page that was traced.

    Args:
        trace: as Chromium writes it.

    Raises:
        ValueError: nothing was laid out, so there is no telling which thread is the page's.
    """
    events: Sequence[Mapping[str, Any]] = json.loads(trace)["traceEvents"]
    page = _main_thread(events)
    return [
        Task(event["dur"] / 1000, event["tdur"] / 1000)
        for event in events
        # One that was not over when the trace ended has no duration.
        if event["name"] == "RunTask" and (event["pid"], event["tid"]) == page and "dur" in event
    ]


def long(milliseconds: Iterable[float]) -> int:
    """How many of them are long."""
    return sum(each > LONG for each in milliseconds)


def _main_thread(events: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """The page's is the one that lays out most."""
    layouts = Counter((event["pid"], event["tid"]) for event in events if event["name"] == "Layout")
    if not layouts:
        raise ValueError("nothing was laid out in this trace")
    return layouts.most_common(1)[0][0]
