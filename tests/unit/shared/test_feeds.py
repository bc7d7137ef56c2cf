import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import TransientError
from shared.inbox import feeds
from shared.inbox.feeds import PAUSE_SECONDS, Feed, FeedGoneError, FeedPage, SharedFeeds
from tests.unit.shared.memory import MemoryFeed


def write(feed: MemoryFeed, *names: str) -> int:
    """Write documents in one transaction."""
    return feed.write("p", *({"id": name} for name in names))


class Seconds:
    """A monotonic clock that stands until it is set, or someone sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The seconds that were set."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""
        await asyncio.sleep(0)
        self.now += seconds


def sharing(feed: Feed, seconds: Seconds | None = None) -> SharedFeeds:
    """Shared feeds whose time is not that of the test run."""
    seconds = seconds or Seconds()
    return SharedFeeds(feed, seconds, seconds.sleep)


def names(page: FeedPage) -> list[str]:
    """The ids of a page's documents."""
    return [item["id"] for item in page.items]


async def drain(feed: Feed, position: int, limit: int = 500) -> tuple[list[Mapping[str, Any]], int]:
    """Everything after a position, page by page, and where it ends."""
    found: list[Mapping[str, Any]] = []
    more = True
    while more:
        page = await feed.after("p", position, limit)
        found += page.items
        position, more = page.position, page.more
    return found, position


async def test_many_readers_cost_one_read() -> None:
    """A thousand people who come back at once cause one request to the partition of a group."""
    feed = MemoryFeed()
    write(feed, "a")
    shared = sharing(feed)
    start = await shared.now("p")
    reads = feed.reads
    pages = await asyncio.gather(*(shared.after("p", start, 500) for _ in range(1000)))
    assert feed.reads - reads <= 1
    assert all(page.position == 1 and not page.more for page in pages)


async def test_who_asks_hears_what_was_written_before() -> None:
    """Also when others have asked a moment ago: nothing else will tell a client that has just connected."""
    feed = MemoryFeed()
    shared = sharing(feed)
    start = await shared.now("p")
    for count, name in enumerate("abc", 1):
        write(feed, name)
        assert len(names(await shared.after("p", start, 500))) == count


class SlowFeed(MemoryFeed):
    """A feed whose answers are on their way until they are let in."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = asyncio.Event()
        self.arrive = asyncio.Event()

    async def after(self, partition: str, position: int, limit: int) -> FeedPage:
        """See `Feed`."""
        page = await super().after(partition, position, limit)
        self.answered.set()
        await self.arrive.wait()
        return page


async def test_a_read_that_has_begun_is_not_for_who_asks_then() -> None:
    """What it found may be from before an alert that was published just before they connected."""
    feed = SlowFeed()
    shared = sharing(feed)
    start = await shared.now("p")
    early = asyncio.create_task(shared.after("p", start, 500))
    await feed.answered.wait()
    write(feed, "a")
    late = asyncio.create_task(shared.after("p", start, 500))
    await asyncio.sleep(0)
    feed.arrive.set()
    assert names(await late) == ["a"]
    await early


async def test_a_partition_is_read_four_times_a_second_at_most() -> None:
    """However many ask one after the other: who comes in between waits."""
    feed, seconds = MemoryFeed(), Seconds()
    shared = sharing(feed, seconds)
    start = await shared.now("p")
    reads, began = feed.reads, seconds.now
    for _ in range(40):
        await shared.after("p", start, 500)
    assert feed.reads - reads == pytest.approx((seconds.now - began) / PAUSE_SECONDS)


async def test_who_waits_may_go_away() -> None:
    """The others who wait for the same read get their answer."""
    feed = MemoryFeed()
    shared = sharing(feed)
    start = await shared.now("p")
    write(feed, "a")
    gone, stays = (asyncio.create_task(shared.after("p", start, 500)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    assert names(await stays) == ["a"]
    with pytest.raises(asyncio.CancelledError):
        await gone


async def test_an_older_reader_is_served_from_further_back() -> None:
    """Whoever was away longer than the tail reaches back gets all the same everything since."""
    feed = MemoryFeed()
    for name in "abc":
        write(feed, name)
    shared = sharing(feed)
    await shared.now("p")
    assert names(await shared.after("p", 1, 500)) == ["b", "c"]
    assert names(await shared.after("p", 0, 500)) == ["a", "b", "c"]


async def test_a_position_of_another_worker_is_no_gap() -> None:
    """A sync token may come from a worker that has read later than this one: that is asked for, not refused."""
    feed = MemoryFeed()
    shared = sharing(feed)
    await shared.now("p")
    elsewhere = write(feed, "a")
    page = await shared.after("p", elsewhere, 500)
    assert (names(page), page.position) == ([], elsewhere)


async def test_a_position_that_does_not_exist_is_gone() -> None:
    """After a restore of the database, say: then the answer would have a hole."""
    feed = MemoryFeed()
    shared = sharing(feed)
    await shared.now("p")
    with pytest.raises(FeedGoneError):
        await shared.after("p", 7, 500)


@pytest.mark.parametrize("known", [True, False], ids=["from the tail", "from the service"])
async def test_a_page_does_not_cut_a_transaction(monkeypatch: pytest.MonkeyPatch, *, known: bool) -> None:
    """Alerts that were stored together share a position: going on from it must not skip any of them."""
    monkeypatch.setattr(feeds, "TAIL_LIMIT", 100 if known else 4)
    feed = MemoryFeed()
    for number in range(4):
        write(feed, *(f"{number}{letter}" for letter in "abc"))
    shared = sharing(feed)
    found, end = await drain(shared, 0, limit=2)
    assert sorted(item["id"] for item in found) == sorted(name for _, name in feed.documents)
    assert end == feed.last


async def test_a_failure_is_told_and_does_no_harm() -> None:
    """Who asks while the service is away hears it; who asks after that gets everything."""
    feed = MemoryFeed()
    shared = sharing(feed)
    start = await shared.now("p")
    write(feed, "a")
    feed.trouble = TransientError("away")
    with pytest.raises(TransientError):
        await shared.after("p", start, 500)
    feed.trouble = None
    assert names(await shared.after("p", start, 500)) == ["a"]


writes = st.lists(st.lists(st.sampled_from("abcdefghijkl"), min_size=1, max_size=4, unique=True), max_size=4)
steps = st.lists(st.tuples(writes, st.integers(0, 3), st.integers(1, 5), st.sampled_from([0.0, 0.5, 1.0])), max_size=25)


@given(steps, st.integers(2, 8))
async def test_no_reader_ever_misses_a_change(history: list[Any], tail_limit: int) -> None:
    """Readers that come at any time, through two workers, hear each time of the last write of every document."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feeds, "TAIL_LIMIT", tail_limit)
        feed, seconds = MemoryFeed(), Seconds()
        workers = [sharing(feed, seconds), sharing(feed, seconds)]
        positions = [0, 0, await workers[0].now("p"), await workers[1].now("p")]
        heard: list[dict[str, int]] = [{}, {}, {}, {}]
        for transactions, reader, limit, pause in history:
            for transaction in transactions:
                write(feed, *transaction)
            seconds.now += pause
            found, positions[reader] = await drain(workers[(reader + len(transactions)) % 2], positions[reader], limit)
            heard[reader] |= {item["id"]: item["_lsn"] for item in found}
            assert heard[reader] == {name: document["_lsn"] for (_, name), document in feed.documents.items()}
