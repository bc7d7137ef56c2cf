import json
from email.utils import formatdate
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.cosmos.authorization import WINDOW_SECONDS
from emulators.cosmos.engine import Engine
from emulators.cosmos.wire import Request
from tests.unit.emulators.cosmos.signed import Account, found, message, signature


def test_a_request_without_a_signature_is_refused(account: Account) -> None:
    """No authorisation, another scheme and another key are 401 in the service's shape."""
    other = signature(Request("GET", "/dbs", {"x-ms-date": formatdate(account.clock(), usegmt=True)}), "b3RoZXI=")
    for response in (
        account.send_unsigned("GET", "/dbs"),
        account.send("GET", "/dbs", authorization="type%3Daad%26ver%3D1.0%26sig%3Dx"),
        account.send("GET", "/dbs", authorization=other),
        account.send("GET", "/dbs", authorization="%%%"),
    ):
        assert response.status == 401
        body = orjson.loads(response.body)
        assert body["code"] == "Unauthorized"
        assert response.headers["x-ms-activity-id"] in body["message"]


@pytest.mark.parametrize("offset", [-WINDOW_SECONDS - 1, WINDOW_SECONDS + 1])
def test_an_old_signature_is_refused(account: Account, offset: int) -> None:
    """A date outside the window is 403, so a recorded request cannot be played again later."""
    date = formatdate(account.clock() + offset, usegmt=True)
    assert account.send("GET", "/dbs", x_ms_date=date).status == 403
    assert account.send("GET", "/dbs", x_ms_date="yesterday").status == 403


def test_a_signature_is_of_one_resource(account: Account) -> None:
    """The signature of one item does not open another one."""
    date = formatdate(account.clock(), usegmt=True)
    signed = signature(Request("GET", "/dbs/db/colls/inbox/docs/a", {"x-ms-date": date}))
    assert account.docs("GET", name="a", authorization=signed).status == 404
    assert account.docs("GET", name="b", authorization=signed).status == 401


def test_the_account_names_the_address_that_was_used(account: Account) -> None:
    """Clients go on where the account sends them, so it sends them where they are."""
    body = orjson.loads(account.send("GET", "/", host="127.0.0.1:4711").body)
    assert body["writableLocations"][0]["databaseAccountEndpoint"] == "http://127.0.0.1:4711/"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/dbs/none", 404),
        ("GET", "/dbs/none/colls", 404),
        ("GET", "/dbs/db/colls/none", 404),
        ("GET", "/dbs/db/colls/none/docs", 404),
        ("PUT", "/dbs/db", 405),
        ("PATCH", "/dbs/db/colls/inbox", 405),
        ("DELETE", "/dbs/db/colls/inbox/docs", 405),
        ("POST", "/dbs/db/colls/inbox/pkranges", 405),
        ("GET", "/dbs/db/colls/inbox/sprocs", 400),
        ("GET", "/dbs/db/users", 400),
        ("GET", "/offers", 400),
        ("GET", "/elsewhere", 405),
    ],
)
def test_what_is_not_served_is_refused(account: Account, method: str, path: str, status: int) -> None:
    """Unknown resources, wrong verbs and what the local service leaves out are refused in the service's shape."""
    response = account.send(method, path)
    assert response.status == status
    assert {"code", "message"} <= orjson.loads(response.body).keys()


