"""Functions of all rows: COUNT, SUM, MIN, MAX and AVG.

Undefined values do not count. A value of the wrong kind makes the result undefined: anything but a number for SUM and
AVG, an array or object for MIN and MAX.
Source: https://learn.microsoft.com/azure/cosmos-db/nosql/query/aggregate-functions
"""

from emulators.cosmos.query.compilation import Row, compiled
from emulators.cosmos.query.tree import Aggregate, AggregateFunction
from emulators.cosmos.values import UNDEFINED, Kind, Value, kind_of, number, sort_key


class Accumulator:
    """The state of one aggregate while rows go by."""

    def __init__(self, aggregate: Aggregate) -> None:
        self._function = aggregate.function
        self._argument = compiled(aggregate.argument)
        self._count = 0
        self._sum = 0.0
        self._best: Value = UNDEFINED
        self._spoilt = False

    def add(self, row: Row) -> None:
        """Take one more row."""
        value = self._argument(row)
        if value is UNDEFINED:
            return
        self._count += 1
        kind = kind_of(value)
        match self._function:
            case AggregateFunction.COUNT:
                pass
            case AggregateFunction.SUM | AggregateFunction.AVG if kind is Kind.NUMBER:
                self._sum += value
            case AggregateFunction.MIN | AggregateFunction.MAX if kind < Kind.ARRAY:
                self._keep_best(value)
            case _:
                self._spoilt = True

    def add_rows(self, count: int) -> None:
        """Take `count` rows whose values are defined and of no interest."""
        self._count += count

    def result(self) -> Value:
        """The aggregate of the rows so far."""
        if self._spoilt:
            return UNDEFINED
        match self._function:
            case AggregateFunction.COUNT:
                return self._count
            case AggregateFunction.SUM:
                return number(self._sum)
            case AggregateFunction.AVG:
                return number(self._sum / self._count) if self._count else UNDEFINED
            case _:
                return self._best

    def _keep_best(self, value: Value) -> None:
        if self._best is UNDEFINED:
            self._best = value
            return
        smaller = sort_key(value) < sort_key(self._best)
        if smaller is (self._function is AggregateFunction.MIN):
            self._best = value
