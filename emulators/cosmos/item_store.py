"""Items in SQLite: each with its partition, its change number (LSN), its expiry and its rows of the index."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import orjson

from emulators.cosmos.catalogue import Container
from emulators.cosmos.database import Database
from emulators.cosmos.definitions import NEVER, PartitionKey
from emulators.cosmos.errors import BadRequestError
from emulators.cosmos.indexing import Entry
from emulators.cosmos.values import Document

_LONGEST_TTL: Final = 1 << 31
_SYSTEM: Final = ("_rid", "_self", "_etag", "_attachments", "_ts", "_lsn")


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as it stands.

    Args:
        number: unique, and higher than that of every item made before it.
        partition: number of its logical partition.
        etag: with its quotation marks.
        body: the document with its system properties.
        lsn: number of its last change.
    """

    number: int
    partition: int
    etag: str
    body: bytes
    lsn: int

    def document(self) -> Document:
        """The document, decoded anew."""
        return dict(orjson.loads(self.body))


class ItemStore:
    """Reads and writes single items. Writing methods run in a transaction of the caller."""

    def __init__(self, database: Database) -> None:
        self._connection = database.connection
        self._together: list[int] | None = None
        """The numbers of the changes so far that share one; None: each write is a change of its own."""

    @contextmanager
    def as_one_change(self) -> Iterator[None]:
        """Have the writes of a transactional batch share one number: the change feed does not tell them apart."""
        self._together = []
        try:
            yield
        finally:
            self._together = None

    def find(self, container: Container, key: PartitionKey, name: str, now: int) -> StoredItem | None:
        """The item of an id, if there is one and it has not expired; `now` is in seconds since 1970."""
        row = self._connection.execute(
            "SELECT items.number, partition, etag, body, lsn FROM items"
            " JOIN partitions ON partitions.number = items.partition"
            " WHERE partitions.container = ? AND key = ? AND id = ? AND (expires IS NULL OR expires > ?)",
            (container.number, key.text, name, now),
        ).fetchone()
        return None if row is None else StoredItem(*row)

    def put(
        self, container: Container, key: PartitionKey, document: Document, over: StoredItem | None, now: int
    ) -> StoredItem:
        """Write a document as a new item, or over one that was found.

        Raises:
            BadRequestError: its `ttl` is no time to live.
        """
        _check_ttl(container, document)
        if over is None:
            partition = self._partition(container, key)
            self._remove_expired(container, partition, document["id"])
        else:
            partition = over.partition
        lsn, made = self._advance(container, made=over is None)
        number = over.number if over else container.first_item + made
        for name in _SYSTEM:
            document.pop(name, None)
        rid = container.item_rid(number)
        turn = 0x0100 + len(self._together or ())  # an item may be written twice in one change
        etag = (
            f'"{lsn & 0xFFFFFFFF:08x}-{container.number & 0xFFFF:04x}-{turn:04x}-0000-{now:08x}{number & 0xFFFF:04x}"'
        )
        system = {
            "_rid": rid,
            "_self": f"{container.body['_self']}docs/{rid}/",
            "_etag": etag,
            "_attachments": "attachments/",
            "_ts": now,
        }
        document.update(system)
        body = orjson.dumps(document)
        before = set(container.definition.indexing.entries(over.document())) if over else set()
        after = set(container.definition.indexing.entries(document))
        expires = _expiry(container.definition.default_ttl, _own_ttl(document), now)
        self._connection.execute(
            "INSERT INTO items (number, partition, id, lsn, etag, written, expires, container, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET"
            " lsn = excluded.lsn, etag = excluded.etag, written = excluded.written, expires = excluded.expires,"
            " body = excluded.body",
            (number, partition, document["id"], lsn, etag, now, expires, container.number, body),
        )
        self._drop_entries(partition, number, before - after)
        self._add_entries(partition, number, after - before)
        return StoredItem(number, partition, etag, body, lsn)

    def remove(self, container: Container, item: StoredItem) -> None:
        """Delete an item that was found. That is a change, and has a number like any other."""
        self._advance(container, made=False)
        self._erase(container, item.partition, item.number, item.body)

    def rebuild(self, container: Container) -> None:
        """Bring all items in line with changed settings: the index, and when each expires."""
        self._connection.execute(
            "DELETE FROM entries WHERE partition IN (SELECT number FROM partitions WHERE container = ?)",
            (container.number,),
        )
        numbers = self._connection.execute(
            "SELECT number FROM items WHERE container = ?", (container.number,)
        ).fetchall()
        for (number,) in numbers:
            partition, written, body = self._connection.execute(
                "SELECT partition, written, body FROM items WHERE number = ?", (number,)
            ).fetchone()
            document = orjson.loads(body)
            self._add_entries(partition, number, set(container.definition.indexing.entries(document)))
            expires = _expiry(container.definition.default_ttl, _own_ttl(document), written)
            self._connection.execute("UPDATE items SET expires = ? WHERE number = ?", (expires, number))

    def clear(self, container: Container) -> None:
        """Delete everything in a container."""
        for statement in (
            "DELETE FROM entries WHERE partition IN (SELECT number FROM partitions WHERE container = ?)",
            "DELETE FROM items WHERE container = ?",
            "DELETE FROM partitions WHERE container = ?",
        ):
            self._connection.execute(statement, (container.number,))

    def purge(self, container_of: Callable[[int], Container], now: int, limit: int) -> int:
        """Delete up to `limit` items that have expired; returns how many."""
        rows = self._connection.execute(
            "SELECT container, partition, number, body FROM items WHERE expires <= ? LIMIT ?", (now, limit)
        ).fetchall()
        for container, partition, number, body in rows:
            self._erase(container_of(container), partition, number, body)
        return len(rows)

    def _advance(self, container: Container, *, made: bool) -> tuple[int, int]:
        step = 0 if self._together else 1
        row = self._connection.execute(
            "UPDATE containers SET lsn = lsn + ?, items = items + ? WHERE number = ? RETURNING lsn, items",
            (step, made, container.number),
        ).fetchone()
        if self._together is not None:
            self._together.append(row[0])
        return row[0], row[1]

    def _partition(self, container: Container, key: PartitionKey) -> int:
        text = key.text
        row = self._connection.execute(
            "SELECT number FROM partitions WHERE container = ? AND key = ?", (container.number, text)
        ).fetchone()
        if row is None:
            row = self._connection.execute(
                "INSERT INTO partitions (container, key, place) VALUES (?, ?, ?) RETURNING number",
                (container.number, text, key.place),
            ).fetchone()
        return int(row[0])

    def _remove_expired(self, container: Container, partition: int, name: str) -> None:
        """What `find` no longer shows may not be purged yet, and would hold on to its id."""
        row = self._connection.execute(
            "SELECT number, body FROM items WHERE partition = ? AND id = ?", (partition, name)
        ).fetchone()
        if row is not None:
            self._erase(container, partition, *row)

    def _erase(self, container: Container, partition: int, number: int, body: bytes) -> None:
        self._connection.execute("DELETE FROM items WHERE number = ?", (number,))
        self._drop_entries(partition, number, set(container.definition.indexing.entries(orjson.loads(body))))

    def _add_entries(self, partition: int, number: int, entries: set[Entry]) -> None:
        self._connection.executemany(
            "INSERT INTO entries (partition, path, key, number) VALUES (?, ?, ?, ?)",
            [(partition, entry.path, entry.key, number) for entry in entries],
        )

    def _drop_entries(self, partition: int, number: int, entries: set[Entry]) -> None:
        self._connection.executemany(
            "DELETE FROM entries WHERE partition = ? AND path = ? AND key = ? AND number = ?",
            [(partition, entry.path, entry.key, number) for entry in entries],
        )


def _own_ttl(document: Document) -> int | None:
    """The item's own time to live in seconds; None if it has none, or one that is no number of seconds."""
    ttl = document.get("ttl")
    return ttl if type(ttl) is int and (ttl == NEVER or 0 < ttl < _LONGEST_TTL) else None


def _check_ttl(container: Container, document: Document) -> None:
    """Where nothing expires, `ttl` is a property like any other."""
    if container.definition.default_ttl is None or document.get("ttl") is None:
        return
    if _own_ttl(document) is None:
        raise BadRequestError("The input ttl is invalid. Ensure to provide a nonzero positive integer or '-1'.")


def _expiry(default: int | None, own: int | None, written: int) -> int | None:
    if default is None:
        return None
    ttl = default if own is None else own
    return None if ttl == NEVER else written + ttl
