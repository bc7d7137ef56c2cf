# ruff: noqa: S608  # the queries are of the language under test
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.emulators.cosmos.signed import Account, found, message

POSITIONS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.text("ab", max_size=2), st.just([1]), st.just({})
)
ITEMS = st.lists(
    st.fixed_dictionaries({}, optional={"position": POSITIONS, "kind": st.sampled_from(["x", "y"])}), max_size=12
)


def fill(account: Account, items: list[dict[str, Any]], key: str = "ann") -> None:
    """Write items, numbered."""
    for number, item in enumerate(items):
        account.docs(body={"id": str(number), "audience": key, **item}, key=key)


def ids(account: Account, text: str, **headers: str) -> list[str]:
    """The ids that a query finds."""
    response = account.query(text, **headers)
    assert response.status == 200, response.body
    return [row["id"] for row in found(response)]


@given(items=ITEMS, bound=POSITIONS, comparator=st.sampled_from(["=", "<", "<=", ">", ">="]))
@settings(max_examples=60, deadline=None)
def test_an_index_changes_the_cost_and_not_the_result(items: list[dict[str, Any]], bound: Any, comparator: str) -> None:
    """A comparison finds the same items by the index, by reading all, and across partition keys."""
    plain = {"excludedPaths": [{"path": "/*"}]}
    text = f"SELECT * FROM c WHERE c.position {comparator} @bound"
    parameter = {"name": "@bound", "value": bound}
    results = []
    for policy in (None, plain):
        with Account().prepare(policy=policy) as account:
            fill(account, items)
            across = account.query_across(text, parameter, x_ms_documentdb_query_enablecrosspartition="True")
            results += [
                sorted(row["id"] for row in found(answer)) for answer in (account.query(text, parameter), across)
            ]
    assert all(result == results[0] for result in results)


@given(items=ITEMS, size=st.integers(1, 5), descending=st.booleans(), data=st.data())
@settings(max_examples=60, deadline=None)
def test_pages_make_the_whole(items: list[dict[str, Any]], size: int, descending: bool, data: st.DataObject) -> None:  # noqa: FBT001  # drawn
    """Pages together equal the query without pages, whatever is written elsewhere in between."""
    with Account().prepare() as account:
        fill(account, items)
        order = data.draw(st.sampled_from(["", "ORDER BY c.position", "ORDER BY c.kind, c.position DESC"]))
        if descending and order == "ORDER BY c.position":
            order += " DESC"
        text = f"SELECT * FROM c WHERE NOT STARTSWITH(c.id, 'new') {order}"
        whole = ids(account, text)
        paged: list[str] = []
        token: str | None = ""
        for round_ in range(len(items) + 2):
            response = account.query(
                text, x_ms_max_item_count=str(size), **({"x_ms_continuation": token} if token else {})
            )
            page = [row["id"] for row in found(response)]
            assert len(page) <= size
            paged += page
            token = response.headers.get("x-ms-continuation")
            if token is None:
                break
            account.docs(body={"id": f"new-{round_}", "audience": "ann", "position": data.draw(POSITIONS), "kind": "x"})
        assert paged == whole
        assert sorted(whole) == sorted(map(str, range(len(items))))


def test_offset_limit_and_top_hold_across_pages(account: Account) -> None:
    """A limit is of the query, not of a page."""
    fill(account, [{"position": f"{number:02}"} for number in range(20)])
    for text, expected in (
        ("SELECT * FROM c ORDER BY c.position OFFSET 3 LIMIT 7", list(range(3, 10))),
        ("SELECT TOP 5 * FROM c ORDER BY c.position DESC", list(range(19, 14, -1))),
        ("SELECT TOP 0 * FROM c", []),
    ):
        got: list[str] = []
        token: dict[str, str] = {}
        while True:
            response = account.query(text, x_ms_max_item_count="2", **token)
            got += [row["id"] for row in found(response)]
            if "x-ms-continuation" not in response.headers:
                break
            token = {"x_ms_continuation": response.headers["x-ms-continuation"]}
        assert got == list(map(str, expected))


