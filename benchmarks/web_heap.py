"""How a page's memory grows, and what of it is more than the cards that it holds."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Sample:
    """The JavaScript heap of a page at one moment, right after everything that nobody needs was collected."""

    minutes: float
    """Since the first sample."""
    bytes: float
    cards: int
    """That the client held."""


def slope(samples: Sequence[Sample]) -> float:
    """Bytes a minute, by a straight line through all samples.

    Raises:
        StatisticsError: fewer than two samples.
    """
    return statistics.linear_regression([each.minutes for each in samples], [each.bytes for each in samples]).slope


@dataclass(frozen=True, slots=True)
class Slope:
    """Bytes a minute."""

    value: float
    error: float
    """One standard error."""


def slope_beside_cards(samples: Sequence[Sample]) -> Slope:
    """Bytes a minute that the number of cards does not account for: what would be left at an even number of cards.

    Raises:
        StatisticsError: fewer than four samples, or cards that grew with the minutes in a straight line throughout.
    """
    if len(samples) < 4:  # noqa: PLR2004 - three are used up by where the line begins and its two slopes
        raise statistics.StatisticsError("a slope and its error need four samples")
    cards = [float(each.cards) for each in samples]
    minutes = _beside(cards, [each.minutes for each in samples])
    memory = _beside(cards, [each.bytes for each in samples])
    value = statistics.linear_regression(minutes, memory).slope
    unexplained = math.sumprod(*[[left - value * at for at, left in zip(minutes, memory, strict=True)]] * 2)
    return Slope(value, math.sqrt(unexplained / (len(samples) - 3) / math.sumprod(minutes, minutes)))


def since_let_go(samples: Sequence[Sample]) -> Sequence[Sample]:
    """The samples from when the client had let go of cards for the first time on; none, if it has not.

    Until then it holds more than it ever did, and everything that is made once has been made only then.
    """
    lasts = [index for index, (one, other) in enumerate(pairwise(samples), 1) if other.cards < one.cards]
    return samples[lasts[0] :] if lasts else []


def bytes_each(samples: Sequence[Sample]) -> float:
    """Bytes that one more card takes.

    Raises:
        StatisticsError: as of `slope_beside_cards`.
    """
    minutes = [each.minutes for each in samples]
    cards = _beside(minutes, [float(each.cards) for each in samples])
    return statistics.linear_regression(cards, _beside(minutes, [each.bytes for each in samples])).slope


def _beside(known: Sequence[float], values: Sequence[float]) -> list[float]:
    """What of the values a straight line over what is known leaves unexplained."""
    if len(set(known)) == 1:
        return [value - statistics.fmean(values) for value in values]
    line = statistics.linear_regression(known, values)
    return [value - line.intercept - line.slope * at for at, value in zip(known, values, strict=True)]
