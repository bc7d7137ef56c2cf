"""A live connection that is always wanted: the official client, watched, and made anew when it is done for.

The client recovers a broken connection by itself for half a minute. What it does after that is not to be relied upon
(an attempt that hangs ends it silently), so from there on it is replaced: for as long as it takes, with a new address
each time, at growing and scattered intervals.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, Final

import aiohttp
from azure.core.exceptions import AzureError
from azure.messaging.webpubsubclient.aio import WebPubSubClient, WebPubSubClientCredential
from azure.messaging.webpubsubclient.models import (
    CallbackType,
    OnGroupDataMessageArgs,
    OnServerDataMessageArgs,
    OpenClientError,
)

from belfry.problems import ProblemResponseError

log = logging.getLogger(__name__)

FAILURES: Final = (AzureError, OpenClientError, aiohttp.ClientError, ProblemResponseError, TimeoutError)
"""What passes when the services are back."""

_WATCH_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 40.0
"""How long the client may be without a connection: it tries to recover one for 30 seconds."""
_LONGEST_WAIT: Final = 10.0

type Frame = dict[str, Any]


def waits() -> Iterator[float]:
    """Seconds to wait between attempts: growing, and scattered, so that not all clients come back at once."""
    wait = 0.25
    while True:
        yield wait * random.uniform(0.5, 1.5)  # noqa: S311  # no secret
        wait = min(wait * 2, _LONGEST_WAIT)


class LiveConnection:
    """The connection of one client.

    Args:
        address: gives the address to connect to; asked for each time.
        on_frame: called with each frame.
        on_return: called after each connection but the first, until it succeeds: time to catch up.
    """

    def __init__(
        self,
        address: Callable[[], Coroutine[Any, Any, str]],
        on_frame: Callable[[Frame], Awaitable[None]],
        on_return: Callable[[], Awaitable[None]],
    ) -> None:
        self.connections = 0
        """How often it connected."""
        self._address = address
        self._on_frame = on_frame
        self._on_return = on_return
        self._client: WebPubSubClient | None = None
        self._ended = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, and from then on stay connected; raises one of `FAILURES` when the first attempt fails."""
        await self._connect()
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Disconnect."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self._disconnect()

    async def _connect(self) -> None:
        self._ended = ended = asyncio.Event()

        async def stopped() -> None:
            ended.set()

        client = WebPubSubClient(WebPubSubClientCredential(self._address), reconnect_retry_total=0)
        await client.subscribe(CallbackType.STOPPED, stopped)
        # What goes to a group comes as a group's message, though no client may send one.
        await client.subscribe(CallbackType.GROUP_MESSAGE, self._received)
        await client.subscribe(CallbackType.SERVER_MESSAGE, self._received)
        self._client = client
        try:
            await client.open()
        except BaseException:
            await self._disconnect()
            raise
        self.connections += 1

    async def _disconnect(self) -> None:
        if self._client is not None:
            with contextlib.suppress(*FAILURES, AttributeError):  # it closes what may never have been opened
                await self._client.close()
        self._client = None

    async def _keep(self) -> None:
        while True:
            await self._watch()
            await self._disconnect()
            await self._persist(self._connect)
            await self._persist(self._on_return)

    async def _watch(self) -> None:
        """Return when the client is done for."""
        seen = time.monotonic()
        while not self._ended.is_set():
            if self._client is not None and self._client.is_connected():
                seen = time.monotonic()
            elif time.monotonic() - seen > _PATIENCE_SECONDS:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _WATCH_SECONDS)

    async def _persist(self, attempt: Callable[[], Awaitable[None]]) -> None:
        for wait in waits():
            try:
                await attempt()
            except FAILURES as error:
                log.info("again in %.1f s: %s", wait, error)
                await asyncio.sleep(wait)
            else:
                return

    async def _received(self, message: OnServerDataMessageArgs | OnGroupDataMessageArgs) -> None:
        if isinstance(message.data, dict):
            await self._on_frame(message.data)