def test_items_without_the_property_are_ordered_if_the_path_is_listed() -> None:
    """ORDER BY returns items without the property first where the policy names the path, and not at all under `/*`."""
    with Account().prepare() as listed, Account().prepare(policy={"includedPaths": [{"path": "/*"}]}) as wild:
        for account in (listed, wild):
            fill(account, [{"position": 1}, {}, {"position": None}])
        text = "SELECT * FROM c ORDER BY c.position"
        assert ids(listed, text) == ["1", "2", "0"]
        assert ids(wild, text) == ["2", "0"]


def test_the_index_follows_every_write(account: Account) -> None:
    """Replaced, patched and deleted items are found where they are now."""
    fill(account, [{"position": "a"}, {"position": "b"}, {"position": "c"}])
    account.docs("PUT", {"id": "0", "audience": "ann", "position": "d"}, name="0")
    account.docs("PATCH", {"operations": [{"op": "remove", "path": "/position"}]}, name="1")
    account.docs("DELETE", name="2")
    assert ids(account, "SELECT * FROM c ORDER BY c.position DESC") == ["0", "1"]
    assert ids(account, "SELECT * FROM c WHERE c.position = 'a'") == []
    assert ids(account, "SELECT * FROM c WHERE c.position > ''") == ["0"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("c.position = -c.n", ["1"]),
        ("c.position > c.n", ["0"]),
        ("c.position = 1 + 1 - @one", ["0"]),
        ("@one = c.position", ["0"]),
        ("c.position != 1", ["1"]),
        ("c.position = @none", []),
        ("c.position >= 1 AND c.position <= 1 AND c.n = 0", ["0"]),
        ("NOT (c.position = 1)", ["1"]),
        ("c.position = 1 OR c.n = 1", ["0", "1"]),
    ],
)
def test_only_constants_are_sought(account: Account, condition: str, expected: list[str]) -> None:
    """A comparison of two properties, a negation and an OR are computed for each item."""
    fill(account, [{"position": 1, "n": 0}, {"position": -1, "n": 1}])
    response = account.query(f"SELECT * FROM c WHERE {condition}", {"name": "@one", "value": 1})
    assert [row["id"] for row in found(response)] == expected


def test_a_system_property_is_always_indexed() -> None:
    """`id` and `_ts` can be sorted by whatever the policy excludes, unless it indexes nothing."""
    with Account().prepare(policy={"excludedPaths": [{"path": "/*"}]}) as account:
        fill(account, [{}, {}])
        assert ids(account, "SELECT * FROM c ORDER BY c.id DESC") == ["1", "0"]
        assert account.query("SELECT * FROM c ORDER BY c.audience").status == 400
    with Account().prepare(policy={"indexingMode": "none"}) as nothing:
        assert nothing.query("SELECT * FROM c ORDER BY c.id").status == 400


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT VALUE COUNT(1) FROM c", [3]),
        ("SELECT VALUE COUNT(c.n) FROM c", [2]),
        ("SELECT VALUE COUNT(1) FROM c WHERE c.position >= 'b'", [2]),
        ("SELECT VALUE COUNT(1) FROM c WHERE c.n = 7", [0]),
        ("SELECT VALUE SUM(c.n) FROM c", [3]),
        ("SELECT VALUE SUM(c.position) FROM c", []),
        ("SELECT VALUE AVG(c.n) FROM c", [1.5]),
        ("SELECT VALUE AVG(c.none) FROM c", []),
        ("SELECT VALUE MIN(c.position) FROM c", ["a"]),
        ("SELECT VALUE MAX(c.none) FROM c", []),
        ("SELECT VALUE MAX(c.list) FROM c", []),
        ("SELECT MIN(c.n) AS low, MAX(c.n) AS high, MAX(c.none) AS none FROM c", [{"low": 1, "high": 2}]),
        ("SELECT VALUE {'n': COUNT(1), 'twice': SUM(c.n) * 2} FROM c", [{"n": 3, "twice": 6}]),
    ],
)
def test_aggregates(account: Account, text: str, expected: list[Any]) -> None:
    """Aggregates leave out what is undefined, and are undefined where a value is of the wrong kind."""
    fill(account, [{"position": "a", "n": 1}, {"position": "b", "n": 2}, {"position": "c", "list": [1]}])
    assert found(account.query(text)) == expected


