"""Cosmos DB: the inbox as it is kept. Containers and their indexing policy stand in `infra/cosmos.json`."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from azure.core import MatchConditions
from azure.core.credentials_async import AsyncTokenCredential
from azure.cosmos.aio import ContainerProxy, CosmosClient
from azure.cosmos.exceptions import (
    CosmosAccessConditionFailedError,
    CosmosBatchOperationError,
    CosmosResourceExistsError,
    CosmosResourceNotFoundError,
)

from shared.audience import Audience
from shared.azure.calling import calling
from shared.card import StoredAlert, from_document, to_document
from shared.delivery.keeping import Versioned
from shared.position import Position

SERVICE: Final = "Cosmos DB"
_BATCH_OPERATIONS = 100
_BATCH_BYTES = 1_500_000
"""Of a transactional batch; the service takes 2 MB, and escapes some characters that we do not."""

_PAGE = "SELECT TOP @limit * FROM c WHERE c.position < @before ORDER BY c.position DESC"
_FIRST_PAGE = "SELECT TOP @limit * FROM c ORDER BY c.position DESC"


class CosmosDatabase:
    """The connection to a database, opened at first use and kept as long as the process.

    Args:
        endpoint: the account's URL.
        database: its name.
        credential: the account's key (local only), or a token credential.
    """

    def __init__(self, endpoint: str, database: str, credential: str | AsyncTokenCredential) -> None:
        self._endpoint = endpoint
        self._database = database
        self._credential = credential
        self._client: CosmosClient | None = None
        self._opening = asyncio.Lock()

    async def container(self, name: str) -> ContainerProxy:
        """A container of the database; raises the SDK's errors, so call it within `calling`."""
        async with self._opening:
            if self._client is None:
                # Few and short retries: within a trigger, the queue owns the long waits.
                client = CosmosClient(
                    self._endpoint,
                    self._credential,
                    retry_total=2,
                    retry_backoff_max=2,
                    retry_throttle_total=3,
                    retry_throttle_backoff_max=4,
                    connection_timeout=3,
                )
                try:
                    await client.__aenter__()
                except BaseException:
                    await client.close()
                    raise
                self._client = client
        return self._client.get_database_client(self._database).get_container_client(name)

    async def check(self) -> None:
        """Ask for the container of alerts; raises `BelfryError` when that fails."""
        async with calling(SERVICE, seconds=3):
            await (await self.container("alerts")).read()

    async def close(self) -> None:
        """Close the connection; the next use opens it again."""
        if self._client is not None:
            await self._client.close()
            self._client = None


class CosmosAlerts:
    """The container `alerts`, partitioned by audience: an `AlertStore`, and the reading side of the inbox.

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
            container = await self._database.container("alerts")
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
            container = await self._database.container("alerts")
            try:
                document = await container.read_item(card, str(audience))
            except CosmosResourceNotFoundError:
                return None
        return Versioned(from_document(document), document["_etag"])

    async def replace(self, alert: StoredAlert, version: str) -> bool:
        """See `AlertStore`."""
        async with calling(SERVICE):
            container = await self._database.container("alerts")
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
            container = await self._database.container("alerts")
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
