"""The databases and containers that there are.

A container that is deleted and made again has another `_rid`, so whatever a client remembers of the old one (positions
in the change feed, session tokens) cannot be taken for the new one.
"""

import base64
import secrets
from dataclasses import dataclass
from typing import Any, Final

import orjson

from emulators.cosmos.database import CONTAINER_SHIFT, Database
from emulators.cosmos.definitions import ContainerDefinition, read_container, read_id
from emulators.cosmos.errors import BadRequestError, ConflictError, NotFoundError
from emulators.cosmos.values import Document

_CONTAINER_BIT: Final = 0x80
"""Marks the fifth byte of a `_rid` as a container's; a user's has it clear."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container as requests need it.

    Args:
        number: its place in the store.
        database: id of its database.
        rid: its `_rid`.
        definition: its settings.
        body: as the service shows it.
    """

    number: int
    database: str
    rid: str
    definition: ContainerDefinition
    body: Document

    @property
    def path(self) -> str:
        """What clients file session tokens under."""
        return f"dbs/{self.database}/colls/{self.definition.id}"

    @property
    def first_item(self) -> int:
        """No item of this container has a lower number."""
        return self.number << CONTAINER_SHIFT

    @property
    def item_end(self) -> int:
        """Every item of this container has a lower number."""
        return (self.number + 1) << CONTAINER_SHIFT

    def item_rid(self, number: int) -> str:
        """The `_rid` of an item."""
        count = number - self.first_item
        return _encoded(_decoded(self.rid) + count.to_bytes(8, "little"))


class Catalogue:
    """Databases and containers by id. Changing methods run in a transaction of the caller."""

    def __init__(self, database: Database) -> None:
        self._connection = database.connection
        self._containers: dict[tuple[str, str], Container] = {}
        self._numbers: dict[int, Container] = {}
        self.load()

    def load(self) -> None:
        """Read the containers anew: at the start, and when a transaction was taken back."""
        self._containers.clear()
        self._numbers.clear()
        for number, parent, body in self._connection.execute("SELECT number, database, body FROM containers"):
            self._keep(number, parent, orjson.loads(body))

    def databases(self) -> list[Document]:
        """All, in the order in which they were made."""
        rows = self._connection.execute("SELECT body FROM databases ORDER BY number")
        return [orjson.loads(body) for (body,) in rows]

    def database(self, name: str) -> Document:
        """One.

        Raises:
            NotFoundError: there is none of that id.
        """
        row = self._connection.execute("SELECT body FROM databases WHERE id = ?", (name,)).fetchone()
        if row is None:
            raise NotFoundError
        return dict(orjson.loads(row[0]))

    def create_database(self, raw: Any, now: int) -> Document:
        """Make one.

        Raises:
            BadRequestError: the id is wrong.
            ConflictError: the id is taken.
        """
        name = read_id(raw)
        if self._connection.execute("SELECT 1 FROM databases WHERE id = ?", (name,)).fetchone():
            raise ConflictError
        rid = _encoded(secrets.token_bytes(4))
        body: Document = {
            "id": name,
            "_rid": rid,
            "_self": f"dbs/{rid}/",
            **_stamp(now),
            "_colls": "colls/",
            "_users": "users/",
        }
        self._connection.execute("INSERT INTO databases (id, body) VALUES (?, ?)", (name, orjson.dumps(body)))
        return body

    def delete_database(self, name: str) -> None:
        """Remove one that has no containers any more; the caller removes those first.

        Raises:
            NotFoundError: there is none of that id.
        """
        self.database(name)
        self._connection.execute("DELETE FROM databases WHERE id = ?", (name,))

    def containers(self, database: str) -> list[Container]:
        """All of a database, in the order in which they were made.

        Raises:
            NotFoundError: there is no such database.
        """
        self.database(database)
        found = (container for container in self._numbers.values() if container.database == database)
        return sorted(found, key=lambda container: container.number)

    def container(self, database: str, name: str) -> Container:
        """One.

        Raises:
            NotFoundError: there is none of that id.
        """
        container = self._containers.get((database, name))
        if container is None:
            raise NotFoundError
        return container

    def numbered(self, number: int) -> Container:
        """One, by its number."""
        return self._numbers[number]

    def create_container(self, database: str, raw: Any, now: int) -> Container:
        """Make one.

        Raises:
            BadRequestError: the definition is wrong.
            NotFoundError: there is no such database.
            ConflictError: the id is taken.
        """
        parent = self.database(database)
        definition, shown = read_container(raw)
        if (database, definition.id) in self._containers:
            raise ConflictError
        random = bytearray(secrets.token_bytes(4))
        random[0] |= _CONTAINER_BIT
        rid = _encoded(_decoded(parent["_rid"]) + random)
        links = {
            "_docs": "docs/",
            "_sprocs": "sprocs/",
            "_triggers": "triggers/",
            "_udfs": "udfs/",
            "_conflicts": "conflicts/",
        }
        body = {**shown, "_rid": rid, "_self": f"{parent['_self']}colls/{rid}/", **_stamp(now), **links}
        number = self._connection.execute(
            "INSERT INTO containers (database, id, body) VALUES (?, ?, ?)",
            (database, definition.id, orjson.dumps(body)),
        ).lastrowid
        assert number is not None  # noqa: S101  # an INSERT of one row
        return self._keep(number, database, body)

    def replace_container(self, container: Container, raw: Any, now: int) -> Container:
        """Change the settings of one; the caller brings its items in line.

        Raises:
            BadRequestError: the definition is wrong, or changes what is fixed.
        """
        definition, shown = read_container(raw)
        if definition.id != container.definition.id:
            raise BadRequestError("The id of a container cannot be changed.")
        if shown["partitionKey"] != container.body["partitionKey"]:
            raise BadRequestError("The partition key definition of a container cannot be changed.")
        kept = {name: value for name, value in container.body.items() if name.startswith("_")}
        body = {**shown, **kept, **_stamp(now)}
        self._connection.execute(
            "UPDATE containers SET body = ? WHERE number = ?", (orjson.dumps(body), container.number)
        )
        return self._keep(container.number, container.database, body)

    def delete_container(self, container: Container) -> None:
        """Remove one whose items the caller has removed."""
        self._connection.execute("DELETE FROM containers WHERE number = ?", (container.number,))
        del self._containers[container.database, container.definition.id]
        del self._numbers[container.number]

    def lsn(self, container: Container) -> int:
        """The number of the container's last change."""
        row = self._connection.execute("SELECT lsn FROM containers WHERE number = ?", (container.number,)).fetchone()
        return int(row[0])

    def _keep(self, number: int, database: str, body: Document) -> Container:
        definition, _ = read_container(body)
        container = Container(number, database, body["_rid"], definition, body)
        self._containers[database, definition.id] = self._numbers[number] = container
        return container


def _stamp(now: int) -> Document:
    token = secrets.token_hex(16)
    return {"_etag": f'"{token[:8]}-0000-0100-0000-{token[8:20]}"', "_ts": now}


def _encoded(rid: bytes) -> str:
    return base64.b64encode(rid).decode().replace("/", "-")


def _decoded(rid: str) -> bytes:
    return base64.b64decode(rid.replace("-", "/"))
