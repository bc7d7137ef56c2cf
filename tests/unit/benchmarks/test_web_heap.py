import pytest

from benchmarks.web_heap import Sample, bytes_each, slope, slope_beside_cards

LEAK = 3_000.0
EACH = 600.0


def test_a_slope_is_bytes_a_minute() -> None:
    """By a straight line through all samples."""
    assert slope([Sample(0, 100, 1), Sample(1, 150, 2), Sample(2, 200, 3)]) == pytest.approx(50)


def test_cards_that_come_and_go_are_no_leak() -> None:
    """What is left at an even number of cards, and what a card takes, are told apart."""
    samples = [_sample(number / 6, 5_000 + number * 500 % 5_000) for number in range(60)]
    assert slope_beside_cards(samples) == pytest.approx(LEAK)
    assert bytes_each(samples) == pytest.approx(EACH)


def test_an_even_number_of_cards_has_nothing_to_explain() -> None:
    """Then all growth is growth."""
    assert slope_beside_cards([_sample(number, 5_000) for number in range(5)]) == pytest.approx(LEAK)


def _sample(minutes: float, cards: int) -> Sample:
    return Sample(minutes, 2_000_000 + LEAK * minutes + EACH * cards, cards)
