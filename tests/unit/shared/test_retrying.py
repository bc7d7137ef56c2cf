from datetime import timedelta

import pytest

from shared.delivery.retrying import LADDER, SPREAD, wait_before


def test_the_ladder_lasts_for_the_outages_it_is_made_for() -> None:
    """Eight further attempts, each later than the one before, over more than 17 hours."""
    assert len(LADDER) == 8
    assert list(LADDER) == sorted(LADDER)
    assert LADDER[0] == timedelta(seconds=5)
    assert sum(LADDER, timedelta()) > timedelta(hours=17)


@pytest.mark.parametrize("attempt", range(1, 9))
def test_each_wait_is_a_fifth_shorter_or_longer(attempt: int) -> None:
    """What failed together does not come back together, and never earlier or later than by the spread."""
    step = LADDER[attempt - 1]
    assert wait_before(attempt, lambda least, _: least) == step * (1 - SPREAD)
    assert wait_before(attempt, lambda _, most: most) == step * (1 + SPREAD)
    waits = {wait_before(attempt) for _ in range(20)}
    assert len(waits) > 1
    assert all(wait and step * 0.799 < wait < step * 1.201 for wait in waits)


@pytest.mark.parametrize("attempt", [9, 10, 1_000_000_000_000])
def test_after_the_last_step_there_is_no_further_attempt(attempt: int) -> None:
    """Then the alert is parked, and an operator decides."""
    assert wait_before(attempt) is None
