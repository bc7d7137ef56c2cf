"""The local service, or an account of Azure's. Every test runs with both clients."""

import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from azure.cosmos import CosmosClient, PartitionKey, aio

from emulators.children import Child
from emulators.cosmos.authorization import WELL_KNOWN_KEY
from tests.contract.cosmos.clients import Account, Cosmos, done
from tests.target import AZURE, setting

QUICK: dict[str, Any] = {"retry_total": 1, "retry_backoff_max": 1, "connection_timeout": 5, "read_timeout": 20}
POLICY = {
    "indexingMode": "consistent",
    "includedPaths": [{"path": "/position/?"}, {"path": "/kind/?"}],
    "excludedPaths": [{"path": "/*"}],
    "compositeIndexes": [[{"path": "/kind", "order": "ascending"}, {"path": "/position", "order": "descending"}]],
}


@pytest.fixture(scope="session")
def account() -> Iterator[Account]:
    """One service for all tests."""
    if AZURE:
        yield Account(setting("COSMOS_ENDPOINT"), setting("COSMOS_KEY"))
        return
    with Child("emulators.cosmos", ["--port", "0", "--ephemeral", "--no-containers"]) as child:
        yield Account(child.url, WELL_KNOWN_KEY)


@pytest.fixture(params=["sync", "aio"])
async def cosmos(request: pytest.FixtureRequest, account: Account) -> AsyncIterator[Cosmos]:
    """Each client in turn, with a database of its own."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    if request.param == "sync":
        with CosmosClient(account.url, account.key, **QUICK) as client:
            yield await _prepared(client, name)
            client.delete_database(name)
    else:
        async with aio.CosmosClient(account.url, account.key, **QUICK) as client:
            yield await _prepared(client, name)
            await client.delete_database(name)


async def _prepared(client: Any, name: str) -> Cosmos:
    database = await done(client.create_database(name))
    key = PartitionKey("/audience")
    inbox = await done(database.create_container("inbox", key, indexing_policy=POLICY, default_ttl=-1))
    return Cosmos(client, database, inbox)