@pytest.mark.parametrize(
    ("definition", "word"),
    [
        ({}, "name"),
        ({"id": "a/b"}, "characters"),
        ({"id": "x"}, "partition key"),
        ({"id": "x", "partitionKey": {"paths": ["/a", "/b"]}}, "one path"),
        ({"id": "x", "partitionKey": {"paths": ["a"]}}, "path"),
        ({"id": "x", "partitionKey": {"paths": ["/a"], "kind": "Range"}}, "kind"),
        ({"id": "x", "partitionKey": {"paths": ["/a"], "version": 1}}, "version 2"),
        ({"id": "x", "partitionKey": {"paths": ["/a"]}, "defaultTtl": 0}, "defaultTtl"),
        ({"id": "x", "partitionKey": {"paths": ["/a"]}, "defaultTtl": "7"}, "defaultTtl"),
        ({"id": "x", "partitionKey": {"paths": ["/a"]}, "uniqueKeyPolicy": {"uniqueKeys": []}}, "uniqueKeyPolicy"),
        ({"id": "x", "partitionKey": {"paths": ["/a"]}, "indexingPolicy": {"includedPaths": []}}, "mandatory"),
        ({"id": "x", "partitionKey": {"paths": ["/a"]}, "indexingPolicy": {"includedPaths": [{"path": "/a"}]}}, "ends"),
        ({"id": "x", "partitionKey": {"paths": ["/a"]}, "indexingPolicy": {"indexingMode": "lazy"}}, "mode"),
        ({"id": "x", "partitionKey": {"paths": ["/a"]}, "indexingPolicy": {"vectorIndexes": []}}, "vectorIndexes"),
        ([], "payload"),
    ],
)
def test_a_wrong_container_is_refused_by_name(account: Account, definition: object, word: str) -> None:
    """Each member of a definition is checked, and the message says which is wrong."""
    response = account.send("POST", "/dbs/db/colls", definition)
    assert response.status == 400
    assert word in message(response)


def test_the_partition_key_of_a_container_is_fixed(account: Account) -> None:
    """A container keeps its partition key; its time to live and its index may change."""
    other = {"id": "inbox", "partitionKey": {"paths": ["/other"]}}
    assert account.send("PUT", "/dbs/db/colls/inbox", other).status == 400
    longer = {"id": "inbox", "partitionKey": {"paths": ["/audience"]}, "defaultTtl": 9}
    assert account.send("PUT", "/dbs/db/colls/inbox", longer).status == 200


def test_a_new_indexing_policy_holds_for_items_that_exist(account: Account) -> None:
    """ORDER BY works on a path as soon as the policy includes it, and no more when it does not."""
    for name in ("a", "b"):
        account.docs(body={"id": name, "audience": "ann", "title": name})
    text = "SELECT VALUE c.id FROM c ORDER BY c.title DESC"
    assert account.query(text).status == 400
    body = {
        "id": "inbox",
        "partitionKey": {"paths": ["/audience"]},
        "indexingPolicy": {"includedPaths": [{"path": "/*"}]},
    }
    assert account.send("PUT", "/dbs/db/colls/inbox", body).status == 200
    assert found(account.query(text)) == ["b", "a"]


def test_a_deleted_database_takes_its_containers_with_it(account: Account) -> None:
    """A database that is made again is empty."""
    account.docs(body={"id": "a", "audience": "ann"})
    assert account.send("DELETE", "/dbs/db").status == 204
    assert account.docs("GET", name="a").status == 404
    account.prepare()
    assert account.docs("GET", name="a").status == 404


def test_a_session_that_is_ahead_is_not_served(account: Account) -> None:
    """A client that knows of later writes than there are here is told so: 404 with sub-status 1002."""
    written = account.docs(body={"id": "a", "audience": "ann"})
    token = written.headers["x-ms-session-token"]
    assert account.docs("GET", name="a", x_ms_session_token=token).status == 200
    ahead = account.docs("GET", name="a", x_ms_session_token="0:-1#999")
    assert (ahead.status, ahead.headers["x-ms-substatus"]) == (404, "1002")
    assert account.docs("GET", name="a", x_ms_session_token="soon").status == 400


def test_a_remembered_container_must_be_this_one(account: Account) -> None:
    """A client that remembers a deleted container of the same id is told to look again: 400 with 1024."""
    refused = account.docs(body={"id": "a", "audience": "ann"}, x_ms_cosmos_intended_collection_rid="old")
    assert (refused.status, refused.headers["x-ms-substatus"]) == (400, "1024")


def test_statistics_count_operations_and_their_charge(account: Account) -> None:
    """Without a signature: what was done since the start, and a way to begin at zero."""
    account.send_unsigned("POST", "/_statistics/reset")
    account.docs(body={"id": "a", "audience": "ann"})
    account.docs("GET", name="a")
    account.query("SELECT * FROM c")
    shown = orjson.loads(account.send_unsigned("GET", "/_statistics").body)
    assert shown["operations"] == {"create": 1, "read": 1, "query": 1}
    assert shown["requestCharge"] > 8
    account.send_unsigned("POST", "/_statistics/reset")
    assert orjson.loads(account.send_unsigned("GET", "/_statistics").body)["requestCharge"] == 0
    assert account.send_unsigned("PUT", "/_statistics").status == 405