def test_a_query_of_several_partition_keys_needs_the_clients_leave(account: Account) -> None:
    """Without the header it is refused; with it a query that has to be merged is answered with its plan."""
    across = {"x_ms_documentdb_query_enablecrosspartition": "True"}
    assert account.query_across("SELECT * FROM c").status == 400
    assert account.query_across("SELECT * FROM c", **across).status == 200
    refused = account.query_across("SELECT TOP 1 * FROM c ORDER BY c.position", **across)
    assert (refused.status, refused.headers["x-ms-substatus"]) == (400, "1004")
    plan = orjson.loads(orjson.loads(refused.body)["additionalErrorInfo"])
    assert plan["queryInfo"]["orderBy"] == ["Ascending"]
    assert plan["queryInfo"]["top"] == 1
    assert "orderByItems" in plan["queryInfo"]["rewrittenQuery"]
    refused = account.query_across("SELECT COUNT(1) AS n FROM c", **across)
    assert "VALUE <AggregateFunc>" in message(refused)


def test_a_continuation_belongs_to_its_query(account: Account) -> None:
    """A token of another query, or none at all, is 400."""
    fill(account, [{}, {}, {}])
    token = account.query("SELECT * FROM c", x_ms_max_item_count="1").headers["x-ms-continuation"]
    assert account.query("SELECT * FROM c", x_ms_continuation=token).status == 200
    assert account.query("SELECT c.id FROM c", x_ms_continuation=token).status == 400
    assert account.query("SELECT * FROM c", x_ms_continuation="token").status == 400


@pytest.mark.parametrize(
    "body",
    [
        {"query": 1},
        {"query": "SELECT * FROM c", "parameters": {}},
        {"query": "SELECT * FROM c", "parameters": [{"name": "x", "value": 1}]},
        {"query": "SELECT TOP @n * FROM c", "parameters": [{"name": "@n", "value": "1"}]},
        {"query": "SELECT TOP @n * FROM c"},
        {"query": "SELECT * FROM c OFFSET 0 LIMIT @n", "parameters": [{"name": "@n", "value": -1}]},
    ],
)
def test_a_wrong_query_request_is_refused(account: Account, body: dict[str, Any]) -> None:
    """Parameters have names with an @, and counts are whole numbers."""
    response = account.docs("POST", body, x_ms_documentdb_isquery="True")
    assert response.status == 400


def test_a_page_costs_the_same_in_a_partition_of_any_size(account: Account) -> None:
    """Charge follows what is read: a page by an index reads its own rows only, a filter without one reads all."""
    page = "SELECT TOP 20 * FROM c WHERE c.position < '999' ORDER BY c.position DESC"
    charges: dict[str, list[float]] = {"page": [], "scan": []}
    for start, end in ((0, 100), (100, 1000)):
        for number in range(start, end):
            account.docs(body={"id": str(number), "audience": "ann", "position": f"{number:03}", "n": number % 2})
        charges["page"].append(float(account.query(page).headers["x-ms-request-charge"]))
        charges["scan"].append(float(account.query("SELECT * FROM c WHERE c.n = 7").headers["x-ms-request-charge"]))
    assert charges["page"][0] == charges["page"][1] < 5
    assert charges["scan"][1] > charges["scan"][0] * 5
