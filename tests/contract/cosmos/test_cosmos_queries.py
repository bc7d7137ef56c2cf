from typing import Any

import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.exceptions import CosmosHttpResponseError

from tests.contract.cosmos.clients import Cosmos, done, item, pages, rows

NEWEST_FIRST = "SELECT * FROM c WHERE c.position < @before ORDER BY c.position DESC"
BEFORE: list[dict[str, object]] = [{"name": "@before", "value": "000020"}]


async def fill(cosmos: Cosmos, count: int = 25, *audiences: str) -> None:
    """Items 0 to `count` for each audience; odd ones have `optional`."""
    for audience in audiences or ("user:ann",):
        for number in range(count):
            more: dict[str, Any] = {"n": number, "tags": [f"t{number % 3}"], "odd name": number}
            if number % 2:
                more["optional"] = number
            await done(cosmos.inbox.create_item(item(number, audience, **more)))


async def query(cosmos: Cosmos, text: str, partition_key: str | None = "user:ann", **parameters: Any) -> list[Any]:
    """All results of a query with parameters."""
    given = [{"name": f"@{name}", "value": value} for name, value in parameters.items()]
    scope = {"enable_cross_partition_query": True} if partition_key is None else {"partition_key": partition_key}
    if partition_key is None and "aio" in type(cosmos.inbox).__module__:
        scope = {}
    return await rows(cosmos.inbox.query_items(text, parameters=given, **scope))


async def test_a_partition_is_read_newest_first(cosmos: Cosmos) -> None:
    """ORDER BY with a condition on the same property, within one partition key."""
    await fill(cosmos, 25, "user:ann", "user:bob")
    found = await query(cosmos, NEWEST_FIRST, before="000020")
    assert [row["position"] for row in found] == [f"{number:06}" for number in range(19, -1, -1)]
    assert {row["audience"] for row in found} == {"user:ann"}


async def test_pages_are_as_long_as_was_asked_for(cosmos: Cosmos) -> None:
    """`max_item_count` is the length of a page; the last one may be shorter."""
    await fill(cosmos)
    found = await pages(
        cosmos.inbox.query_items(NEWEST_FIRST, parameters=BEFORE, partition_key="user:ann", max_item_count=7)
    )
    assert [len(page) for page in found] == [7, 7, 6]


async def test_a_query_goes_on_from_its_token(cosmos: Cosmos) -> None:
    """A continuation goes on behind the last row, whatever was written in between."""
    await fill(cosmos)

    def again() -> Any:
        return cosmos.inbox.query_items(NEWEST_FIRST, parameters=BEFORE, partition_key="user:ann", max_item_count=7)

    paged = again().by_page()
    page = await anext(paged) if hasattr(paged, "__anext__") else next(paged)
    first = await rows(page)
    await done(cosmos.inbox.create_item({**item(0), "id": "late", "position": "000019.5"}))
    await done(cosmos.inbox.delete_item("item-13", "user:ann"))
    rest = [row for page in await pages(again(), paged.continuation_token) for row in page]
    assert [row["id"] for row in first + rest] == [f"item-{number}" for number in range(19, -1, -1)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('SELECT VALUE c["odd name"] FROM c WHERE c.n >= 23', [23, 24]),
        ("SELECT VALUE c.n FROM c WHERE ARRAY_CONTAINS(c.tags, 't0') AND c.n < 7", [0, 3, 6]),
        ("SELECT VALUE c.n FROM c WHERE ARRAY_CONTAINS([2, 4], c.n)", [2, 4]),
        ("SELECT VALUE c.n FROM c WHERE NOT IS_DEFINED(c.optional) AND c.n < 5", [0, 2, 4]),
        ("SELECT VALUE c.n FROM c WHERE c.n IN (1, 2) OR c.n BETWEEN 22 AND 23", [1, 2, 22, 23]),
        (
            "SELECT VALUE c.n FROM c WHERE STARTSWITH(c.id, 'item-2') AND CONTAINS(UPPER(c.kind), 'ERT')",
            [2, 20, 21, 22, 23, 24],
        ),
        ("SELECT VALUE c.n FROM c WHERE c.id LIKE 'item-_' AND c.n % 4 = 1", [1, 5, 9]),
        ("SELECT VALUE c.n FROM c WHERE (c.optional ?? -1) = -1 AND c.n < 3", [0, 2]),
        ("SELECT VALUE c.n FROM c WHERE c.optional > 20", [21, 23]),
        ("SELECT VALUE c.n FROM c WHERE c.optional != 1 AND c.n < 6", [3, 5]),
        ("SELECT TOP 3 VALUE c.n FROM c ORDER BY c.position DESC", [24, 23, 22]),
        ("SELECT VALUE c.n FROM c ORDER BY c.kind, c.position DESC OFFSET 1 LIMIT 2", [23, 22]),
        ("SELECT VALUE COUNT(1) FROM c WHERE c.position > '000009'", [15]),
        ("SELECT VALUE SUM(c.n) FROM c", [300]),
        ("SELECT VALUE MAX(c.optional) FROM c", [23]),
        (
            "SELECT COUNT(1) AS count, MIN(c.n) AS low, AVG(c.n) AS middle FROM c",
            [{"count": 25, "low": 0, "middle": 12}],
        ),
        (
            "SELECT c.n, c.missing, c.n > 3 ? 'much' : 'little' AS size FROM c WHERE c.n IN (3, 4)",
            [{"n": 3, "size": "little"}, {"n": 4, "size": "much"}],
        ),
    ],
)
async def test_the_language_within_a_partition(cosmos: Cosmos, text: str, expected: list[Any]) -> None:
    """Operators, functions, projections and aggregates give what the service gives."""
    await fill(cosmos)
    assert await query(cosmos, text) == expected


