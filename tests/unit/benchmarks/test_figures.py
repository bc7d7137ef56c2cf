import pytest

from benchmarks.figures import Figure, times


def test_percentiles_are_those_of_all_times() -> None:
    """Of 1 to 101 ms: the middle, the 99th hundredth and the longest, in that order."""
    figures = times("send", [float(number) for number in range(101, 0, -1)])
    assert [(figure.what, figure.value, figure.unit) for figure in figures] == [
        ("send, p50", 51, "ms"),
        ("send, p99", 100, "ms"),
        ("send, max", 101, "ms"),
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(0.0625, "0.0625"), (1, "1"), (6.3333, "6.33"), (33.28, "33.3"), (5000.4, "5,000"), (0, "0")]
)
def test_a_figure_shows_the_digits_that_count(value: float, text: str) -> None:
    """Three digits, or the whole number."""
    assert Figure("what", value, "ms").rounded == text
