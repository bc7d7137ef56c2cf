"""Transactional batches: up to 100 operations on items of one partition key, all of them or none."""

from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

import msgspec

from emulators.cosmos import charge
from emulators.cosmos.catalogue import Container
from emulators.cosmos.database import Database
from emulators.cosmos.definitions import PartitionKey
from emulators.cosmos.errors import BadRequestError, EntityTooLargeError, ServiceError
from emulators.cosmos.items import ITEM_BYTES, Conditions, ItemOperation, ItemResult, Items
from emulators.cosmos.patching import read_patch
from emulators.cosmos.wire import Answer, Operation, parse_json

MOST_OPERATIONS: Final = 100


class BatchKind(StrEnum):
    """The operations of a batch, by their names on the wire."""

    CREATE = "Create"
    READ = "Read"
    UPSERT = "Upsert"
    REPLACE = "Replace"
    DELETE = "Delete"
    PATCH = "Patch"


_NEEDS_ID: Final = frozenset((BatchKind.READ, BatchKind.REPLACE, BatchKind.DELETE, BatchKind.PATCH))


class BatchOperation(msgspec.Struct, frozen=True, rename="camel"):
    """One operation, as it is sent. `partitionKey` and others that repeat the batch's own are not read."""

    operation_type: BatchKind
    id: str = ""
    resource_body: Any = None
    if_match: str | None = None
    if_none_match: str | None = None


class _Stop(Exception):  # noqa: N818  # it ends the transaction; the answer is not an error
    """One operation was refused: what the ones before it did is taken back."""


def read_batch(body: bytes) -> list[ItemOperation]:
    """Check the body of a batch.

    Raises:
        BadRequestError: it is none, or has none or too many operations.
        EntityTooLargeError: it is longer than 2 MB.
    """
    if len(body) > ITEM_BYTES:
        raise EntityTooLargeError
    try:
        operations = msgspec.convert(parse_json(body), list[BatchOperation])
    except msgspec.ValidationError as error:
        raise BadRequestError(f"The batch request is invalid: {error}") from None
    if len(operations) > MOST_OPERATIONS:
        raise BadRequestError("Batch request has more operations than what is supported.")
    if not operations:
        raise BadRequestError("Batch request has no operations.")
    return [_item_operation(operation) for operation in operations]


def perform(
    database: Database,
    items: Items,
    container: Container,
    key: PartitionKey,
    operations: list[ItemOperation],
    now: int,
    *,
    minimal: bool,
) -> Answer:
    """Perform a batch in one transaction.

    `now` is in seconds since 1970; `minimal` leaves the items out of the results of writes.
    """
    results: list[ItemResult] = []
    refused: ServiceError | None = None
    try:
        with database.transaction(), items.as_one_change():
            for operation in operations:
                try:
                    results.append(items.perform(container, key, operation, now))
                except ServiceError as error:
                    refused = error
                    raise _Stop from None
    except _Stop:
        pass
    total = sum(result.charge for result in results)
    if refused is not None:
        shown = [_failure(HTTPStatus.FAILED_DEPENDENCY) for _ in operations]
        shown[len(results)] = _failure(refused.status, refused.substatus)
        return Answer(HTTPStatus.MULTI_STATUS, Operation.BATCH, _array(shown), total + charge.miss())
    shown = [
        _success(result, bare=minimal and operation.kind is not Operation.READ)
        for operation, result in zip(operations, results, strict=True)
    ]
    return Answer(HTTPStatus.OK, Operation.BATCH, _array(shown), total)


def _item_operation(operation: BatchOperation) -> ItemOperation:
    kind = Operation[operation.operation_type.name]
    body = operation.resource_body
    if operation.operation_type in _NEEDS_ID and not operation.id:
        raise BadRequestError(f"A {operation.operation_type} operation of a batch needs an id.")
    conditions = Conditions(operation.if_match, operation.if_none_match)
    if kind is Operation.PATCH:
        return ItemOperation(kind, operation.id, patch=read_patch(body), conditions=conditions)
    document = body if isinstance(body, dict) else None
    return ItemOperation(kind, operation.id, document=document, conditions=conditions)


def _failure(status: HTTPStatus, substatus: int = 0) -> bytes:
    return msgspec.json.encode({"statusCode": status, "subStatusCode": substatus, "requestCharge": 0.0})


def _success(result: ItemResult, *, bare: bool) -> bytes:
    shown: dict[str, Any] = {"statusCode": result.status, "requestCharge": round(result.charge, 2)}
    if result.etag:
        shown["eTag"] = result.etag
    if result.body and not bare:
        shown["resourceBody"] = msgspec.Raw(result.body)
    return msgspec.json.encode(shown)


def _array(parts: list[bytes]) -> bytes:
    return b"[" + b",".join(parts) + b"]"
