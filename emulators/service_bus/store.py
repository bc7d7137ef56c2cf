"""What was acknowledged, in SQLite: one transaction for each turn of the event loop."""

import sqlite3
from typing import Final

from emulators.service_bus.errors import StoreError
from emulators.service_bus.journal import Acceptance, Changes, MessageKey, MessageRecord
from emulators.service_bus.message import MessageState

_VERSION: Final = 1
_SCHEMA: Final = """
create table messages (
    queue text not null,
    sequence_number integer not null,
    encoded blob not null,
    state integer not null,
    enqueued_at integer not null,
    delivery_count integer not null,
    primary key (queue, sequence_number)
);
create table acceptances (
    queue text not null,
    message_id text not null,
    accepted_at integer not null,
    sequence_number integer not null,
    primary key (queue, message_id)
) without rowid;
create table last_numbers (
    queue text primary key,
    sequence_number integer not null
) without rowid;
"""


class Store:
    """The database.

    Args:
        database: its path, or `:memory:`.

    Raises:
        StoreError: it cannot be opened, or another version of this service wrote it.
    """

    def __init__(self, database: str) -> None:
        try:
            self._connection = sqlite3.connect(database, isolation_level=None)
            try:
                self._prepare(database)
            except BaseException:
                self._connection.close()
                raise
        except sqlite3.Error as error:
            raise StoreError(f"{database}: {error}") from error

    def _prepare(self, database: str) -> None:
        # One process owns the database: a second one started on the same folder would give out the same numbers.
        self._connection.execute("pragma locking_mode = exclusive")
        self._connection.execute("pragma journal_mode = wal")
        # A committed transaction is in the operating system's hands, and so survives kill -9; FULL would add an fsync
        # for each commit to survive a power cut as well.
        self._connection.execute("pragma synchronous = normal")
        (version,) = self._connection.execute("pragma user_version").fetchone()
        if version == 0:
            self._connection.executescript(f"begin exclusive; {_SCHEMA} pragma user_version = {_VERSION}; commit;")
        elif version != _VERSION:
            raise StoreError(f"{database} has version {version}, not {_VERSION}: move it away to start anew.")

    def load(self) -> Changes:
        """Everything that was ever committed."""
        everything = Changes()
        for queue, number, encoded, state, enqueued_at, delivery_count in self._connection.execute(
            "select queue, sequence_number, encoded, state, enqueued_at, delivery_count from messages"
        ):
            key = MessageKey(queue, number)
            everything.messages[key] = MessageRecord(key, encoded, MessageState(state), enqueued_at, delivery_count)
        for queue, message_id, accepted_at, number in self._connection.execute(
            "select queue, message_id, accepted_at, sequence_number from acceptances"
        ):
            everything.acceptances[queue, message_id] = Acceptance(accepted_at, number)
        everything.last_numbers.update(self._connection.execute("select queue, sequence_number from last_numbers"))
        return everything

    def commit(self, changes: Changes) -> None:
        """Make changes durable, all or none.

        Raises:
            sqlite3.Error: nothing was changed.
        """
        self._connection.execute("begin immediate")
        try:
            self._write(changes)
            self._connection.execute("commit")
        except BaseException:
            self._connection.execute("rollback")
            raise

    def close(self) -> None:
        """Close the database; what was committed is in it."""
        self._connection.close()

    def _write(self, changes: Changes) -> None:
        saved = [
            (each.key.queue, each.key.sequence_number, each.encoded, each.state, each.enqueued_at, each.delivery_count)
            for each in changes.messages.values()
            if each is not None
        ]
        removed = [(key.queue, key.sequence_number) for key, record in changes.messages.items() if record is None]
        accepted = [
            (*name, acceptance.accepted_at, acceptance.sequence_number)
            for name, acceptance in changes.acceptances.items()
            if acceptance is not None
        ]
        forgotten = [name for name, acceptance in changes.acceptances.items() if acceptance is None]
        write = self._connection.executemany
        write("insert or replace into messages values (?, ?, ?, ?, ?, ?)", saved)
        write("delete from messages where queue = ? and sequence_number = ?", removed)
        write("insert or replace into acceptances values (?, ?, ?, ?)", accepted)
        write("delete from acceptances where queue = ? and message_id = ?", forgotten)
        write("insert or replace into last_numbers values (?, ?)", changes.last_numbers.items())
