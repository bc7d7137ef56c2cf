"""The container `alerts`, partitioned by audience."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from azure.core import MatchConditions
from azure.cosmos.exceptions import (
    CosmosAccessConditionFailedError,
    CosmosBatchOperationError,
    CosmosResourceExistsError,
    CosmosResourceNotFoundError,
)

from shared.audience import Audience
from shared.azure.calling import calling
from shared.azure.cosmos.database import ALERTS, SERVICE, CosmosDatabase
from shared.card import StoredAlert, from_document, to_document
from shared.delivery.keeping import Versioned
from shared.position import Position

_BATCH_OPERATIONS = 100
_BATCH_BYTES = 1_500_000
"""Of a transactional batch; the service takes 2 MB, and escapes some characters that we do not."""

_PAGE = "SELECT TOP @limit * FROM c WHERE c.position < @before ORDER BY c.position DESC"
_FIRST_PAGE = "SELECT TOP @limit * FROM c ORDER BY c.position DESC"


class CosmosAlerts:
    """An `AlertStore`, and the reading side of the inbox.

    Args:
        database: where the container is.
        retention: seconds until an alert is forgotten.
        clock: the time, with a time zone.
    """

    def __init__(self, database: CosmosDatabase, retention: int, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._retention = retention
        self._clock = clock

    async def create(self, audience: Audience, alerts: Sequence[StoredAlert]) -> bool:
        """See `AlertStore`."""
        partition = str(audience)
        async with calling(SERVICE):
            container = await self._database.container(ALERTS)
            for documents in _batches([self._document(alert) for alert in alerts]):
                try:
                    if len(documents) == 1:
                        await container.create_item(documents[0], no_response=True)
                    else:
                        operations = [("create", (document,)) for document in documents]
                        await container.execute_item_batch(operations, partition_key=partition)
                except CosmosResourceExistsError:
                    return False
                except CosmosBatchOperationError as error:
                    # With several batches an earlier one is stored already: its alerts are found as redelivered.
                    if error.status_code == 409:  # noqa: PLR2004  # Conflict, the name that HTTP gives it
                        return False
                    raise
        return True

    async def read(self, audience: Audience, card: str) -> Versioned | None:
        """See `AlertStore`."""
        async with calling(SERVICE):
            container = await self._database.container(ALERTS)
            try:
                document = await container.read_item(card, str(audience))
            except CosmosResourceNotFoundError:
                return None
        return Versioned(from_document(document), document["_etag"])

    async def replace(self, alert: StoredAlert, version: str) -> bool:
        """See `AlertStore`."""
        async with calling(SERVICE):
            container = await self._database.container(ALERTS)
            try:
                await container.replace_item(
                    alert.card,
                    self._document(alert),
                    etag=version,
                    match_condition=MatchConditions.IfNotModified,
                    no_response=True,
                )
            except (CosmosAccessConditionFailedError, CosmosResourceNotFoundError):
                return False
        return True

    async def page(self, audience: Audience, limit: int, before: Position | None) -> list[StoredAlert]:
        """The newest `limit` alerts of an audience, those before a position if one is given; newest first."""
        parameters: list[dict[str, Any]] = [{"name": "@limit", "value": limit}]
        if before is not None:
            parameters.append({"name": "@before", "value": before})
        async with calling(SERVICE):
            container = await self._database.container(ALERTS)
            documents = container.query_items(
                _PAGE if before else _FIRST_PAGE,
                parameters=parameters,
                partition_key=str(audience),
                max_item_count=limit,
            )
            return [from_document(document) async for document in documents]

    def _document(self, alert: StoredAlert) -> dict[str, Any]:
        seconds = self._retention
        if alert.alert.expires_at is not None:
            left = (alert.alert.expires_at - self._clock()).total_seconds()
            seconds = max(1, min(seconds, int(left) + 1))
        return to_document(alert, seconds)


def _batches(documents: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Documents in runs that the service takes as one transaction."""
    run: list[dict[str, Any]] = []
    size = 0
    for document, length in zip(documents, (len(msgspec.json.encode(item)) for item in documents), strict=True):
        if run and (len(run) == _BATCH_OPERATIONS or size + length > _BATCH_BYTES):
            yield run
            run, size = [], 0
        run.append(document)
        size += length
    if run:
        yield run
