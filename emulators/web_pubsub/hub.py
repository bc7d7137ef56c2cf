"""A hub: its connections, found by id, by group and by user."""

from collections.abc import Iterable

from emulators.web_pubsub.connection import Connection


class Hub:
    """The connections of one hub. Groups and users exist as long as a connection has them."""

    def __init__(self) -> None:
        self._connections: dict[str, Connection] = {}
        self._groups: dict[str, dict[str, Connection]] = {}
        self._users: dict[str, dict[str, Connection]] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def add(self, connection: Connection, groups: Iterable[str]) -> None:
        """Take in a new connection with its first groups."""
        self._connections[connection.id] = connection
        if connection.user is not None:
            self._users.setdefault(connection.user, {})[connection.id] = connection
        for group in groups:
            self.join(connection, group)

    def remove(self, connection: Connection) -> None:
        """Forget a connection."""
        for group in list(connection.groups):
            self.leave(connection, group)
        del self._connections[connection.id]
        if connection.user is not None:
            _discard(self._users, connection.user, connection)

    def join(self, connection: Connection, group: str) -> None:
        """Put a connection into a group; nothing changes if it is in it."""
        connection.groups.add(group)
        self._groups.setdefault(group, {})[connection.id] = connection

    def leave(self, connection: Connection, group: str) -> None:
        """Take a connection out of a group; nothing changes if it is not in it."""
        if group in connection.groups:
            connection.groups.discard(group)
            _discard(self._groups, group, connection)

    def get(self, connection_id: str) -> Connection | None:
        """The connection with this id."""
        return self._connections.get(connection_id)

    def everyone(self) -> list[Connection]:
        """All connections."""
        return list(self._connections.values())

    def group(self, name: str) -> list[Connection]:
        """The members of a group."""
        return list(self._groups.get(name, {}).values())

    def user(self, user: str) -> list[Connection]:
        """The connections of a user."""
        return list(self._users.get(user, {}).values())


def _discard(index: dict[str, dict[str, Connection]], key: str, connection: Connection) -> None:
    members = index[key]
    del members[connection.id]
    if not members:
        del index[key]
