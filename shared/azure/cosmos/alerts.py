"""The container `alerts`, partitioned by audience."""

import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
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
from shared.inbox.reading import EVERYTHING, Filter, Head
from shared.position import Position

_BATCH_OPERATIONS = 100
_BATCH_BYTES = 1_500_000
"""Of a transactional batch; the service takes 2 MB, and escapes some characters that we do not."""

_PARAMETER = re.compile(r"@(\w+)")
_PAGE = "SELECT TOP @limit * FROM c{where} ORDER BY c.position DESC"
_SHOWING = "SELECT TOP @limit * FROM c{where}"
_HEADS = (
    "SELECT TOP @limit c.id, c.position, c.at, c.expiresAt, c.retract, c.elsewhere FROM c{where} ORDER BY c.at DESC"
)


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

    async def showing(self, audience: Audience, alert_id: str) -> StoredAlert | None:
        """See `AlertStore`."""
        documents = await self._query(audience, _SHOWING, 1, {"c.alertId = @alert": alert_id})
        return from_document(documents[0]) if documents else None

    async def page(
        self, audience: Audience, limit: int, before: Position | None, only: Filter = EVERYTHING
    ) -> list[StoredAlert]:
        """See `AlertReader`."""
        conditions = {
            "c.position < @before": before,
            "ARRAY_CONTAINS(@severities, c.severity ?? 'info')": sorted(only.severities),
            "ARRAY_CONTAINS(@categories, c.category)": sorted(only.categories),
        }
        documents = await self._query(audience, _PAGE, limit, conditions)
        return [from_document(document) for document in documents]

    async def heads(self, audience: Audience, limit: int, until: str | None) -> list[Head]:
        """See `AlertReader`."""
        documents = await self._query(audience, _HEADS, limit, {"c.at <= @until": until})
        return [
            Head(
                card=document["id"],
                position=document["position"],
                at=document["at"],
                expires_at=datetime.fromisoformat(document["expiresAt"]) if "expiresAt" in document else None,
                retracted=document.get("retract", False),
                elsewhere=document.get("elsewhere", False),
            )
            for document in documents
        ]

    async def find(self, audience: Audience, card: str) -> StoredAlert | None:
        """See `AlertReader`."""
        found = await self.read(audience, card)
        return found.stored if found else None

    async def acknowledge(self, audience: Audience, card: str, position: Position) -> None:
        """See `AlertReader`."""
        async with calling(SERVICE):
            container = await self._database.container(ALERTS)
            with suppress(CosmosAccessConditionFailedError, CosmosResourceNotFoundError):
                await container.patch_item(
                    card,
                    str(audience),
                    [{"op": "set", "path": "/acted", "value": True}],
                    # Not a parameter, for a patch has none; a position is of digits and a hyphen.
                    filter_predicate=f"FROM c WHERE c.position = '{position}'",
                    no_response=True,
                )

    async def everything(self, audience: Audience) -> AsyncIterator[StoredAlert]:
        """See `AlertReader`."""
        async with calling(SERVICE, seconds=60):
            container = await self._database.container(ALERTS)
            async for document in container.query_items("SELECT * FROM c", partition_key=str(audience)):
                yield from_document(document)

    async def erase(self, audience: Audience) -> int:
        """See `AlertReader`."""
        async with calling(SERVICE, seconds=60):
            return await self._database.erase_partition(ALERTS, str(audience))

    async def _query(
        self, audience: Audience, query: str, limit: int, conditions: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """Run a query with those conditions whose parameter has a value."""
        given = {condition: value for condition, value in conditions.items() if value}
        parameters = [{"name": "@limit", "value": limit}] + [
            {"name": f"@{_PARAMETER.findall(condition)[0]}", "value": value} for condition, value in given.items()
        ]
        where = " WHERE " + " AND ".join(given) if given else ""
        async with calling(SERVICE):
            container = await self._database.container(ALERTS)
            documents = container.query_items(
                query.format(where=where),
                parameters=parameters,
                partition_key=str(audience),
                max_item_count=limit,
            )
            return [document async for document in documents]

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
