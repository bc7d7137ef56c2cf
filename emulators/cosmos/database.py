"""The SQLite file: its tables and its transactions.

An item's number says its container and its place in it (container << 40 | count), so one range of the primary key is a
container in the order in which its items were made. Numbers and LSNs only ever grow: their counters are stored, too.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from emulators.cosmos.errors import ConfigurationError

CONTAINER_SHIFT: Final = 40
_LOCK_SECONDS: Final = 2.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS databases (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS containers (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    database TEXT NOT NULL REFERENCES databases (id),
    id TEXT NOT NULL,
    lsn INTEGER NOT NULL DEFAULT 1,
    items INTEGER NOT NULL DEFAULT 0,
    body BLOB NOT NULL,
    UNIQUE (database, id)
);
CREATE TABLE IF NOT EXISTS partitions (
    number INTEGER PRIMARY KEY,
    container INTEGER NOT NULL,
    key TEXT NOT NULL,
    place TEXT NOT NULL,
    UNIQUE (container, key)
);
CREATE INDEX IF NOT EXISTS partitions_by_place ON partitions (container, place);
CREATE TABLE IF NOT EXISTS items (
    number INTEGER PRIMARY KEY,
    partition INTEGER NOT NULL,
    id TEXT NOT NULL,
    lsn INTEGER NOT NULL,
    etag TEXT NOT NULL,
    written INTEGER NOT NULL,
    expires INTEGER,
    container INTEGER NOT NULL,
    body BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS items_by_id ON items (partition, id);
CREATE INDEX IF NOT EXISTS items_by_partition ON items (partition, number);
CREATE INDEX IF NOT EXISTS items_by_change_in_partition ON items (partition, lsn);
CREATE INDEX IF NOT EXISTS items_by_change ON items (container, lsn);
CREATE INDEX IF NOT EXISTS items_by_expiry ON items (expires) WHERE expires IS NOT NULL;
CREATE TABLE IF NOT EXISTS entries (
    partition INTEGER NOT NULL,
    path TEXT NOT NULL,
    key BLOB NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (partition, path, key, number)
) WITHOUT ROWID;
"""


class Database:
    """One connection, used by one thread. The file belongs to one process at a time.

    Args:
        file: path of the SQLite file, or `:memory:`.

    Raises:
        ConfigurationError: the file belongs to another process, or is no database.
    """

    def __init__(self, file: str) -> None:
        self.connection = sqlite3.connect(file, isolation_level=None, timeout=_LOCK_SECONDS)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self.connection.close()
            raise ConfigurationError(f"{file}: {error}; does another process use it?") from None

    def _prepare(self) -> None:
        self.connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self.connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL: a commit is in the operating system's hands, which a killed process cannot take back; only a power
        # cut could lose the last ones, and it loses whole transactions, never halves.
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.execute("PRAGMA cache_size = -65536")
        self.connection.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block's changes, durable when it ends, or none if it raises."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self.connection.close()
