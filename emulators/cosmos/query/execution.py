"""From a query and a source of rows to one page of results."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import orjson

from emulators.cosmos.errors import BadRequestError
from emulators.cosmos.query import tree
from emulators.cosmos.query.aggregation import Accumulator
from emulators.cosmos.query.compilation import Compute, Row, compiled, object_of
from emulators.cosmos.query.continuation import Position, decode, encode
from emulators.cosmos.query.parsing import parse_query, projected, walk
from emulators.cosmos.query.planning import Access, Scan
from emulators.cosmos.values import UNDEFINED, Document, Value, sort_key

RESPONSE_BYTES: Final = 4 * 1024 * 1024
"""A page ends when its documents are this long."""


class Source(Protocol):
    """Where rows come from: one container, or some of its partitions."""

    def positions(self, access: Access, after: Position | None) -> Iterator[Position]:
        """The rows that an access finds, in its order, behind a position."""

    def body(self, number: int) -> bytes | None:
        """The document of an item; None if it is gone or has expired."""

    def count(self, access: Access) -> int:
        """How many rows an access finds, without reading them."""


@dataclass(slots=True)
class Work:
    """What a page took.

    Args:
        documents: read from the store.
        size: of these, in bytes.
        entries: of the index, visited without reading the document.
    """

    documents: int = 0
    size: int = 0
    entries: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Results, each encoded; the token of the next page, or None after the last; and the work."""

    results: list[bytes]
    continuation: str | None
    work: Work


@dataclass(frozen=True, slots=True)
class Program:
    """A query, compiled; fit to be kept as long as its text.

    Args:
        query: its tree.
        text: tells its continuations from those of other queries.
        passes: WHERE.
        project: SELECT; None is the document as it is.
        keys: ORDER BY, each with whether it descends.
        aggregates: all that SELECT needs.
    """

    query: tree.Query
    text: str
    passes: Compute | None
    project: Compute | None
    keys: tuple[tuple[Compute, bool], ...]
    aggregates: tuple[tree.Aggregate, ...]

    @property
    def only_counts(self) -> bool:
        """Whether all that it asks of the rows is how many they are."""
        return bool(self.aggregates) and all(
            aggregate.function is tree.AggregateFunction.COUNT
            and isinstance(aggregate.argument, tree.Literal)
            and aggregate.argument.value is not UNDEFINED
            for aggregate in self.aggregates
        )

    def filtered(self, documents: list[Document], parameters: Mapping[str, Value]) -> list[Document]:
        """Those of some documents that pass WHERE."""
        passes = self.passes
        return [document for document in documents if passes is None or passes(Row(document, parameters)) is True]


def compile_query(text: str) -> Program:
    """Make a program of the text of a query.

    Raises:
        QueryError: the text is wrong.
    """
    query = parse_query(text)
    nodes = [node for expression in projected(query) for node in walk(expression)]
    project = None
    match query.projection:
        case tree.SelectValue(expression):
            project = compiled(expression)
        case tree.SelectList(items):
            project = object_of(items)
    return Program(
        query,
        text,
        passes=None if query.where is None else compiled(query.where),
        project=project,
        keys=tuple((compiled(item.expression), item.descending) for item in query.order),
        aggregates=tuple(node for node in nodes if isinstance(node, tree.Aggregate)),
    )


def run(
    program: Program,
    access: Access,
    source: Source,
    parameters: Mapping[str, Value],
    *,
    page_size: int,
    continuation: str | None = None,
) -> Page:
    """Compute one page.

    Args:
        program: the query.
        access: how its rows are found.
        source: where they are.
        parameters: by name.
        page_size: results, at most.
        continuation: token of the page before, or None for the first.

    Raises:
        BadRequestError: the token is not of this query, or TOP, OFFSET or LIMIT is not a whole number.
    """
    return _Run(program, access, source, parameters).page(page_size, continuation)


