import uuid
from http import HTTPStatus
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.cosmos import CosmosClient, PartitionKey, aio
from azure.cosmos.exceptions import (
    CosmosAccessConditionFailedError,
    CosmosBatchOperationError,
    CosmosHttpResponseError,
    CosmosResourceExistsError,
    CosmosResourceNotFoundError,
)
from azure.cosmos.partition_key import NonePartitionKeyValue

from tests.contract.cosmos.clients import Account, Cosmos, done, item, rows

NOT_MODIFIED = MatchConditions.IfNotModified
CHANGE = [{"op": "set", "path": "/text", "value": "patched"}]


async def test_what_is_written_is_read_back(cosmos: Cosmos) -> None:
    """An item is read back as it was written, with the service's own properties."""
    written = await done(cosmos.inbox.create_item(item(1, text="zażółć 日本 🙂", deep={"list": [1, 2.5, None, True]})))
    read = await done(cosmos.inbox.read_item("item-1", "user:ann"))
    assert dict(read) == dict(written)
    assert read["text"] == "zażółć 日本 🙂"
    assert {"_rid", "_self", "_etag", "_attachments", "_ts"} <= read.keys()


async def test_an_id_is_unique_within_its_partition_key(cosmos: Cosmos) -> None:
    """The same id is refused for the same partition key, and taken for another one."""
    await done(cosmos.inbox.create_item(item(1)))
    with pytest.raises(CosmosResourceExistsError):
        await done(cosmos.inbox.create_item(item(1)))
    await done(cosmos.inbox.create_item(item(1, "user:bob")))


async def test_an_upsert_creates_and_then_replaces(cosmos: Cosmos) -> None:
    """An upsert writes an item whether or not there is one; the ETag changes each time."""
    first = await done(cosmos.inbox.upsert_item(item(1, text="first")))
    second = await done(cosmos.inbox.upsert_item(item(1, text="second")))
    assert second["text"] == "second"
    assert second["_etag"] != first["_etag"]
    assert second["_rid"] == first["_rid"]


async def test_a_stale_etag_changes_nothing(cosmos: Cosmos) -> None:
    """Replacing, patching and deleting with the ETag of an earlier version are refused with 412."""
    inbox = cosmos.inbox
    stale = (await done(inbox.create_item(item(1))))["_etag"]
    fresh = (await done(inbox.upsert_item(item(1, text="new"))))["_etag"]
    condition: dict[str, Any] = {"etag": stale, "match_condition": NOT_MODIFIED}
    with pytest.raises(CosmosAccessConditionFailedError):
        await done(inbox.replace_item("item-1", item(1), **condition))
    with pytest.raises(CosmosAccessConditionFailedError):
        await done(inbox.patch_item("item-1", "user:ann", CHANGE, **condition))
    with pytest.raises(CosmosAccessConditionFailedError):
        await done(inbox.delete_item("item-1", "user:ann", **condition))
    await done(inbox.replace_item("item-1", item(1, text="newer"), etag=fresh, match_condition=NOT_MODIFIED))
    assert (await done(inbox.read_item("item-1", "user:ann")))["text"] == "newer"


async def test_an_upsert_with_a_stale_etag_is_refused_but_creates_what_is_missing(cosmos: Cosmos) -> None:
    """If-Match on an upsert holds for an item that exists; without one there is nothing to match, and it is created."""
    stale = (await done(cosmos.inbox.create_item(item(1))))["_etag"]
    await done(cosmos.inbox.upsert_item(item(1)))
    with pytest.raises(CosmosAccessConditionFailedError):
        await done(cosmos.inbox.upsert_item(item(1), etag=stale, match_condition=NOT_MODIFIED))
    await done(cosmos.inbox.upsert_item(item(2), etag=stale, match_condition=NOT_MODIFIED))


async def test_what_is_deleted_is_gone(cosmos: Cosmos) -> None:
    """A deleted item is not found, by reading, replacing or deleting it again."""
    inbox = cosmos.inbox
    await done(inbox.create_item(item(1)))
    await done(inbox.delete_item("item-1", "user:ann"))
    with pytest.raises(CosmosResourceNotFoundError):
        await done(inbox.read_item("item-1", "user:ann"))
    with pytest.raises(CosmosResourceNotFoundError):
        await done(inbox.replace_item("item-1", item(1)))
    with pytest.raises(CosmosResourceNotFoundError):
        await done(inbox.patch_item("item-1", "user:ann", CHANGE))
    with pytest.raises(CosmosResourceNotFoundError):
        await done(inbox.delete_item("item-1", "user:ann"))


