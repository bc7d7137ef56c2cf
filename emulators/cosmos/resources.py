"""Requests about databases, containers and their partition ranges."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

import orjson

from emulators.cosmos import charge
from emulators.cosmos.catalogue import Catalogue, Container
from emulators.cosmos.database import Database
from emulators.cosmos.errors import BadRequestError, MethodNotAllowedError
from emulators.cosmos.hashing import MAXIMUM
from emulators.cosmos.item_store import ItemStore
from emulators.cosmos.queries import answer_documents
from emulators.cosmos.values import Document
from emulators.cosmos.wire import Answer, Operation, Request

_RANGES_ETAG: Final = '"1"'
"""The one partition range of a container never changes."""
_THROUGHPUT_HEADERS: Final = ("x-ms-offer-throughput", "x-ms-cosmos-offer-autopilot-settings")


def account(endpoint: str) -> Answer:
    """The account, of one region.

    Args:
        endpoint: as the client reached it; the client goes on there.
    """
    region = [{"name": "Local", "databaseAccountEndpoint": endpoint}]
    replicas = {"minReplicaSetSize": 1, "maxReplicasetSize": 1}
    return _shown(
        {
            "_self": "",
            "id": "localhost",
            "_rid": "localhost",
            "media": "//media/",
            "addresses": "//addresses/",
            "_dbs": "//dbs/",
            "writableLocations": region,
            "readableLocations": region,
            "enableMultipleWriteLocations": False,
            "userReplicationPolicy": {"asyncReplication": False, **replicas},
            "userConsistencyPolicy": {"defaultConsistencyLevel": "Session"},
            "systemReplicationPolicy": replicas,
            "readPolicy": {"primaryReadCoefficient": 1, "secondaryReadCoefficient": 1},
            "queryEngineConfiguration": "{}",
        }
    )


class Resources:
    """Answers requests about databases and containers."""

    def __init__(self, database: Database, catalogue: Catalogue, store: ItemStore) -> None:
        self._database = database
        self._catalogue = catalogue
        self._store = store

    def databases(self, request: Request, now: int) -> Answer:
        """`/dbs`: list, query, create."""
        if request.method == "POST" and not request.is_query:
            _refuse_throughput(request)
            return _shown(self.create_database(request.json(), now), HTTPStatus.CREATED)
        return _feed("", "Databases", _listed(request, self._catalogue.databases()))

    def database(self, request: Request, name: str) -> Answer:
        """`/dbs/{name}`: read, delete."""
        match request.method:
            case "GET":
                return _shown(self._catalogue.database(name))
            case "DELETE":
                containers = self._catalogue.containers(name)
                with self._changing():
                    for container in containers:
                        self._store.clear(container)
                        self._catalogue.delete_container(container)
                    self._catalogue.delete_database(name)
                return _gone()
            case _:
                raise MethodNotAllowedError

    def containers(self, request: Request, database: str, now: int) -> Answer:
        """`/dbs/{database}/colls`: list, query, create."""
        if request.method == "POST" and not request.is_query:
            _refuse_throughput(request)
            return _shown(self.create_container(database, request.json(), now).body, HTTPStatus.CREATED)
        bodies = [container.body for container in self._catalogue.containers(database)]
        rid = self._catalogue.database(database)["_rid"]
        return _feed(rid, "DocumentCollections", _listed(request, bodies))

    def container(self, request: Request, container: Container, now: int) -> Answer:
        """`/dbs/{database}/colls/{container}`: read, replace, delete."""
        match request.method:
            case "GET":
                return _shown(container.body)
            case "PUT":
                return _shown(self.replace_container(container, request.json(), now).body)
            case "DELETE":
                with self._changing():
                    self._store.clear(container)
                    self._catalogue.delete_container(container)
                return _gone()
            case _:
                raise MethodNotAllowedError

    def create_database(self, raw: Any, now: int) -> Document:
        """Make a database.

        Raises:
            BadRequestError: the id is wrong.
            ConflictError: the id is taken.
        """
        with self._changing():
            return self._catalogue.create_database(raw, now)

    def create_container(self, database: str, raw: Any, now: int) -> Container:
        """Make a container.

        Raises:
            BadRequestError: the definition is wrong.
            NotFoundError: there is no such database.
            ConflictError: the id is taken.
        """
        with self._changing():
            return self._catalogue.create_container(database, raw, now)

    def replace_container(self, container: Container, raw: Any, now: int) -> Container:
        """Change a container's settings, and bring its items in line with them.

        Raises:
            BadRequestError: the definition is wrong, or changes what is fixed.
        """
        with self._changing():
            replaced = self._catalogue.replace_container(container, raw, now)
            self._store.rebuild(replaced)
        return replaced

    def partition_ranges(self, request: Request, container: Container) -> Answer:
        """`…/pkranges`: one range, the whole ring. Clients ask again until nothing is new."""
        if request.method != "GET":
            raise MethodNotAllowedError
        headers = {"etag": _RANGES_ETAG}
        if request.headers.get("if-none-match") == _RANGES_ETAG:
            return Answer(HTTPStatus.NOT_MODIFIED, Operation.METADATA, headers=headers)
        partition_range = {
            "_rid": container.rid,
            "id": "0",
            "_etag": _RANGES_ETAG,
            "minInclusive": "",
            "maxExclusive": MAXIMUM,
            "ridPrefix": 0,
            "_self": f"{container.body['_self']}pkranges/0/",
            "throughputFraction": 1,
            "status": "online",
            "parents": [],
            "_ts": container.body["_ts"],
        }
        return _feed(container.rid, "PartitionKeyRanges", [partition_range], headers)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """A transaction that the catalogue's memory follows, also when it is taken back."""
        try:
            with self._database.transaction():
                yield
        except BaseException:
            self._catalogue.load()
            raise


def _refuse_throughput(request: Request) -> None:
    if any(name in request.headers for name in _THROUGHPUT_HEADERS):
        raise BadRequestError(
            "Setting offer throughput or autopilot on container is not supported for serverless accounts. "
            "The local Cosmos DB is one; its option --throughput limits it."
        )


def _listed(request: Request, documents: list[Document]) -> list[Document]:
    if request.method == "GET":
        return documents
    if request.method == "POST":
        return answer_documents(documents, request)
    raise MethodNotAllowedError


def _shown(body: Document, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    headers = {"etag": body["_etag"]} if "_etag" in body else {}
    return Answer(status, Operation.METADATA, orjson.dumps(body), charge.METADATA, headers)


def _feed(rid: str, name: str, rows: Sequence[Document], headers: dict[str, str] | None = None) -> Answer:
    body = orjson.dumps({"_rid": rid, name: rows, "_count": len(rows)})
    shown = {"x-ms-item-count": str(len(rows)), **(headers or {})}
    return Answer(HTTPStatus.OK, Operation.METADATA, body, charge.METADATA, shown)


def _gone() -> Answer:
    return Answer(HTTPStatus.NO_CONTENT, Operation.METADATA, charge=charge.METADATA)