async def test_partitions_are_queried_together(cosmos: Cosmos) -> None:
    """Filters, ORDER BY, OFFSET LIMIT, TOP and aggregates across partition keys, by way of the query plan."""
    await fill(cosmos, 5, "user:ann", "user:bob", "role:ops")
    across = None
    assert len(await query(cosmos, "SELECT * FROM c WHERE c.n = @n", across, n=3)) == 3
    ordered = await query(cosmos, "SELECT VALUE c.n FROM c WHERE c.n < 3 ORDER BY c.position DESC", across)
    assert ordered == [2, 2, 2, 1, 1, 1, 0, 0, 0]
    window = await query(cosmos, "SELECT VALUE c.n FROM c ORDER BY c.position OFFSET 2 LIMIT 3", across)
    assert window == [0, 1, 1]
    assert await query(cosmos, "SELECT TOP 2 VALUE c.n FROM c ORDER BY c.position DESC", across) == [4, 4]
    assert len(await query(cosmos, "SELECT TOP 4 * FROM c", across)) == 4
    assert await query(cosmos, "SELECT VALUE COUNT(1) FROM c", across) == [15]
    assert await query(cosmos, "SELECT VALUE AVG(c.n) FROM c", across) == [2]
    assert await query(cosmos, "SELECT VALUE MAX(c.n) FROM c", across) == [4]


async def test_a_feed_range_is_a_part_of_the_container(cosmos: Cosmos) -> None:
    """The container's feed ranges together hold everything."""
    await fill(cosmos, 4, "user:ann", "user:bob")
    ranges = await rows(cosmos.inbox.read_feed_ranges())
    found = [row for part in ranges for row in await rows(cosmos.inbox.query_items("SELECT * FROM c", feed_range=part))]
    assert len(found) == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELEC * FRM c", "Syntax error"),
        (
            "SELECT * FROM c ORDER BY c.title",
            "The index path corresponding to the specified order-by item is excluded.",
        ),
        ("SELECT * FROM c ORDER BY c.position, c.kind", "does not have a corresponding composite index"),
        ("SELECT * FROM c ORDER BY LOWER(c.kind)", "could not be mapped to a document path"),
        ("SELECT * FROM c JOIN t IN c.tags", "'JOIN' here is not served"),
        ("SELECT DISTINCT c.kind FROM c", "'DISTINCT' here is not served"),
        ("SELECT FLOOF(c.kind) FROM c", "not a recognized built-in function name"),
    ],
)
async def test_a_query_that_is_not_served_is_refused_with_a_reason(cosmos: Cosmos, text: str, message: str) -> None:
    """A wrong query, one without its index, and one of a clause that is not served are 400 with a sentence."""
    with pytest.raises(CosmosHttpResponseError) as refusal:
        await query(cosmos, text)
    assert refusal.value.status_code == 400
    assert message in str(refusal.value)


async def test_a_page_costs_what_is_on_it(cosmos: Cosmos) -> None:
    """The first page by an indexed property costs the same in a small and in a larger partition."""
    charges: list[float] = []

    def hook(headers: Any, *_: Any) -> None:
        charges.append(float(headers["x-ms-request-charge"]))

    for start in (0, 20):
        for number in range(start, start * 6 + 20):
            await done(cosmos.inbox.create_item(item(number)))
        text = "SELECT TOP 10 * FROM c ORDER BY c.position DESC"
        await rows(cosmos.inbox.query_items(text, partition_key="user:ann", response_hook=hook))
    assert abs(charges[0] - charges[-1]) < 0.1


async def test_a_hierarchical_key_is_queried_by_its_prefix(cosmos: Cosmos) -> None:
    """Items of a key of two levels are read by both, and queried by the first."""
    key = PartitionKey(["/tenant", "/user"])
    container = await done(cosmos.database.create_container("tree", key))
    for tenant, user in (("a", "x"), ("a", "y"), ("b", "x")):
        await done(container.create_item({"id": f"{tenant}{user}", "tenant": tenant, "user": user}))
    assert (await done(container.read_item("ax", ["a", "x"])))["id"] == "ax"
    found = await rows(container.query_items("SELECT VALUE c.id FROM c", partition_key=["a"]))
    assert sorted(found) == ["ax", "ay"]
