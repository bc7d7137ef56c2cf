"""The connection to the database."""

import asyncio
from typing import Final

from azure.core.credentials_async import AsyncTokenCredential
from azure.cosmos.aio import ContainerProxy, CosmosClient

from shared.azure.calling import calling

SERVICE: Final = "Cosmos DB"
ALERTS: Final = "alerts"
PEOPLE: Final = "people"


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
            await (await self.container(ALERTS)).read()

    async def close(self) -> None:
        """Close the connection; the next use opens it again."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def erase_partition(self, container: str, partition: str) -> int:
        """Delete every document of a partition, and return how many there were; call it within `calling`."""
        erased = 0
        proxy = await self.container(container)
        while True:
            query = proxy.query_items("SELECT TOP 100 VALUE c.id FROM c", partition_key=partition)
            identifiers = [str(identifier) async for identifier in query]
            if not identifiers:
                return erased
            operations = [("delete", (identifier,)) for identifier in identifiers]
            await proxy.execute_item_batch(operations, partition_key=partition)
            erased += len(identifiers)
