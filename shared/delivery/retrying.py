"""Trying again: when, how often, and for what."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final

LADDER: Final = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
)
"""How long to wait before each further attempt: minutes for a restart, hours for an outage."""

SPREAD: Final = 0.2
"""Each wait is this much shorter or longer, at random, so that what failed together does not come back together."""


def wait_before(attempt: int, uniform: Callable[[float, float], float] = random.uniform) -> timedelta | None:
    """How long to wait before this attempt, 1 being the first further one; None: there is no such attempt."""
    if attempt > len(LADDER):
        return None
    return LADDER[attempt - 1] * uniform(1 - SPREAD, 1 + SPREAD)
