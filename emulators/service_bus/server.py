"""Sockets and timers around the connections, and the rule that nothing is said before it is committed."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from emulators.service_bus.access import AccessPolicy
from emulators.service_bus.broker import Broker
from emulators.service_bus.configuration import QueueDescription
from emulators.service_bus.connection import Connection
from emulators.service_bus.errors import ServiceBusError
from emulators.service_bus.store import Store

_LOGGER: Final = logging.getLogger(__name__)
_CLOSING_SECONDS: Final = 2.0
"""How long a client may take to read the last bytes when the service stops."""


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Server:
    """The service: listens, and turns the event loop into transactions.

    Whatever connections and time do in one turn of the loop is committed at its end; only then are the bytes of that
    turn written. So an acknowledgement is never ahead of the disk, and many of them share one commit.

    Args:
        host: address to listen on.
        port: 0 takes a free one.
        database: path of the SQLite database, or `:memory:`.
        queues: what is served.
        policy: the credentials.

    Raises:
        StoreError: the database cannot be used.
    """

    def __init__(
        self, host: str, port: int, database: str, queues: Iterable[QueueDescription], policy: AccessPolicy
    ) -> None:
        self._host = host
        self._port = port
        self._policy = policy
        self._store = Store(database)
        self._broker = Broker(queues, now, self._store.load())
        self._listener: asyncio.Server | None = None
        self._sockets: set[_Socket] = set()
        self._to_write: dict[_Socket, None] = {}
        self._turn: asyncio.Handle | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def start(self) -> str:
        """Listen, and return the URL that clients use."""
        self._listener = await asyncio.get_running_loop().create_server(self._accept, self._host, self._port)
        port = self._listener.sockets[0].getsockname()[1]
        self._tick()
        return f"sb://{'localhost' if ip_address(self._host).is_loopback else self._host}:{port}"

    async def stop(self) -> None:
        """Stop listening, tell the clients, and close the database."""
        if self._listener is not None:
            self._listener.close()
            for socket in self._sockets:
                socket.connection.fail(ServiceBusError("The service is stopping.", condition="amqp:connection:forced"))
            self._end_turn()
            try:
                async with asyncio.timeout(_CLOSING_SECONDS):
                    await self._listener.wait_closed()
            except TimeoutError:
                self._listener.abort_clients()
        for handle in (self._turn, self._timer):
            if handle is not None:
                handle.cancel()
        self._store.close()

    def _accept(self) -> asyncio.Protocol:
        return _Socket(self)

    # What the sockets tell it

    def connect(self, socket: "_Socket") -> Connection:
        """The state machine for a socket that was accepted."""
        self._sockets.add(socket)
        return Connection(self._broker, self._policy, now, lambda: self._announce(socket))

    def disconnect(self, socket: "_Socket") -> None:
        """The socket is gone."""
        self._sockets.discard(socket)
        self._to_write.pop(socket, None)
        self.schedule()

    def schedule(self) -> None:
        """See to it that the turn is ended soon."""
        if self._turn is None:
            self._turn = asyncio.get_running_loop().call_soon(self._end_turn)

    def _announce(self, socket: "_Socket") -> None:
        self._to_write[socket] = None
        self.schedule()

    # Turns

    def _end_turn(self) -> None:
        """Commit what the turn changed, then write what it said."""
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        changes = self._broker.journal.take()
        if changes:
            try:
                self._store.commit(changes)
            except sqlite3.Error as error:
                # Memory is ahead of the disk now; what was acknowledged is on the disk, and the next start serves that.
                _LOGGER.critical("cannot commit, so it ends without acknowledging anything more: %s", error)
                raise SystemExit(1) from error
        sockets, self._to_write = tuple(self._to_write), {}
        # Everything is taken before anything goes on: what a queue hands out from here on belongs to the next turn.
        outputs = [socket.connection.data_to_send() for socket in sockets]
        for socket, output in zip(sockets, outputs, strict=True):
            socket.write(output)
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        alarms = [self._broker.next_alarm(), *(socket.connection.next_alarm() for socket in self._sockets)]
        earliest = min((alarm for alarm in alarms if alarm is not None), default=None)
        if earliest is not None:
            delay = max(0, earliest - now()) / 1000
            self._timer = asyncio.get_running_loop().call_later(delay, self._tick)

    def _tick(self) -> None:
        self._broker.tick()
        for socket in self._sockets:
            socket.connection.tick()
        self.schedule()


class _Socket(asyncio.Protocol):
    """Carries bytes between a transport and a connection."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.Transport
        self.connection: Connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # what a stream protocol is made with
        self._transport = transport
        self.connection = self._server.connect(self)
        _LOGGER.info("connected: %s", transport.get_extra_info("peername"))

    def data_received(self, data: bytes) -> None:
        try:
            self.connection.receive_data(data)
        except Exception:
            _LOGGER.exception("a connection is closed because of a defect of this service")
            self.connection.fail(ServiceBusError("The service was unable to process the request."))
        self._server.schedule()

    def connection_lost(self, error: Exception | None) -> None:
        _LOGGER.info("disconnected: %s", error or "closed")
        self.connection.lose()
        self._server.disconnect(self)

    def pause_writing(self) -> None:
        self.connection.pause()

    def resume_writing(self) -> None:
        self.connection.resume()

    def write(self, data: bytes) -> None:
        """Write what was committed, and close when nothing can follow."""
        self._transport.write(data)
        if self.connection.closed:
            self._transport.close()
        else:
            self.connection.written()