async def test_no_response_leaves_the_item_out(cosmos: Cosmos) -> None:
    """With `no_response` a write is answered without the item."""
    assert dict(await done(cosmos.inbox.create_item(item(1), no_response=True))) == {}
    assert dict(await done(cosmos.inbox.upsert_item(item(1), no_response=True))) == {}


async def test_a_patch_changes_what_its_operations_say(cosmos: Cosmos) -> None:
    """Set, add, increment, replace, remove and move, in their order."""
    await done(cosmos.inbox.create_item(item(1, count=1, tags=["a", "b"], old=True)))
    operations = [
        {"op": "incr", "path": "/count", "value": 5},
        {"op": "add", "path": "/tags/-", "value": "c"},
        {"op": "remove", "path": "/tags/0"},
        {"op": "replace", "path": "/kind", "value": "card"},
        {"op": "move", "from": "/old", "path": "/new"},
        {"op": "set", "path": "/extra", "value": {"deep": []}},
    ]
    patched = await done(cosmos.inbox.patch_item("item-1", "user:ann", operations))
    assert (patched["count"], patched["tags"], patched["kind"]) == (6, ["b", "c"], "card")
    assert (patched["new"], "old" in patched, patched["extra"]) == (True, False, {"deep": []})


async def test_a_patch_holds_to_its_condition(cosmos: Cosmos) -> None:
    """A patch whose condition does not hold is refused with 412, and changes nothing."""
    await done(cosmos.inbox.create_item(item(1, count=1)))
    operations = [{"op": "incr", "path": "/count", "value": 1}]
    patched = await done(
        cosmos.inbox.patch_item("item-1", "user:ann", operations, filter_predicate="FROM c WHERE c.count < 2")
    )
    assert patched["count"] == 2
    with pytest.raises(CosmosAccessConditionFailedError):
        await done(
            cosmos.inbox.patch_item("item-1", "user:ann", operations, filter_predicate="FROM c WHERE c.count < 2")
        )
    assert (await done(cosmos.inbox.read_item("item-1", "user:ann")))["count"] == 2


async def test_a_batch_is_done_as_one(cosmos: Cosmos) -> None:
    """Each operation of a batch has its own result."""
    results = await done(
        cosmos.inbox.execute_item_batch(
            [
                ("create", (item(1, n=1),)),
                ("upsert", (item(2, n=2),)),
                ("read", ("item-1",)),
                ("replace", ("item-1", item(1, n=3))),
                ("patch", ("item-2", [{"op": "incr", "path": "/n", "value": 1}])),
                ("delete", ("item-1",)),
            ],
            partition_key="user:ann",
        )
    )
    assert [result["statusCode"] for result in results] == [201, 201, 200, 200, 200, 204]
    assert results[4]["resourceBody"]["n"] == 3


async def test_a_batch_fails_as_one(cosmos: Cosmos) -> None:
    """When one operation is refused, none is done, and the result says which."""
    await done(cosmos.inbox.create_item(item(2)))
    with pytest.raises(CosmosBatchOperationError) as failure:
        await done(
            cosmos.inbox.execute_item_batch(
                [("create", (item(1),)), ("create", (item(2),)), ("create", (item(3),))], partition_key="user:ann"
            )
        )
    assert failure.value.error_index == 1
    assert [result["statusCode"] for result in failure.value.operation_responses] == [424, 409, 424]
    assert [found["id"] for found in await rows(cosmos.inbox.read_all_items())] == ["item-2"]


async def test_a_batch_of_more_than_a_hundred_is_refused(cosmos: Cosmos) -> None:
    """A batch takes up to 100 operations."""
    operations = [("create", (item(number),)) for number in range(101)]
    await done(cosmos.inbox.execute_item_batch(operations[:100], partition_key="user:ann"))
    with pytest.raises(CosmosHttpResponseError) as refusal:
        await done(cosmos.inbox.execute_item_batch(operations, partition_key="user:ann"))
    assert refusal.value.status_code == HTTPStatus.BAD_REQUEST


