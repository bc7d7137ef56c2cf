"""The way to browsers: posts what is due to their push services, over real sockets."""

import asyncio
import logging
import time
from contextlib import suppress

import aiohttp
from aiohttp import hdrs

from emulators.notification_hubs.hubs import Hubs, Post

MOST_AT_ONCE = 32
"""Posts that may be under way."""
TIMEOUT_SECONDS = 10.0
"""How long a push service may take to answer."""

_log = logging.getLogger(__name__)


class Pushing:
    """A task that works off what `Hubs` says is due.

    Args:
        hubs: the state.
    """

    def __init__(self, hubs: Hubs) -> None:
        self._hubs = hubs
        self._woken = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._posts: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin, with what an earlier process has left."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    def wake(self) -> None:
        """Look again what is due: something was sent."""
        self._woken.set()

    async def stop(self) -> None:
        """End; what is under way will be posted again by the next process."""
        tasks = [*self._posts, *([self._running] if self._running else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
            while True:
                self._woken.clear()
                for post in self._hubs.due(MOST_AT_ONCE - len(self._posts)):
                    task = asyncio.get_running_loop().create_task(self._deliver(session, post))
                    self._posts.add(task)
                    task.add_done_callback(self._finished)
                # With all of them under way, the end of one is what there is to wait for.
                due = self._hubs.next_due() if len(self._posts) < MOST_AT_ONCE else None
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), None if due is None else max(due - time.time(), 0.0))

    async def _deliver(self, session: aiohttp.ClientSession, post: Post) -> None:
        try:
            # A redirect could lead off this machine.
            async with session.post(post.url, data=post.body, headers=post.headers, allow_redirects=False) as response:
                self._hubs.answered(post, response.status, _seconds(response.headers.get(hdrs.RETRY_AFTER, "")))
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = f"The push service could not be reached: {_cause(error)}"
            _log.info("%s", reason)
            self._hubs.failed(post, reason)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._posts.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("A delivery waits for the next start, because of a fault in this service", exc_info=error)
        self.wake()


def _cause(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or type(error).__name__
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__


def _seconds(retry_after: str) -> float | None:
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None