def test_throughput_is_refused_when_it_is_used_up() -> None:
    """Above its request units the account answers 429, and tells waiting clients to come one after the other."""
    with Account(throughput=10).prepare() as account:
        for name in "abcd":
            account.docs(body={"id": name, "audience": "ann"})
        first, second = (account.docs("GET", name="a") for _ in range(2))
        assert [first.status, first.headers["x-ms-substatus"]] == [429, "3200"]
        wait, later = (int(response.headers["x-ms-retry-after-ms"]) for response in (first, second))
        assert 0 < wait < later
        account.clock.now += wait / 1000
        assert account.docs("GET", name="a").status == 200


def test_throughput_of_a_container_is_refused_as_by_a_serverless_account(account: Account) -> None:
    """Offers are not served, so nobody believes in a limit that is not there."""
    body = {"id": "x", "partitionKey": {"paths": ["/a"]}}
    assert account.send("POST", "/dbs/db/colls", body, x_ms_offer_throughput="400").status == 400


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    """Databases, containers, items and change numbers outlive the process; a deletion does not free its number."""
    file = str(tmp_path / "cosmos.db")
    with Account(file).prepare() as account:
        account.docs(body={"id": "a", "audience": "ann"})
        account.docs(body={"id": "b", "audience": "ann"})
        lsn = int(account.docs("DELETE", name="b").headers["lsn"])

    with Account(file) as account:
        assert account.docs("GET", name="a").status == 200
        assert int(account.docs(body={"id": "c", "audience": "ann"}).headers["lsn"]) == lsn + 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"[" * 100_000,
        b'{"a":' * 2000,
        b'{"id":"\\ud800"}',
        b"\xff\xfe",
        b'{"id":1e999}',
    ],
)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_ms_documentdb_isquery": "True"},
        {"x_ms_cosmos_is_batch_request": "True", "x_ms_cosmos_batch_atomic": "True"},
    ],
)
def test_a_hostile_body_is_refused(account: Account, body: bytes, headers: dict[str, str]) -> None:
    """Broken, deep and misshapen bodies are 4xx wherever they are sent."""
    assert 400 <= account.docs("POST", body, **headers).status < 500
    assert 400 <= account.docs("PATCH", body, name="a", **headers).status < 500


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x_ms_documentdb_partitionkey", "[" * 5000),
        ("x_ms_documentdb_partitionkey", '[{"a":1}]'),
        ("x_ms_documentdb_partitionkey", '["a","b"]'),
        ("x_ms_documentdb_partitionkey", "x" * 20_000),
        ("x_ms_documentdb_partitionkey", json.dumps(["x" * 3000])),
        ("x_ms_max_item_count", "many"),
        ("x_ms_max_item_count", "0"),
        ("x_ms_continuation", "x" * 10_000),
        ("x_ms_continuation", "bnVsbA=="),
    ],
)
def test_a_hostile_header_is_refused(account: Account, header: str, value: str) -> None:
    """Headers of the wrong shape or size are 4xx."""
    headers = {"x_ms_documentdb_partitionkey": '["ann"]', header: value}
    response = account.query_across("SELECT * FROM c", **headers)
    assert response.status == 400


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    path=st.text(max_size=40),
    body=st.binary(max_size=60),
)
def test_no_request_is_an_error_of_the_service(method: str, path: str, body: bytes) -> None:
    """Whatever is sent, the answer is not a 5xx."""
    with Account() as account:
        assert account.send(method, f"/dbs/{path}", body).status < 500


def test_an_engine_needs_no_clock_of_its_own(tmp_path: Path) -> None:
    """By default the engine tells the time itself and keeps its state where it is told."""
    engine = Engine(str(tmp_path / "cosmos.db"))
    assert engine.handle(Request("GET", "/_statistics")).status == 200
    engine.close()
