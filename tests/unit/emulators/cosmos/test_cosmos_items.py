from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.emulators.cosmos.signed import Account, found, message


def write(account: Account, name: str, **more: Any) -> Any:
    """Upsert an item of `ann`."""
    return account.docs(body={"id": name, "audience": "ann", **more}, x_ms_documentdb_is_upsert="True")


def test_system_properties_are_the_services_own(account: Account) -> None:
    """What a client sends in their place is overwritten; everything else is kept in its order."""
    written = orjson.loads(write(account, "a", _ts=1, _etag="mine", z=1, b=2).body)
    assert list(written) == ["id", "audience", "z", "b", "_rid", "_self", "_etag", "_attachments", "_ts"]
    assert written["_ts"] == int(account.clock())


def test_numbers_are_stored_as_doubles_are_written(account: Account) -> None:
    """A whole number has no fraction, whoever wrote it with one; integers of 64 bits are kept."""
    written = write(account, "a", n=[1.0, -0.0, 1.5, 9007199254740993], deep={"x": 2.0})
    assert b'"n":[1,0,1.5,9007199254740993],"deep":{"x":2}' in written.body


def test_charges_are_near_the_services(account: Account) -> None:
    """Figures that a hosted account was seen to charge, within a tenth: two insertions, a read and a query."""
    everything = {"id": "all", "partitionKey": {"paths": ["/pk"]}}
    account.send("POST", "/dbs/db/colls", everything)

    def charged(body: Any, **headers: str) -> float:
        key = {"x_ms_documentdb_partitionkey": '["a"]'}
        response = account.send("POST", "/dbs/db/colls/all/docs", body, **key, **headers)
        return float(response.headers["x-ms-request-charge"])

    eight = {"id": "8", "pk": "a", **dict.fromkeys("tuvwxyz", 1)}
    thirteen = {"id": "13", "pk": "a", **dict.fromkeys("mnopqrstuvwx", 1.5)}
    assert charged(eight) == pytest.approx(9.14, rel=0.1)
    assert charged(thirteen) == pytest.approx(10.48, rel=0.1)
    query = {"query": "SELECT * FROM c WHERE c.id = '8'"}
    assert charged(query, x_ms_documentdb_isquery="True") == pytest.approx(2.82, rel=0.1)


def test_reading_with_the_known_etag_is_not_modified(account: Account) -> None:
    """If-None-Match spares the body of an item that is known."""
    etag = write(account, "a").headers["etag"]
    unchanged = account.docs("GET", name="a", if_none_match=etag)
    assert (unchanged.status, unchanged.body) == (304, b"")
    write(account, "a")
    assert account.docs("GET", name="a", if_none_match=etag).status == 200


def test_if_none_match_any_writes_only_what_is_missing(account: Account) -> None:
    """An upsert with If-None-Match * is a creation that is refused with 412."""
    body = {"id": "a", "audience": "ann"}
    assert account.docs(body=body, x_ms_documentdb_is_upsert="True", if_none_match="*").status == 201
    assert account.docs(body=body, x_ms_documentdb_is_upsert="True", if_none_match="*").status == 412


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"audience": "ann"}, 400),
        ({"id": "", "audience": "ann"}, 400),
        ({"id": 7, "audience": "ann"}, 400),
        ({"id": "a/b", "audience": "ann"}, 400),
        ({"id": "x" * 1024, "audience": "ann"}, 400),
        ({"id": "a", "audience": "bob"}, 400),
        ({"id": "a", "audience": ["ann"]}, 400),
        ({"id": "a"}, 400),
        ({"id": "a", "audience": "ann", "ttl": 0}, 400),
        ({"id": "a", "audience": "ann", "ttl": "soon"}, 400),
        ({"id": "a", "audience": "ann", "text": "x" * 2_100_000}, 413),
        ({"id": "a", "audience": "ann", "deep": orjson.loads("[" * 200 + "]" * 200)}, 400),
        ({"id": "x" * 1023, "audience": "ann"}, 201),
        ({"id": "a", "audience": "ann", "deep": orjson.loads("[" * 127 + "]" * 127)}, 201),
    ],
)
def test_items_have_limits(account: Account, body: dict[str, Any], status: int) -> None:
    """Ids, partition keys, times to live, size and depth are checked as the service checks them."""
    assert account.docs(body=body).status == status


def test_a_wrong_partition_key_has_its_own_substatus(account: Account) -> None:
    """Clients look for 1001 to fetch the container's definition anew."""
    refused = account.docs(body={"id": "a", "audience": "bob"})
    assert refused.headers["x-ms-substatus"] == "1001"
    assert account.send("POST", "/dbs/db/colls/inbox/docs", {"id": "a"}).status == 400


