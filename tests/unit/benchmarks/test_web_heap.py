import statistics

import pytest

from benchmarks.web_heap import Sample, bytes_each, since_let_go, slope, slope_beside_cards

LEAK = 3_000.0
EACH = 600.0


def test_a_slope_is_bytes_a_minute() -> None:
    """By a straight line through all samples."""
    assert slope([Sample(0, 100, 1), Sample(1, 150, 2), Sample(2, 200, 3)]) == pytest.approx(50)


def test_cards_that_come_and_go_are_no_leak() -> None:
    """What is left at an even number of cards, and what a card takes, are told apart."""
    samples = [_sample(number / 6, 5_000 + number * 500 % 5_000) for number in range(60)]
    found = slope_beside_cards(samples)
    assert found.value == pytest.approx(LEAK)
    assert found.error == pytest.approx(0, abs=1)
    assert bytes_each(samples) == pytest.approx(EACH)


def test_an_even_number_of_cards_has_nothing_to_explain() -> None:
    """Then all growth is growth."""
    assert slope_beside_cards([_sample(number, 5_000) for number in range(5)]).value == pytest.approx(LEAK)


def test_a_slope_says_how_sure_it_is() -> None:
    """As a least-squares fit of both at once does: figures by hand."""
    samples = [Sample(minute, noise, 5_000) for minute, noise in enumerate([0.0, 2.0, 1.0, 3.0])]
    found = slope_beside_cards(samples)
    assert (found.value, found.error) == pytest.approx((0.8, (1.8 / 1 / 5) ** 0.5))
    with pytest.raises(statistics.StatisticsError):
        slope_beside_cards(samples[:3])


def test_it_is_steady_once_cards_were_let_go() -> None:
    """Of the samples before it nothing can be said; without such a moment there are none."""
    samples = [_sample(number, cards) for number, cards in enumerate([9_000, 9_900, 5_400, 9_900, 5_100])]
    assert since_let_go(samples) == samples[2:]
    assert since_let_go(samples[:2]) == []


def _sample(minutes: float, cards: int) -> Sample:
    return Sample(minutes, 2_000_000 + LEAK * minutes + EACH * cards, cards)