async def test_an_item_without_a_partition_key_has_its_own_place(cosmos: Cosmos) -> None:
    """Items without the key's property are read with no value for it."""
    await done(cosmos.inbox.create_item({"id": "lost"}))
    assert (await done(cosmos.inbox.read_item("lost", NonePartitionKeyValue)))["id"] == "lost"


async def test_ids_may_have_any_characters_that_a_link_can_carry(cosmos: Cosmos) -> None:
    """Percent signs, spaces, colons and letters of any script are part of an id."""
    name = "mark:a%20b + é~|@x"
    await done(cosmos.inbox.create_item({"id": name, "audience": "user:ann"}))
    assert (await done(cosmos.inbox.read_item(name, "user:ann")))["id"] == name
    await done(cosmos.inbox.delete_item(name, "user:ann"))


async def test_many_items_are_read_at_once(cosmos: Cosmos) -> None:
    """`read_items` finds those that exist."""
    for number in range(3):
        await done(cosmos.inbox.create_item(item(number)))
    found = await done(cosmos.inbox.read_items([("item-0", "user:ann"), ("item-2", "user:ann"), ("no", "user:ann")]))
    assert sorted(read["id"] for read in found) == ["item-0", "item-2"]


async def test_databases_and_containers_come_and_go(cosmos: Cosmos) -> None:
    """They are created, read, listed, queried, replaced and deleted."""
    database, client = cosmos.database, cosmos.client
    assert (await done(database.read()))["id"] == database.id
    assert database.id in [found["id"] for found in await rows(client.list_databases())]
    parameters: list[dict[str, Any]] = [{"name": "@id", "value": database.id}]
    query = client.query_databases("SELECT * FROM d WHERE d.id = @id", parameters=parameters)
    assert [found["id"] for found in await rows(query)] == [database.id]
    with pytest.raises(CosmosResourceExistsError):
        await done(client.create_database(database.id))

    key = PartitionKey("/user")
    people = await done(database.create_container("people", key))
    await done(database.replace_container("people", key, default_ttl=60))
    assert (await done(people.read()))["defaultTtl"] == 60
    assert [found["id"] for found in await rows(database.list_containers())] == ["inbox", "people"]
    await done(database.delete_container("people"))
    with pytest.raises(CosmosResourceNotFoundError):
        await done(people.read())


async def test_a_container_that_was_made_again_is_noticed(cosmos: Cosmos) -> None:
    """A client that remembers a deleted container goes on with the new one of that id."""
    await done(cosmos.inbox.create_item(item(1)))
    await done(cosmos.database.delete_container("inbox"))
    await done(cosmos.database.create_container("inbox", PartitionKey("/audience")))
    await done(cosmos.inbox.create_item(item(1)))
    assert len(await rows(cosmos.inbox.read_all_items())) == 1


async def test_every_answer_says_its_charge(cosmos: Cosmos) -> None:
    """Reading 1 KB costs 1 RU; a write costs more, and a replacement more than that."""
    charges: list[float] = []

    def hook(headers: Any, *_: Any) -> None:
        charges.append(float(headers["x-ms-request-charge"]))

    await done(cosmos.inbox.create_item(item(1), response_hook=hook))
    await done(cosmos.inbox.read_item("item-1", "user:ann", response_hook=hook))
    await done(cosmos.inbox.upsert_item(item(1), response_hook=hook))
    created, read, replaced = charges
    assert read == 1
    assert 5 < created < replaced < 16


async def test_a_wrong_key_is_refused(account: Account) -> None:
    """A request that was signed with another key is answered with 401."""
    wrong = account.key[:-6] + "AAAA=="
    with pytest.raises(CosmosHttpResponseError) as refusal:
        CosmosClient(account.url, wrong, retry_total=0)
    assert refusal.value.status_code == HTTPStatus.UNAUTHORIZED
    client = aio.CosmosClient(account.url, wrong, retry_total=0)
    try:
        with pytest.raises(CosmosHttpResponseError) as refusal:
            await client.create_database(str(uuid.uuid4()))
    finally:
        await client.close()
    assert refusal.value.status_code == HTTPStatus.UNAUTHORIZED