def test_an_id_cannot_be_changed(account: Account) -> None:
    """A replacement keeps the id, a patch keeps everything that is the service's or the key's."""
    write(account, "a")
    assert account.docs("PUT", {"id": "b", "audience": "ann"}, name="a").status == 400
    for path in ("/id", "/_ts", "/audience", "/audience/x"):
        patch = {"operations": [{"op": "set", "path": path, "value": "x"}]}
        assert account.docs("PATCH", patch, name="a").status == 400


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "add", "path": "/list/1", "value": 9}, [1, 9, 2]),
        ({"op": "add", "path": "/list/2", "value": 9}, [1, 2, 9]),
        ({"op": "add", "path": "/list/-", "value": 9}, [1, 2, 9]),
        ({"op": "set", "path": "/list/1", "value": 9}, [1, 9]),
        ({"op": "replace", "path": "/list/0", "value": None}, [None, 2]),
        ({"op": "remove", "path": "/list/0"}, [2]),
        ({"op": "incr", "path": "/list/0", "value": 1.5}, [2.5, 2]),
        ({"op": "move", "from": "/list/0", "path": "/list/1"}, [2, 1]),
        ({"op": "move", "from": "/other/deep", "path": "/list/0"}, [True, 1, 2]),
        ({"op": "add", "path": "/list/3", "value": 9}, None),
        ({"op": "add", "path": "/list/x", "value": 9}, None),
        ({"op": "set", "path": "/list/00000000000000000000", "value": 9}, None),
        ({"op": "set", "path": "/list/2", "value": 9}, None),
        ({"op": "replace", "path": "/list/-", "value": 9}, None),
        ({"op": "replace", "path": "/none", "value": 9}, None),
        ({"op": "remove", "path": "/none"}, None),
        ({"op": "incr", "path": "/list", "value": 1}, None),
        ({"op": "incr", "path": "/n", "value": "1"}, None),
        ({"op": "move", "from": "/other", "path": "/other/deep"}, None),
        ({"op": "move", "path": "/x"}, None),
        ({"op": "set", "path": "/none/x", "value": 1}, None),
        ({"op": "set", "path": "/list/0/x", "value": 1}, None),
        ({"op": "set", "path": "list", "value": 1}, None),
        ({"op": "set", "path": "/list"}, None),
        ({"op": "explode", "path": "/list"}, None),
        ({"path": "/list"}, None),
    ],
)
def test_each_patch_operation_keeps_to_its_rules(
    account: Account, operation: dict[str, Any], expected: list[Any] | None
) -> None:
    """An operation does what it says in arrays and objects, or is refused and changes nothing."""
    write(account, "a", list=[1, 2], other={"deep": True})
    response = account.docs("PATCH", {"operations": [operation]}, name="a")
    if expected is None:
        assert response.status == 400
        assert orjson.loads(account.docs("GET", name="a").body)["list"] == [1, 2]
    else:
        assert orjson.loads(response.body)["list"] == expected


def test_a_patch_has_up_to_ten_operations_and_none_of_it_stays_if_one_fails(account: Account) -> None:
    """A patch is one change."""
    write(account, "a", n=0)
    step = {"op": "incr", "path": "/n", "value": 1}
    assert account.docs("PATCH", {"operations": [step] * 11}, name="a").status == 400
    assert account.docs("PATCH", {"operations": []}, name="a").status == 400
    assert account.docs("PATCH", {"operations": [step, {"op": "remove", "path": "/x"}]}, name="a").status == 400
    assert orjson.loads(account.docs("PATCH", {"operations": [step] * 10}, name="a").body)["n"] == 10


def test_a_patch_condition_may_use_the_whole_language(account: Account) -> None:
    """The condition is a WHERE; an undefined one does not hold, and a wrong one is 400."""
    write(account, "a", n=1)
    operations = [{"op": "incr", "path": "/n", "value": 1}]

    def patch(condition: str) -> int:
        return account.docs("PATCH", {"condition": condition, "operations": operations}, name="a").status

    assert patch("FROM x WHERE x.n = 1 AND NOT IS_DEFINED(x.m)") == 200
    assert patch("FROM x WHERE x.m != 1") == 412
    assert patch("FROM x WHERE y.n = 1") == 400
    assert patch("x.n = 1") == 400


STEP = st.fixed_dictionaries(
    {
        "operationType": st.sampled_from(["Create", "Upsert", "Replace", "Delete", "Read", "Patch"]),
        "id": st.sampled_from(["a", "b", "c"]),
    }
)


@given(before=st.sets(st.sampled_from(["a", "b", "c"])), steps=st.lists(STEP, min_size=1, max_size=8))
def test_a_batch_is_all_or_nothing(before: set[str], steps: list[dict[str, str]]) -> None:
    """A batch does what its operations one by one would do, or, if one of these would fail, nothing."""
    with Account().prepare() as single, Account().prepare() as together:
        for account in (single, together):
            for name in before:
                write(account, name, n=0)
        untouched = _contents(together)
        operations = [_operation(step, number) for number, step in enumerate(steps)]
        statuses = []
        for operation in operations:
            statuses.append(_one_by_one(single, operation))
            if statuses[-1] >= 400:
                break
        response = together.batch(operations)
        results = [result["statusCode"] for result in orjson.loads(response.body)]
        if statuses[-1] < 400:
            assert (response.status, results) == (200, statuses)
            assert _contents(together) == _contents(single)
        else:
            failed = len(statuses) - 1
            assert response.status == 207
            assert results == [statuses[-1] if index == failed else 424 for index in range(len(steps))]
            assert _contents(together) == untouched


