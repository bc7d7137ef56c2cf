"""Operations on one item: create, read, upsert, replace, delete and patch, with their conditions.

A batch is made of the same operations, so they know nothing of requests and responses.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from emulators.cosmos import charge, patching
from emulators.cosmos.catalogue import Container
from emulators.cosmos.definitions import PartitionKey
from emulators.cosmos.errors import (
    BadRequestError,
    ConflictError,
    EntityTooLargeError,
    NotFoundError,
    PartitionKeyError,
    PreconditionFailedError,
)
from emulators.cosmos.item_store import ItemStore, StoredItem
from emulators.cosmos.patching import Patch
from emulators.cosmos.query.compilation import Row, compiled
from emulators.cosmos.query.parsing import parse_condition
from emulators.cosmos.values import Document, depth_of, simplify_numbers
from emulators.cosmos.wire import Operation

ITEM_BYTES: Final = 2 * 1024 * 1024
_ID_BYTES: Final = 1023
_DEEPEST: Final = 128
_ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold of the item as it stands.

    Args:
        match: ETag that it must have, or None.
        none_match: ETag that it must not have, or None.
    """

    match: str | None = None
    none_match: str | None = None


@dataclass(frozen=True, slots=True)
class ItemOperation:
    """One operation on one item.

    Args:
        kind: a point operation.
        id: of the item; "" where the document says it.
        document: what to write, where something is written whole. It is changed.
        patch: what to change, in a patch.
        conditions: checked before anything is done.
    """

    kind: Operation
    id: str = ""
    document: Document | None = None
    patch: Patch | None = None
    conditions: Conditions = Conditions()


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What an operation did.

    Args:
        status: as of a request of its own.
        charge: request units.
        body: the item as it is now; b"" after a deletion.
        etag: of the item; "" after a deletion.
    """

    status: HTTPStatus
    charge: float
    body: bytes = b""
    etag: str = ""


class Items:
    """Performs operations. Writing ones run in a transaction of the caller.

    Args:
        store: where the items are.
    """

    def __init__(self, store: ItemStore) -> None:
        self._store = store

    def as_one_change(self) -> AbstractContextManager[None]:
        """See `ItemStore`."""
        return self._store.as_one_change()

    def perform(self, container: Container, key: PartitionKey, operation: ItemOperation, now: int) -> ItemResult:
        """Perform one operation; `now` is in seconds since 1970.

        Raises:
            ServiceError: it was refused, and nothing has changed.
        """
        match operation.kind:
            case Operation.READ:
                return self._read(self._found(container, key, operation, now), operation)
            case Operation.DELETE:
                return self._delete(container, self._found(container, key, operation, now), operation)
            case Operation.PATCH:
                return self._patch(container, key, self._found(container, key, operation, now), operation, now)
            case _:
                return self._write(container, key, operation, now)

    def _found(self, container: Container, key: PartitionKey, operation: ItemOperation, now: int) -> StoredItem:
        item = self._store.find(container, key, operation.id, now)
        if item is None:
            raise NotFoundError(
                "Entity with the specified id does not exist in the system. "
                "More info: https://aka.ms/cosmosdb-tsg-not-found"
            )
        return item

    def _read(self, item: StoredItem, operation: ItemOperation) -> ItemResult:
        if operation.conditions.none_match is not None and _named(operation.conditions.none_match, item):
            return ItemResult(HTTPStatus.NOT_MODIFIED, charge.miss(), b"", item.etag)
        return ItemResult(HTTPStatus.OK, charge.read(len(item.body)), item.body, item.etag)

    def _delete(self, container: Container, item: StoredItem, operation: ItemOperation) -> ItemResult:
        _check_conditions(operation, item)
        terms = container.definition.indexing.terms(item.document())
        self._store.remove(container, item)
        return ItemResult(HTTPStatus.NO_CONTENT, charge.write(len(item.body), terms))

    def _write(self, container: Container, key: PartitionKey, operation: ItemOperation, now: int) -> ItemResult:
        document = _checked(operation)
        if container.definition.key_of(document) != key:
            raise PartitionKeyError
        if operation.kind is Operation.REPLACE:
            existing: StoredItem | None = self._found(container, key, operation, now)
            if document["id"] != operation.id:
                raise BadRequestError("The id of an item cannot be changed; write it anew and delete this one.")
        else:
            existing = self._store.find(container, key, document["id"], now)
        if existing is not None and operation.kind is Operation.CREATE:
            raise ConflictError(
                "Entity with the specified id already exists in the system. "
                "Learn more: https://aka.ms/CosmosDB/sql/errors/item-conflict"
            )
        if existing is not None:
            _check_conditions(operation, existing)
        return self._put(container, key, document, existing, now)

    def _patch(
        self, container: Container, key: PartitionKey, item: StoredItem, operation: ItemOperation, now: int
    ) -> ItemResult:
        assert operation.patch is not None  # noqa: S101  # whoever makes a patch operation gives it one
        _check_conditions(operation, item)
        document = item.document()
        if operation.patch.condition is not None and not _holds(operation.patch.condition, document):
            raise PreconditionFailedError
        patching.apply(operation.patch, document, container.definition.key_paths)
        _check_depth(document)
        return self._put(container, key, document, item, now)

    def _put(
        self, container: Container, key: PartitionKey, document: Document, over: StoredItem | None, now: int
    ) -> ItemResult:
        simplify_numbers(document)
        item = self._store.put(container, key, document, over, now)
        size = len(item.body)
        if size > ITEM_BYTES:
            raise EntityTooLargeError
        terms = container.definition.indexing.terms(document)
        if over is None:
            return ItemResult(HTTPStatus.CREATED, charge.write(size, terms), item.body, item.etag)
        return ItemResult(HTTPStatus.OK, charge.replace(size, terms), item.body, item.etag)


def _checked(operation: ItemOperation) -> Document:
    document = operation.document
    if document is None:
        raise BadRequestError("The request payload is invalid. Ensure to provide a valid request payload.")
    name = document.get("id")
    if not isinstance(name, str) or not name:
        raise BadRequestError(
            "The input content is invalid because the required properties - 'id; ' - are missing or not of type string."
        )
    if len(name.encode()) > _ID_BYTES:
        raise BadRequestError(f"The id is longer than {_ID_BYTES} bytes.")
    if any(character in "/\\?#" for character in name):
        raise BadRequestError("Id contains illegal chars.")
    _check_depth(document)
    return document


def _check_depth(document: Document) -> None:
    if depth_of(document) > _DEEPEST:
        raise BadRequestError(f"The document is nested more than {_DEEPEST} levels deep.")


def _check_conditions(operation: ItemOperation, item: StoredItem) -> None:
    conditions = operation.conditions
    if conditions.match is not None and not _named(conditions.match, item):
        raise PreconditionFailedError
    if conditions.none_match is not None and _named(conditions.none_match, item):
        raise PreconditionFailedError


def _named(etags: str, item: StoredItem) -> bool:
    """Whether a condition names the item. Clients send the ETag with or without its quotation marks."""
    return etags.strip() == _ANY or item.etag.strip('"') in {etag.strip().strip('"') for etag in etags.split(",")}


def _holds(condition: str, document: Document) -> bool:
    where = parse_condition(condition).where
    return where is None or compiled(where)(Row(document, {})) is True
