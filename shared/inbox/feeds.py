"""Change feeds: what was written to a partition since, in commit order.

Commit order is what makes catching up complete: an alert that was stored late has a low position, but stands at the end
of the feed. Group audiences are shared by many people, so their feeds are read once for all of them.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from msgspec import Struct

from shared.errors import BelfryError

FRESH_SECONDS: Final = 1.0
"""How long a position that a history starts from may have been known."""
PAUSE_SECONDS: Final = 0.25
"""From one read of a partition to the next: the price of a broadcast to thousands who come back at once."""
TAIL_LIMIT: Final = 2_000
"""Changes of one partition that are held in memory."""
PARTITIONS_LIMIT: Final = 4_096
"""Partitions whose tail is held in memory."""


class FeedGoneError(BelfryError):
    """The feed does not know this position: the answer would have a hole."""


class FeedPage(Struct, frozen=True):
    """Changes of a partition."""

    items: Sequence[Mapping[str, Any]]
    """Documents as they are now, each once, in the order in which they were last written.

    `_lsn` says where; what one transaction wrote has the same one, and is in one page.
    """
    position: int
    """The position that all of them are up to."""
    more: bool
    """Whether there may be further ones."""


class Feed(Protocol):
    """The change feeds of a container. All raise `TransientError` when it does not answer."""

    async def identity(self) -> str:
        """What positions belong to: another container, or the same one made anew, has another."""

    async def now(self, partition: str) -> int:
        """The position after the last change of a partition."""

    async def after(self, partition: str, position: int, limit: int) -> FeedPage:
        """The first `limit` changes after a position, or a few more: a transaction is not cut.

        Raises:
            FeedGoneError: the feed does not know the position.
        """


class _Tail:
    """The last changes of one partition: complete after `start`, up to `end`."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.items: list[Mapping[str, Any]] = []
        self.start = -1
        self.end = -1
        self.checked = float("-inf")
        self.next: asyncio.Task[None] | None = None
        """The next read, as long as it has not begun: who asks now is served by it."""


class SharedFeeds(Feed):
    """Feeds that many people read: one request at a time for each partition, its answer good for all who wait for it.

    A reader has to hear of everything that was written before they asked: they are connected since a moment ago, and
    what was published before that reaches them in no other way. So nobody is served by a read that had begun already.

    Args:
        feed: the feeds themselves.
        clock: monotonic seconds.
        sleep: waits for some seconds.
    """

    def __init__(
        self,
        feed: Feed,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._feed = feed
        self._clock = clock
        self._sleep = sleep
        self._tails: OrderedDict[str, _Tail] = OrderedDict()

    async def identity(self) -> str:
        """See `Feed`."""
        return await self._feed.identity()

    async def now(self, partition: str) -> int:
        """See `Feed`. Up to a second old, which a reader makes up for by reading that second again."""
        tail = self._tail(partition)
        if tail.end < 0 or self._clock() - tail.checked >= FRESH_SECONDS:
            await self._next_read(partition, tail)
        return tail.end

    async def after(self, partition: str, position: int, limit: int) -> FeedPage:
        """See `Feed`."""
        tail = self._tail(partition)
        await self._next_read(partition, tail)
        async with tail.lock:
            if position < tail.start:  # also when there was so much new that the tail lost its start
                page = await self._feed.after(partition, position, TAIL_LIMIT)
                if page.more:
                    # Longer than the tail: this reader goes on page by page, and nothing is held for it.
                    return _first(page, limit)
                tail.items, tail.start, tail.end = list(page.items), position, page.position
            if position > tail.end:
                raise FeedGoneError
            items = [item for item in tail.items if item["_lsn"] > position]
            return _first(FeedPage(items, tail.end, more=False), limit)

    def _tail(self, partition: str) -> _Tail:
        tail = self._tails.setdefault(partition, _Tail())
        self._tails.move_to_end(partition)
        if len(self._tails) > PARTITIONS_LIMIT:
            self._tails.popitem(last=False)
        return tail

    async def _next_read(self, partition: str, tail: _Tail) -> None:
        """Wait for a read that begins after this call, with all others who do."""
        if tail.next is None or tail.next.done():  # done: it was cancelled before it began
            tail.next = asyncio.create_task(self._read(partition, tail))
        # One of those who wait may go away; the others must get their answer all the same.
        await asyncio.shield(tail.next)

    async def _read(self, partition: str, tail: _Tail) -> None:
        await self._sleep(max(0.0, tail.checked + PAUSE_SECONDS - self._clock()))
        async with tail.lock:
            tail.next = None
            tail.checked = self._clock()
            if tail.end < 0:
                tail.start = tail.end = await self._feed.now(partition)
                return
            more = True
            while more:
                page = await self._feed.after(partition, tail.end, TAIL_LIMIT)
                changed = {item["id"] for item in page.items}
                tail.items = [item for item in tail.items if item["id"] not in changed] + list(page.items)
                tail.end, more = page.position, page.more
            if len(tail.items) > TAIL_LIMIT:
                dropped = len(tail.items) - TAIL_LIMIT
                tail.start = tail.items[dropped - 1]["_lsn"]
                del tail.items[:dropped]


def _first(page: FeedPage, limit: int) -> FeedPage:
    """The first changes of a page: `limit`, and all that was written together with the last of them."""
    if len(page.items) <= limit:
        return page
    end = page.items[limit - 1]["_lsn"]
    items = [item for item in page.items if item["_lsn"] <= end]
    return page if len(items) == len(page.items) else FeedPage(items, end, more=True)
