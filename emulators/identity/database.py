"""What survives a restart: the signing keys and the grants, in one SQLite file."""

import sqlite3

_SCHEMA = """
CREATE TABLE IF NOT EXISTS signing_key (
    kid        TEXT PRIMARY KEY,
    pem        BLOB NOT NULL,
    created_at REAL NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS consent (
    id    TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS ticket (
    digest     BLOB PRIMARY KEY,
    consent    TEXT NOT NULL REFERENCES consent ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    expires_at REAL NOT NULL,
    spent      INTEGER NOT NULL DEFAULT 0
) STRICT;
"""


def connect(path: str) -> sqlite3.Connection:
    """Open the database, with its tables; `:memory:` keeps it in memory. Each statement commits by itself."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    # A killed process loses nothing that was committed to the log; only a power cut could, and only the last moments.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.executescript(_SCHEMA)
    return connection