def _operation(step: dict[str, str], number: int) -> dict[str, Any]:
    document = {"id": step["id"], "audience": "ann", "n": number}
    match step["operationType"]:
        case "Create" | "Upsert":
            return {"operationType": step["operationType"], "resourceBody": document}
        case "Replace":
            return {**step, "resourceBody": document}
        case "Patch":
            return {**step, "resourceBody": {"operations": [{"op": "set", "path": "/n", "value": number}]}}
        case _:
            return dict(step)


def _one_by_one(account: Account, operation: dict[str, Any]) -> int:
    method = {"Create": "POST", "Upsert": "POST", "Replace": "PUT", "Delete": "DELETE", "Read": "GET", "Patch": "PATCH"}
    upsert = {"x_ms_documentdb_is_upsert": "True"} if operation["operationType"] == "Upsert" else {}
    body, name = operation.get("resourceBody", b""), operation.get("id", "")
    return account.docs(method[operation["operationType"]], body, name=name, **upsert).status


def _contents(account: Account) -> list[tuple[str, int]]:
    return sorted((row["id"], row["n"]) for row in found(account.query("SELECT * FROM c")))


def test_batches_have_limits(account: Account) -> None:
    """Up to 100 operations and 2 MB, of one partition key, atomic."""
    create = {"operationType": "Create", "resourceBody": {"id": "a", "audience": "ann"}}
    assert account.batch([]).status == 400
    assert account.batch([create] * 101).status == 400
    assert account.batch([{"operationType": "Drop", "id": "a"}]).status == 400
    assert account.batch([{"operationType": "Read"}]).status == 400
    large = {"operationType": "Create", "resourceBody": {"id": "a", "audience": "ann", "text": "x" * 2_100_000}}
    assert account.batch([large]).status == 413
    assert account.docs("POST", [create], x_ms_cosmos_is_batch_request="True").status == 400
    other = {"operationType": "Create", "resourceBody": {"id": "a", "audience": "bob"}}
    assert orjson.loads(account.batch([create, other]).body)[1]["statusCode"] == 400
    assert found(account.query("SELECT * FROM c")) == []


def test_a_batch_keeps_to_etags(account: Account) -> None:
    """Each operation has its own condition."""
    etag = write(account, "a").headers["etag"]
    write(account, "a")
    stale = {"operationType": "Delete", "id": "a", "ifMatch": etag}
    assert orjson.loads(account.batch([stale]).body)[0]["statusCode"] == 412


def test_an_item_lives_as_long_as_it_says(account: Account) -> None:
    """Its own `ttl` before the container's; -1 is for ever; hidden at once, removed later."""
    write(account, "short", ttl=10)
    write(account, "long", ttl=100)
    write(account, "ever")
    account.clock.now += 9
    assert account.docs("GET", name="short").status == 200
    account.clock.now += 1
    assert account.docs("GET", name="short").status == 404
    assert [row["id"] for row in found(account.query("SELECT * FROM c"))] == ["long", "ever"]
    assert found(account.query("SELECT VALUE COUNT(1) FROM c")) == [2]
    assert account.engine.purge() == 1
    assert account.engine.purge() == 0
    account.clock.now += 1000
    assert [row["id"] for row in found(account.query("SELECT * FROM c"))] == ["ever"]


def test_writing_an_item_lets_it_live_again(account: Account) -> None:
    """The time to live counts from the last write; an expired item's id is free before it is purged."""
    write(account, "a", ttl=10)
    account.clock.now += 9
    write(account, "a", ttl=10)
    account.clock.now += 9
    assert account.docs("GET", name="a").status == 200
    account.clock.now += 1
    assert account.docs(body={"id": "a", "audience": "ann"}).status == 201
    assert account.engine.purge() == 0


def test_a_new_default_ttl_holds_for_items_that_exist(account: Account) -> None:
    """Items without a `ttl` follow their container, also when it changes its mind."""
    write(account, "a")
    write(account, "b", ttl=-1)
    body = {"id": "inbox", "partitionKey": {"paths": ["/audience"]}, "defaultTtl": 5}
    account.send("PUT", "/dbs/db/colls/inbox", body)
    account.clock.now += 5
    assert [row["id"] for row in found(account.query("SELECT * FROM c"))] == ["b"]


def test_without_a_default_ttl_nothing_expires() -> None:
    """A container that does not speak of expiry ignores `ttl`, whatever it is."""
    with Account().prepare(ttl=None) as account:
        assert write(account, "a", ttl=1).status == 201
        assert write(account, "b", ttl="forever").status == 201
        account.clock.now += 1000
        assert account.docs("GET", name="a").status == 200


def test_an_error_says_what_and_where(account: Account) -> None:
    """A refusal has the service's code, a sentence, the activity and the address."""
    response = account.docs("GET", name="none", x_ms_activity_id="activity")
    assert orjson.loads(response.body)["code"] == "NotFound"
    assert message(response).startswith("Message: {")
    assert "ActivityId: activity, Request URI: /dbs/db/colls/inbox/docs/none" in message(response)
    assert response.headers["x-ms-request-charge"] == "1.00"
