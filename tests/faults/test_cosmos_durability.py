import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import AzureError
from azure.cosmos import aio

from emulators.children import Child
from emulators.cosmos.authorization import WELL_KNOWN_KEY

GOAL = 10_000
KILLS = 8
WRITERS = 8
BATCH = 20
CONTAINERS = """
{"database": "belfry", "containers": [{"id": "log", "partitionKey": {"paths": ["/writer"]},
 "indexingPolicy": {"includedPaths": [{"path": "/number/?"}], "excludedPaths": [{"path": "/*"}]}}]}
"""


@pytest.mark.timeout(120)
async def test_a_killed_service_has_lost_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    """Killed again and again under load, it keeps every acknowledged item, and its change numbers only rise."""
    containers = tmp_path / "containers.json"
    containers.write_text(CONTAINERS)
    service = ["--port", "0", "--data", str(tmp_path / "data"), "--containers", str(containers)]
    acknowledged: set[str] = set()
    numbers = itertools.count()
    told: list[tuple[int, str]] = []
    highest = 0
    for kill in range(1, KILLS + 1):
        child = Child("emulators.cosmos", service)
        child.start()
        async with _client(child) as client:
            found = await _changes(_log(client))
            assert acknowledged <= {name for _, name in found}
            assert min((lsn for lsn, name in found if (lsn, name) not in set(told)), default=highest + 1) > highest
            told, highest = found, max((lsn for lsn, _ in found), default=highest)
            await _write_until_killed(child, _log(client), acknowledged, numbers, GOAL * kill // KILLS)
    with Child("emulators.cosmos", service) as child:
        async with _client(child) as client:
            found = await _changes(_log(client))
    assert len(acknowledged) >= GOAL
    assert acknowledged <= {name for _, name in found}
    assert [lsn for lsn, _ in found] == sorted(lsn for lsn, _ in found)  # those of one batch share theirs
    assert set(told) <= set(found)


def _client(child: Child) -> aio.CosmosClient:
    return aio.CosmosClient(child.url, WELL_KNOWN_KEY, retry_total=0, retry_connect=0, connection_timeout=2)


def _log(client: aio.CosmosClient) -> Any:
    return client.get_database_client("belfry").get_container_client("log")


async def _changes(log: Any) -> list[tuple[int, str]]:
    feed = log.query_items_change_feed(start_time="Beginning", max_item_count=1000)
    return [(change["_lsn"], change["id"]) async for change in feed]


async def _write_until_killed(
    child: Child, log: Any, acknowledged: set[str], numbers: "itertools.count[int]", goal: int
) -> None:
    """Write from several tasks, single items and batches, and kill the service in their midst."""

    async def write(writer: str) -> None:
        while True:
            names = [f"item-{next(numbers)}" for _ in range(BATCH)]
            items = [{"id": name, "writer": writer, "number": len(name)} for name in names]
            try:
                await log.create_item(items[0], no_response=True)
                acknowledged.add(names[0])
                batch = [("create", (item,)) for item in items[1:]]
                await log.execute_item_batch(batch, partition_key=writer)
                acknowledged.update(names[1:])
            except AzureError:
                return
            if len(acknowledged) >= goal and child.running:
                child.kill()

    await asyncio.gather(*(write(f"writer-{writer}") for writer in range(WRITERS)))
