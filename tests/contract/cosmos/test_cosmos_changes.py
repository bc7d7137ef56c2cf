import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.cosmos.exceptions import CosmosResourceNotFoundError

from tests.contract.cosmos.clients import Cosmos, done, item, rows


def feed(cosmos: Cosmos, **options: Any) -> Any:
    """The change feed of one partition key, or with `partition_key=None` of all."""
    options = {"partition_key": "user:ann", **options}
    if options["partition_key"] is None:
        del options["partition_key"]
    return cosmos.inbox.query_items_change_feed(**options)


def continuation(cosmos: Cosmos) -> str:
    """The client's token behind the last page."""
    return str(cosmos.inbox.client_connection.last_response_headers["etag"])


async def test_the_feed_tells_changes_in_their_order(cosmos: Cosmos) -> None:
    """From the beginning: every item once, in the order of its last change, with rising numbers."""
    for number in range(5):
        await done(cosmos.inbox.create_item(item(number)))
    await done(cosmos.inbox.upsert_item(item(1, text="changed")))
    await done(cosmos.inbox.delete_item("item-2", "user:ann"))
    found = await rows(feed(cosmos, start_time="Beginning"))
    assert [row["id"] for row in found] == ["item-0", "item-3", "item-4", "item-1"]
    numbers = [row["_lsn"] for row in found]
    assert numbers == sorted(set(numbers))


async def test_the_feed_of_a_partition_key_goes_on_from_its_token(cosmos: Cosmos) -> None:
    """A continuation tells what came since, of this partition key only, and nothing twice."""
    await done(cosmos.inbox.create_item(item(1)))
    await rows(feed(cosmos, start_time="Beginning"))
    token = continuation(cosmos)
    assert await rows(feed(cosmos, continuation=token)) == []
    await done(cosmos.inbox.create_item(item(2, "user:bob")))
    await done(cosmos.inbox.create_item(item(3)))
    await done(cosmos.inbox.upsert_item(item(1, text="again")))
    assert [row["id"] for row in await rows(feed(cosmos, continuation=token))] == ["item-3", "item-1"]


async def test_the_feed_of_a_container_has_all_partition_keys(cosmos: Cosmos) -> None:
    """Without a partition key the feed is that of the whole container."""
    for number, audience in enumerate(("user:ann", "user:bob", "everyone")):
        await done(cosmos.inbox.create_item(item(number, audience)))
    found = await rows(feed(cosmos, partition_key=None, start_time="Beginning"))
    assert [row["audience"] for row in found] == ["user:ann", "user:bob", "everyone"]


async def test_the_feed_can_start_now(cosmos: Cosmos) -> None:
    """From now: only what is written afterwards."""
    await done(cosmos.inbox.create_item(item(1)))
    assert await rows(feed(cosmos, start_time="Now")) == []
    token = continuation(cosmos)
    await done(cosmos.inbox.create_item(item(2)))
    assert [row["id"] for row in await rows(feed(cosmos, continuation=token))] == ["item-2"]


async def test_the_feed_can_start_at_a_time(cosmos: Cosmos) -> None:
    """From a time: what was written at or after it."""
    await done(cosmos.inbox.create_item(item(1)))
    hour = timedelta(hours=1)
    assert len(await rows(feed(cosmos, start_time=datetime.now(UTC) - hour))) == 1
    assert await rows(feed(cosmos, start_time=datetime.now(UTC) + hour)) == []


async def test_the_feed_comes_in_pages(cosmos: Cosmos) -> None:
    """A feed longer than a page is told whole."""
    for number in range(25):
        await done(cosmos.inbox.create_item(item(number)))
    assert len(await rows(feed(cosmos, start_time="Beginning", max_item_count=10))) == 25


async def test_an_item_ends_with_its_time_to_live(cosmos: Cosmos) -> None:
    """An expired item is neither read nor queried nor told by the feed, and its id is free."""
    assert (await done(cosmos.inbox.create_item(item(1, ttl=1))))["ttl"] == 1
    await done(cosmos.inbox.create_item(item(2)))
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            await done(cosmos.inbox.read_item("item-1", "user:ann"))
        except CosmosResourceNotFoundError:
            break
        await asyncio.sleep(0.05)
    else:
        pytest.fail("the item did not expire")
    found = await rows(cosmos.inbox.query_items("SELECT VALUE c.id FROM c", partition_key="user:ann"))
    assert found == ["item-2"]
    assert [row["id"] for row in await rows(feed(cosmos, start_time="Beginning"))] == ["item-2"]
    await done(cosmos.inbox.create_item(item(1)))
