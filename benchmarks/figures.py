"""Figures: what a benchmark finds out."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One number."""

    what: str
    """What was measured, for people."""
    value: float
    unit: str
    """For example `ms`."""

    @property
    def rounded(self) -> str:
        """The value with three digits, or all of them before the point."""
        if self.value >= 100 or float(self.value).is_integer():  # noqa: PLR2004  # three digits
            return f"{self.value:,.0f}"
        return f"{self.value:.3g}"


def times(what: str, milliseconds: Sequence[float]) -> list[Figure]:
    """Median, 99th percentile and maximum of at least two times."""
    percentiles = statistics.quantiles(milliseconds, n=100, method="inclusive")
    return [
        Figure(f"{what}, p50", percentiles[49], "ms"),
        Figure(f"{what}, p99", percentiles[98], "ms"),
        Figure(f"{what}, max", max(milliseconds), "ms"),
    ]
