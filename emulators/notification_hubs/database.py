"""What survives a restart: devices, what was sent, what became of it, and the VAPID key, in one SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

_SCHEMA = """
CREATE TABLE IF NOT EXISTS device (
    number       INTEGER PRIMARY KEY,
    hub          TEXT NOT NULL,
    id           TEXT NOT NULL,
    registered   INTEGER NOT NULL,
    changed_at   REAL NOT NULL,
    installation BLOB NOT NULL,
    UNIQUE (hub, id)
) STRICT;
CREATE INDEX IF NOT EXISTS device_by_change ON device (changed_at);
CREATE INDEX IF NOT EXISTS device_gone_by_change ON device (changed_at) WHERE registered = 0;
CREATE TABLE IF NOT EXISTS notification (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL,
    at         REAL NOT NULL,
    format     TEXT NOT NULL,
    payload    BLOB NOT NULL,
    headers    BLOB NOT NULL,
    appearance BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS delivery (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    device       INTEGER NOT NULL REFERENCES device ON DELETE CASCADE,
    notification INTEGER NOT NULL REFERENCES notification ON DELETE CASCADE,
    outcome      TEXT NOT NULL,
    detail       TEXT NOT NULL,
    attempts     INTEGER NOT NULL,
    due          REAL
) STRICT;
CREATE INDEX IF NOT EXISTS delivery_by_device ON delivery (device, number);
CREATE INDEX IF NOT EXISTS delivery_by_notification ON delivery (notification);
CREATE INDEX IF NOT EXISTS delivery_by_due ON delivery (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS vapid (
    private_key TEXT NOT NULL
) STRICT;
"""


class Database:
    """One connection, used by one thread.

    Args:
        file: path of the SQLite file, or `:memory:`.
    """

    def __init__(self, file: str) -> None:
        self.connection = sqlite3.connect(file, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing that was committed to the log; only a power cut could, and only the last ones.
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.execute("PRAGMA foreign_keys = ON")
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
