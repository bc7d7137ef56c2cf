"""Requests about the items of one container: the headers of each say what it is."""

import re
from typing import Final

from emulators.cosmos import batch
from emulators.cosmos.catalogue import Catalogue, Container
from emulators.cosmos.change_feed import answer_changes
from emulators.cosmos.database import Database
from emulators.cosmos.definitions import PartitionKey
from emulators.cosmos.errors import (
    BadRequestError,
    EntityTooLargeError,
    MethodNotAllowedError,
    PartitionKeyError,
    RecreatedError,
    SessionError,
)
from emulators.cosmos.item_store import ItemStore
from emulators.cosmos.items import ITEM_BYTES, Conditions, ItemOperation, Items
from emulators.cosmos.patching import read_patch
from emulators.cosmos.queries import answer_feed, answer_plan, answer_query
from emulators.cosmos.wire import Answer, Operation, Request

_ITEM_OPERATIONS: Final = {
    "GET": Operation.READ,
    "PUT": Operation.REPLACE,
    "DELETE": Operation.DELETE,
    "PATCH": Operation.PATCH,
}
_SESSION = re.compile(r"(?:[0-9A-Fa-f-]*:)?-?\d+#(\d{1,18})(?:#.*)?")


class Documents:
    """Answers requests about items, queries and changes."""

    def __init__(self, database: Database, catalogue: Catalogue, store: ItemStore) -> None:
        self._database = database
        self._catalogue = catalogue
        self._items = Items(store)

    def feed(self, request: Request, container: Container, now: int) -> Answer:
        """`…/docs`: create, upsert, batch, query, list, and the change feed."""
        self._check_remembered(request, container)
        if request.method == "GET":
            self._check_session(request, container)
            if "a-im" in request.headers:
                return answer_changes(self._database, container, request, self._catalogue.lsn(container), now)
            return answer_feed(self._database, container, request, now)
        if request.method != "POST":
            raise MethodNotAllowedError
        if request.flag("x-ms-cosmos-is-query-plan-request"):
            return answer_plan(request)
        if request.is_query:
            self._check_session(request, container)
            return answer_query(self._database, container, request, now)
        if request.flag("x-ms-cosmos-is-batch-request"):
            return self._batch(request, container, now)
        upserts = request.flag("x-ms-documentdb-is-upsert")
        return self._write(request, container, Operation.UPSERT if upserts else Operation.CREATE, now)

    def item(self, request: Request, container: Container, name: str, now: int) -> Answer:
        """`…/docs/{name}`: read, replace, delete, patch."""
        self._check_remembered(request, container)
        kind = _ITEM_OPERATIONS.get(request.method)
        if kind is None:
            raise MethodNotAllowedError
        if kind is Operation.READ:
            self._check_session(request, container)
            return self._answer(request, container, ItemOperation(kind, name, conditions=_conditions(request)), now)
        if kind is Operation.DELETE:
            with self._database.transaction():
                return self._answer(request, container, ItemOperation(kind, name, conditions=_conditions(request)), now)
        return self._write(request, container, kind, now, name)

    def _write(self, request: Request, container: Container, kind: Operation, now: int, name: str = "") -> Answer:
        if len(request.body) > ITEM_BYTES:
            raise EntityTooLargeError
        body = request.json_object()
        if kind is Operation.PATCH:
            operation = ItemOperation(kind, name, patch=read_patch(body), conditions=_conditions(request))
        else:
            operation = ItemOperation(kind, name, document=body, conditions=_conditions(request))
        with self._database.transaction():
            return self._answer(request, container, operation, now)

    def _answer(self, request: Request, container: Container, operation: ItemOperation, now: int) -> Answer:
        result = self._items.perform(container, _key(request, container), operation, now)
        bare = operation.kind is not Operation.READ and request.headers.get("prefer", "").lower() == "return=minimal"
        headers = {"etag": result.etag} if result.etag else {}
        return Answer(result.status, operation.kind, b"" if bare else result.body, result.charge, headers)

    def _batch(self, request: Request, container: Container, now: int) -> Answer:
        if not request.flag("x-ms-cosmos-batch-atomic"):
            raise BadRequestError("Only atomic batches are served.")
        minimal = request.headers.get("prefer", "").lower() == "return=minimal"
        operations = batch.read_batch(request.body)
        key = _key(request, container)
        return batch.perform(self._database, self._items, container, key, operations, now, minimal=minimal)

    def _check_remembered(self, request: Request, container: Container) -> None:
        rid = request.headers.get("x-ms-cosmos-intended-collection-rid")
        if rid is not None and rid != container.rid:
            raise RecreatedError

    def _check_session(self, request: Request, container: Container) -> None:
        """A client that wrote reads its own writes: what it knows of must be here."""
        token = request.headers.get("x-ms-session-token")
        if not token:
            return
        parts = [_SESSION.fullmatch(part.strip()) for part in token.split(",")]
        known = [int(part[1]) for part in parts if part is not None]
        if len(known) < len(parts):
            raise BadRequestError("The session token provided is invalid.")
        if max(known) > self._catalogue.lsn(container):
            raise SessionError


def _key(request: Request, container: Container) -> PartitionKey:
    header = request.headers.get("x-ms-documentdb-partitionkey")
    if header is None:
        raise PartitionKeyError("The partition key is missing: the header x-ms-documentdb-partitionkey names it.")
    return container.definition.key_in(header)


def _conditions(request: Request) -> Conditions:
    return Conditions(request.headers.get("if-match"), request.headers.get("if-none-match"))
