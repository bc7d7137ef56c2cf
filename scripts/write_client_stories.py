"""`python -m scripts.write_client_stories <file>`: writes stories that every client has to get right, as JSON.

They are the stories that the client rule in Python is tested with, played in the system itself: what a client got, and
what the server showed at each check. The same ones every time.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.belfry.recording import Event, record
from tests.unit.belfry.stories import STEP, Step
from tests.unit.belfry.test_client_rule import SHORTEST

_EXAMPLES: Final = 1_000
_STORIES: Final = 400
"""Those of them are kept in which there is most to see."""


def stories() -> list[dict[str, Any]]:
    """The stories, each with the name of what it is about, or with none."""
    played: list[list[Event]] = []

    @settings(
        derandomize=True,
        database=None,
        max_examples=_EXAMPLES,
        suppress_health_check=[HealthCheck.too_slow],
        deadline=None,
    )
    @given(st.lists(STEP, min_size=20, max_size=60))
    def play(steps: list[Step]) -> None:
        played.append(record(steps))

    play()
    fullest = sorted(played, key=_fullness, reverse=True)[:_STORIES]
    shortest = [{"about": broken.__name__, "events": record(steps)} for broken, steps in SHORTEST.items()]
    return shortest + [{"about": None, "events": events} for events in fullest]


def _fullness(events: list[Event]) -> int:
    return sum(len(event["cards"]) for event in events if event["do"] == "check") + len(events)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(stories(), ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
