"""The outbound side of one WebSocket: a bounded queue, a task that empties it, and the closing handshake."""

import asyncio
import struct
from collections import Counter, deque

from aiohttp import WSMsgType, web

from emulators.web_pubsub.connection import REPLAY_BYTES, REPLAY_MESSAGES

QUEUED_FRAMES = REPLAY_MESSAGES + 32
"""A whole replay fits, and some acks and pongs beside it."""
QUEUED_BYTES = REPLAY_BYTES + 64 * 1024
CLOSE_SECONDS = 5.0
"""How long a client may take to read what is left and to answer a close."""
FRAMES_SENT = "framesSent"
_LONGEST_REASON = 123
"""Bytes that a close frame has room for."""


class Transport:
    """Sends frames in order without making the sender wait.

    Args:
        websocket: prepared, with `autoclose` off: the closing handshake is done here.
        connection: the TCP connection beneath it.
        counts: takes how many frames were sent.
    """

    def __init__(self, websocket: web.WebSocketResponse, connection: asyncio.Transport, counts: Counter[str]) -> None:
        self._websocket = websocket
        self._connection = connection
        self._counts = counts
        self._queue: deque[tuple[bytes, WSMsgType]] = deque()
        self._bytes = 0
        self._closing = False
        self._deadline: asyncio.TimerHandle | None = None
        """Set once a close is queued."""
        self._filled = asyncio.Event()
        self._writer = asyncio.create_task(self._write())

    def send(self, content: bytes, *, binary: bool) -> bool:
        """Queue a frame; False if the client has too much to read already."""
        if self._closing:
            return True
        if len(self._queue) >= QUEUED_FRAMES or self._bytes + len(content) > QUEUED_BYTES:
            return False
        self._put(content, WSMsgType.BINARY if binary else WSMsgType.TEXT)
        return True

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued; a client that does not follow within seconds is cut off."""
        if self._closing:
            return
        self._put(struct.pack("!H", code) + _cut(reason), WSMsgType.CLOSE)
        self._closing = True
        self._deadline = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self.abort)

    def abort(self) -> None:
        """Cut the connection at once."""
        self._closing = True
        self._connection.abort()

    async def finish(self) -> None:
        """End the TCP connection, once a close that is queued was sent."""
        if self._deadline is None:
            self._closing = True
            self._writer.cancel()
        await asyncio.wait([self._writer])
        if self._deadline is not None:
            self._deadline.cancel()
        self._connection.close()

    async def _write(self) -> None:
        """Send what is queued until the connection is closed or lost."""
        try:
            while True:
                await self._filled.wait()
                while self._queue:
                    content, kind = self._queue[0]
                    await self._websocket.send_frame(content, kind)
                    self._queue.popleft()
                    self._bytes -= len(content)
                    if kind is WSMsgType.CLOSE:
                        return
                    self._counts[FRAMES_SENT] += 1
                self._filled.clear()
        except ConnectionError:
            return  # whoever reads this socket learns it, too

    def _put(self, content: bytes, kind: WSMsgType) -> None:
        self._queue.append((content, kind))
        self._bytes += len(content)
        self._filled.set()


def _cut(reason: str) -> bytes:
    """The reason in UTF-8, cut to what a close frame holds."""
    return reason.encode()[:_LONGEST_REASON].decode(errors="ignore").encode()