def count_of(expression: tree.Expression | None, parameters: Mapping[str, Value]) -> int | None:
    """The number in TOP, OFFSET or LIMIT; None where the clause is missing.

    Raises:
        BadRequestError: it is not a whole number from 0.
    """
    if expression is None:
        return None
    value = compiled(expression)(Row({}, parameters))
    if type(value) is not int or value < 0:
        raise BadRequestError("The value of TOP, OFFSET or LIMIT has to be a whole number that is not negative.")
    return value


class _Run:
    """One page in the making."""

    def __init__(self, program: Program, access: Access, source: Source, parameters: Mapping[str, Value]) -> None:
        self._program = program
        self._access = access
        self._source = source
        self._parameters = parameters
        self._work = Work()

    def page(self, page_size: int, continuation: str | None) -> Page:
        query = self._program.query
        skip = count_of(query.offset, self._parameters) or 0
        left = count_of(query.top if query.limit is None else query.limit, self._parameters)
        if self._program.aggregates:
            results = self._aggregated()[skip:]
            return Page(results if left is None else results[:left], None, self._work)
        after = None
        if continuation:
            after, left = decode(self._program.text, continuation)
            skip = 0
        return self._rows(page_size, skip, left, after)

    def _rows(self, page_size: int, skip: int, left: int | None, after: Position | None) -> Page:
        results: list[bytes] = []
        size = 0
        positions = self._positions(after)
        for position in positions if left != 0 else ():
            read = self._matching(position.number)
            if read is None:
                continue
            if skip:
                skip -= 1
                continue
            row, body = read
            result = self._projected(row, body)
            if result is not None:
                results.append(result)
                size += len(result)
            if left is not None:
                left -= 1
                if left == 0:
                    break
            if len(results) >= page_size or size >= RESPONSE_BYTES:
                more = next(positions, None) is not None
                return Page(results, encode(self._program.text, position, left) if more else None, self._work)
        return Page(results, None, self._work)

    def _positions(self, after: Position | None) -> Iterator[Position]:
        """Positions of rows that may match, in the order of the results."""
        if not (isinstance(self._access, Scan) and self._access.sorts):
            return self._source.positions(self._access, after)
        found = (
            Position(self._sort_key(read[0]), position.number)
            for position in self._source.positions(self._access, None)
            if (read := self._matching(position.number)) is not None
        )
        return iter(sorted(position for position in found if after is None or position > after))

    def _matching(self, number: int) -> tuple[Row, bytes] | None:
        """The row of an item if it passes WHERE, with the bytes of the document."""
        body = self._source.body(number)
        if body is None:
            return None
        self._work.documents += 1
        self._work.size += len(body)
        row = Row(orjson.loads(body), self._parameters)
        passes = self._program.passes
        return (row, body) if passes is None or passes(row) is True else None

    def _projected(self, row: Row, body: bytes) -> bytes | None:
        if self._program.project is None:
            return body
        value = self._program.project(row)
        return None if value is UNDEFINED else orjson.dumps(value)

    def _sort_key(self, row: Row) -> bytes:
        """All keys of ORDER BY as one that sorts ascending: each ends in 0000, and is inverted where it descends."""
        parts: list[bytes] = []
        for key, descending in self._program.keys:
            part = sort_key(key(row)).replace(b"\0", b"\0\xff") + b"\0\0"
            parts.append(bytes(byte ^ 0xFF for byte in part) if descending else part)
        return b"".join(parts)

    def _aggregated(self) -> list[bytes]:
        accumulators = {str(aggregate): Accumulator(aggregate) for aggregate in self._program.aggregates}
        last = Row({}, self._parameters)
        if self._program.only_counts and self._access.covers:
            count = self._work.entries = self._source.count(self._access)
            for accumulator in accumulators.values():
                accumulator.add_rows(count)
        else:
            for position in self._source.positions(self._access, None):
                if (read := self._matching(position.number)) is not None:
                    last = read[0]
                    for accumulator in accumulators.values():
                        accumulator.add(last)
        results = {text: accumulator.result() for text, accumulator in accumulators.items()}
        result = self._projected(Row(last.document, self._parameters, results), b"")
        return [] if result is None else [result]
