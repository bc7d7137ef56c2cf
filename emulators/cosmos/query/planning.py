"""How the rows of a query are found: along an index, or by reading everything.

ORDER BY walks the index of its path, so a page costs what is on it, however large the partition. Without ORDER BY the
most selective comparison with an indexed path is sought: an equality before a range. What the index does not answer is
computed for each row. Source: https://learn.microsoft.com/azure/cosmos-db/index-overview
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from emulators.cosmos.errors import BadRequestError, QueryError
from emulators.cosmos.indexing import IndexingPolicy, Order, Path, path_text
from emulators.cosmos.query import tree
from emulators.cosmos.query.compilation import Row, compiled
from emulators.cosmos.query.parsing import walk
from emulators.cosmos.values import UNDEFINED, Kind, Value, kind_of, sort_key

_MIRRORED: Final = {
    tree.Comparator.EQUAL: tree.Comparator.EQUAL,
    tree.Comparator.LESS: tree.Comparator.GREATER,
    tree.Comparator.LESS_OR_EQUAL: tree.Comparator.GREATER_OR_EQUAL,
    tree.Comparator.GREATER: tree.Comparator.LESS,
    tree.Comparator.GREATER_OR_EQUAL: tree.Comparator.LESS_OR_EQUAL,
}
_FIRST: Final = b""
_LAST: Final = bytes((Kind.OBJECT + 1,))


@dataclass(frozen=True, slots=True)
class Span:
    """Keys from `low` up to, not including, `high`."""

    low: bytes = _FIRST
    high: bytes = _LAST

    @property
    def single(self) -> bool:
        """Whether it holds one value at most."""
        return self.high <= self.low + b"\0"

    def within(self, other: "Span") -> "Span":
        """The keys in both."""
        return Span(max(self.low, other.low), min(self.high, other.high))


@dataclass(frozen=True, slots=True)
class Walk:
    """Along the index of one path.

    Args:
        path: as the index stores it.
        span: the keys to visit.
        descending: from the high end.
        covers: whether the span says all that WHERE says, so that rows need not be read to be counted.
    """

    path: str
    span: Span
    descending: bool = False
    covers: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """Every document, in the order in which they were made.

    Args:
        sorts: whether the rows have to be sorted by all keys of ORDER BY.
        covers: whether there is no WHERE.
    """

    sorts: bool = False
    covers: bool = False


type Access = Walk | Scan


def plan(query: tree.Query, policy: IndexingPolicy, parameters: Mapping[str, Value]) -> Access:
    """Choose how to find the rows.

    Raises:
        QueryError: ORDER BY something that is not a property.
        BadRequestError: ORDER BY needs an index that the policy does not have.
    """
    order = [(_ordered_path(item), item.descending) for item in query.order]
    if len(order) > 1:
        _check_composite(order, policy)
        return Scan(sorts=True)
    conjuncts = _conjuncts(query.where)
    spans: dict[Path, tuple[Span, int]] = {}
    for conjunct in conjuncts:
        found = _span(conjunct, parameters)
        if found is not None and policy.includes(found[0]):
            path, span = found
            earlier, count = spans.get(path, (Span(), 0))
            spans[path] = (span.within(earlier), count + 1)
    if order:
        ((path, descending),) = order
        if not policy.includes(path):
            raise BadRequestError("The index path corresponding to the specified order-by item is excluded.")
        span, _ = spans.get(path, (Span(), 0))
        return Walk(path_text(path), span, descending)
    if not spans:
        return Scan(covers=not conjuncts)
    path, (span, count) = min(spans.items(), key=lambda item: not item[1][0].single)
    return Walk(path_text(path), span, covers=count == len(conjuncts))


def _ordered_path(item: tree.OrderItem) -> Path:
    path = tree.path_of(item.expression)
    if path is None:
        raise QueryError(
            "Unsupported ORDER BY clause. ORDER BY item expression could not be mapped to a document path.",
            number="SC2206",
        )
    return path


def _check_composite(order: list[tuple[Path, bool]], policy: IndexingPolicy) -> None:
    if not policy.serves([(path, Order.DESCENDING if descending else Order.ASCENDING) for path, descending in order]):
        raise BadRequestError(
            "The order by query does not have a corresponding composite index that it can be served from."
        )


def _conjuncts(where: tree.Expression | None) -> tuple[tree.Expression, ...]:
    if where is None:
        return ()
    if isinstance(where, tree.AllOf):
        return tuple(part for operand in where.operands for part in _conjuncts(operand))
    return (where,)


def _span(condition: tree.Expression, parameters: Mapping[str, Value]) -> tuple[Path, Span] | None:
    """The keys that a condition allows at one path; None if an index cannot say."""
    if isinstance(condition, tree.Comparison) and condition.comparator in _MIRRORED:
        path, value = tree.path_of(condition.left), _constant(condition.right, parameters)
        comparator = condition.comparator
        if path is None:
            path, value = tree.path_of(condition.right), _constant(condition.left, parameters)
            comparator = _MIRRORED[comparator]
        span = None if value is None else _compared(comparator, value[0])
    elif isinstance(condition, tree.Call) and condition.function == "STARTSWITH" and len(condition.arguments) == 2:  # noqa: PLR2004  # the third would ignore case
        path, prefix = tree.path_of(condition.arguments[0]), _constant(condition.arguments[1], parameters)
        span = _prefixed(prefix[0]) if prefix and isinstance(prefix[0], str) else None
    else:
        return None
    return None if path is None or span is None else (path, span)


def _constant(expression: tree.Expression, parameters: Mapping[str, Value]) -> tuple[Value] | None:
    """The value of an expression that needs no document, in a tuple because it may be null."""
    if any(isinstance(node, tree.Root) for node in walk(expression)):
        return None
    return (compiled(expression)(Row({}, parameters)),)


def _compared(comparator: tree.Comparator, value: Value) -> Span | None:
    kind = kind_of(value)
    if value is UNDEFINED:
        return Span(_FIRST, _FIRST)
    if kind >= Kind.ARRAY:
        return None
    key, start, end = sort_key(value), bytes((kind,)), bytes((kind + 1,))
    after = key + b"\0"
    return {
        tree.Comparator.EQUAL: Span(key, after),
        tree.Comparator.LESS: Span(start, key),
        tree.Comparator.LESS_OR_EQUAL: Span(start, after),
        tree.Comparator.GREATER: Span(after, end),
        tree.Comparator.GREATER_OR_EQUAL: Span(key, end),
    }[comparator]


def _prefixed(prefix: str) -> Span:
    key = sort_key(prefix)
    return Span(key, key + b"\xff")  # no UTF-8 text has this byte, so it ends all that start so
