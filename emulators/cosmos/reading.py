"""Reading many items: along the index, one after the other, or in the order of their changes."""
# ruff: noqa: S608  # the statements are joined from constants of this file; values are always arguments

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from emulators.cosmos.catalogue import Container
from emulators.cosmos.database import Database
from emulators.cosmos.definitions import PartitionKey
from emulators.cosmos.hashing import MAXIMUM, successor
from emulators.cosmos.query.continuation import Position
from emulators.cosmos.query.planning import Access, Span, Walk

_LIVE: Final = "(expires IS NULL OR expires > ?)"
_OF_CONTAINER: Final = "partition IN (SELECT number FROM partitions WHERE container = ?)"
_OF_PLACES: Final = "partition IN (SELECT number FROM partitions WHERE container = ? AND place >= ? AND place < ?)"
_OF_PARTITION: Final = "partition = ?"
_NOWHERE: Final = -1

type Selection = PartitionKey | Places | None
"""One partition key (or the prefix of a hierarchical one), a range of the ring, or None: everything."""


@dataclass(frozen=True, slots=True)
class Places:
    """A range of the ring of partition keys, from `low` up to, not including, `high`."""

    low: str
    high: str

    @property
    def everything(self) -> bool:
        """Whether it is the whole ring."""
        return self.low == "" and self.high >= MAXIMUM

    @property
    def single(self) -> bool:
        """Whether one partition key at most is in it."""
        return self.low != "" and self.high == successor(self.low)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the feed: its number and the document."""

    lsn: int
    body: bytes


class Reader:
    """The items of one container, or of some of its partitions, as they are at one moment.

    Args:
        database: where they are.
        container: whose they are.
        selection: which partitions.
        now: seconds since 1970; what has expired by then is not seen.
    """

    def __init__(self, database: Database, container: Container, selection: Selection, now: int) -> None:
        self._connection = database.connection
        self._container = container
        self._now = now
        # A condition on the column `partition`; "" where all of the container is meant.
        self._partitions, self._arguments = self._condition(selection)

    def positions(self, access: Access, after: Position | None) -> Iterator[Position]:
        """The rows that an access finds, in its order, behind a position."""
        return self._walk(access, after) if isinstance(access, Walk) else self._scan(after)

    def body(self, number: int) -> bytes | None:
        """The document of an item; None if it has expired."""
        statement = f"SELECT body FROM items WHERE number = ? AND {_LIVE}"
        row = self._connection.execute(statement, (number, self._now)).fetchone()
        return None if row is None else row[0]

    def count(self, access: Access) -> int:
        """How many live items an access finds, without reading them."""
        if isinstance(access, Walk):
            condition, arguments = self._in_index(access.path, access.span)
            source = f"(SELECT number FROM entries WHERE {condition}) JOIN items USING (number) WHERE {_LIVE}"
        else:
            condition, arguments = self._in_items(after=None)
            source = f"items WHERE {condition} AND {_LIVE}"
        row = self._connection.execute(f"SELECT COUNT(*) FROM {source}", (*arguments, self._now)).fetchone()
        return int(row[0])

    def changes(self, after: int, since: int) -> Iterator[Change]:
        """The latest version of each item that changed, in the order of the changes.

        Args:
            after: number of the last change that is known.
            since: leaves out what was written before that second.
        """
        condition = self._partitions or "container = ?"
        arguments = self._arguments if self._partitions else (self._container.number,)
        statement = (
            f"SELECT number, lsn FROM items WHERE {condition} AND lsn > ? AND written >= ? AND {_LIVE} ORDER BY lsn"
        )
        for number, lsn in self._connection.execute(statement, (*arguments, after, since, self._now)):
            body = self.body(number)
            if body is not None:
                yield Change(lsn, body)

    def _walk(self, walk: Walk, after: Position | None) -> Iterator[Position]:
        way, beyond = ("DESC", "<") if walk.descending else ("ASC", ">")
        span = walk.span
        if after is not None:
            behind = Span(high=after.key + b"\0") if walk.descending else Span(low=after.key)
            span = span.within(behind)
        condition, arguments = self._in_index(walk.path, span)
        if after is not None:
            condition = f"{condition} AND (key, number) {beyond} (?, ?)"
            arguments = (*arguments, after.key, after.number)
        order = f"ORDER BY key {way}, number {way}"
        statement = f"SELECT key, number FROM entries WHERE {condition} {order}"
        return (Position(key, number) for key, number in self._connection.execute(statement, arguments))

    def _scan(self, after: Position | None) -> Iterator[Position]:
        condition, arguments = self._in_items(after)
        statement = f"SELECT number FROM items WHERE {condition} ORDER BY number"
        return (Position(b"", number) for (number,) in self._connection.execute(statement, arguments))

    def _in_index(self, path: str, span: Span) -> tuple[str, tuple[object, ...]]:
        partitions = self._partitions or _OF_CONTAINER
        arguments = self._arguments if self._partitions else (self._container.number,)
        return f"{partitions} AND path = ? AND key >= ? AND key < ?", (*arguments, path, span.low, span.high)

    def _in_items(self, after: Position | None) -> tuple[str, tuple[object, ...]]:
        behind = after.number if after else self._container.first_item
        numbers = "number > ? AND number < ?"
        condition = f"{self._partitions} AND {numbers}" if self._partitions else numbers
        return condition, (*self._arguments, behind, self._container.item_end)

    def _condition(self, selection: Selection) -> tuple[str, tuple[object, ...]]:
        if isinstance(selection, PartitionKey):
            if len(selection.components) < len(self._container.definition.key_paths):
                prefix = selection.place
                return self._condition(Places(prefix, prefix + MAXIMUM))
            return _OF_PARTITION, (self._number_of("key", selection.text),)
        if selection is None or selection.everything:
            return "", ()
        if selection.single:
            return _OF_PARTITION, (self._number_of("place", selection.low),)
        return _OF_PLACES, (self._container.number, selection.low, selection.high)

    def _number_of(self, column: str, value: str) -> int:
        statement = f"SELECT number FROM partitions WHERE container = ? AND {column} = ?"
        row = self._connection.execute(statement, (self._container.number, value)).fetchone()
        return _NOWHERE if row is None else row[0]
