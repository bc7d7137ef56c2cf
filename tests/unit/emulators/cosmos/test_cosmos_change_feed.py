from email.utils import formatdate

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulators.cosmos.hashing import effective_key, successor
from emulators.cosmos.wire import Response
from tests.unit.emulators.cosmos.signed import Account, found

FEED = {"a_im": "Incremental Feed"}
WRITES = st.lists(
    st.tuples(
        st.sampled_from(["upsert", "delete", "batch", "fail"]), st.sampled_from(["ann", "bob"]), st.integers(0, 3)
    ),
    max_size=25,
)


def changes(account: Account, key: str | None = None, **headers: str) -> Response:
    """One page of the feed of a partition key, as the clients ask for it, or of all."""
    if key is not None:
        place = effective_key([key], hierarchical=False)
        headers |= {"x_ms_start_epk": place, "x_ms_end_epk": successor(place)}
    return account.send("GET", "/dbs/db/colls/inbox/docs", **{**FEED, **headers})


@given(writes=WRITES, size=st.integers(1, 4), pause=st.integers(0, 25))
@settings(max_examples=80, deadline=None)
def test_the_feed_is_the_log_of_writes(writes: list[tuple[str, str, int]], size: int, pause: int) -> None:
    """Read in pages, and interrupted by writes, the feed tells the last version of every item in commit order."""
    with Account().prepare() as account:
        log: list[tuple[str, int, int]] = []
        position: dict[str | None, str] = {}
        seen: dict[str | None, dict[tuple[str, int], int]] = {None: {}, "ann": {}, "bob": {}}
        for number, (kind, key, name) in enumerate(writes):
            body = {"id": str(name), "audience": key, "n": number}
            if kind == "upsert":
                account.docs(body=body, key=key, x_ms_documentdb_is_upsert="True")
                log.append((key, name, number))
            elif kind == "delete":
                account.docs("DELETE", name=str(name), key=key)
                log = [change for change in log if change[:2] != (key, name)]
            elif kind == "batch":
                account.batch_of(key, [body, {**body, "id": "9"}])
                log += [(key, name, number), (key, 9, number)]
            else:
                account.batch_of(key, [body, {**body, "audience": "eve"}])
            if number == pause:
                for scope, known in seen.items():
                    read_all(account, scope, size, position, known)
        latest = {(key, name): number for key, name, number in log}
        for scope, known in seen.items():
            told = read_all(account, scope, size, position, known)
            assert sorted(told) == told
            expected = {place: number for place, number in latest.items() if scope in (None, place[0])}
            assert {place: known.get(place) for place in expected} == expected


def read_all(
    account: Account, key: str | None, size: int, position: dict[str | None, str], seen: dict[tuple[str, int], int]
) -> list[int]:
    """Follow the feed to its end; returns the numbers of the changes."""
    told: list[int] = []
    while True:
        headers = {"if_none_match": position[key]} if key in position else {}
        response = changes(account, key, x_ms_max_item_count=str(size), **headers)
        position[key] = response.headers["etag"]
        if response.status == 304:
            return told
        page = found(response)
        assert page
        # Beyond its size a page only ends the batch that it began.
        assert len({change["_lsn"] for change in page[size - 1 :]}) <= 1
        told += [change["_lsn"] for change in page]
        seen |= {(change["audience"], int(change["id"])): change["n"] for change in page}


def test_the_feed_starts_where_it_is_told(account: Account) -> None:
    """From the beginning, from now, from a time, and from a change."""
    first = account.docs(body={"id": "a", "audience": "ann"})
    account.clock.now += 10
    account.docs(body={"id": "b", "audience": "ann"})

    def told(**headers: str) -> list[str]:
        return [change["id"] for change in found(changes(account, **headers))]

    assert told() == ["a", "b"]
    assert told(if_none_match="*") == []
    assert told(if_none_match=f'"{first.headers["lsn"]}"') == ["b"]
    assert told(if_modified_since=formatdate(account.clock.now, usegmt=True)) == ["b"]
    assert told(if_modified_since=formatdate(account.clock.now + 1, usegmt=True)) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"a_im": "Full-Fidelity Feed"},
        {"if_none_match": '"x"'},
        {"if_none_match": '"99"'},
        {"if_none_match": '"-1"'},
        {"if_modified_since": "yesterday"},
        {"x_ms_start_epk": "zz", "x_ms_end_epk": "FF"},
        {"x_ms_max_item_count": "x"},
    ],
)
def test_a_feed_that_would_not_be_complete_is_refused(account: Account, headers: dict[str, str]) -> None:
    """Another mode, and a position that is not of this container, are 400 and never a partial answer."""
    assert account.send("GET", "/dbs/db/colls/inbox/docs", **{**FEED, **headers}).status == 400


def test_a_change_number_is_never_used_again(account: Account) -> None:
    """Deleting the newest item does not free its number."""
    account.docs(body={"id": "a", "audience": "ann"})
    lsn = int(account.docs("DELETE", name="a").headers["lsn"])
    assert int(account.docs(body={"id": "a", "audience": "ann"}).headers["lsn"]) == lsn + 1


def test_partition_ranges_are_told_once(account: Account) -> None:
    """One range is the whole ring; asked again with its ETag nothing is new."""
    path = "/dbs/db/colls/inbox/pkranges"
    response = account.send("GET", path)
    (told,) = orjson.loads(response.body)["PartitionKeyRanges"]
    assert (told["minInclusive"], told["maxExclusive"]) == ("", "FF")
    assert account.send("GET", path, if_none_match=response.headers["etag"]).status == 304
