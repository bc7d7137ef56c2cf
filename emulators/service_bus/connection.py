"""A connection, without its socket: bytes in, bytes out (part 2 of the specification, §2.4; SASL: part 5).

    HEADER ──SASL header──► SASL ──outcome──► HEADER ──AMQP header──► OPENING ──open──► OPEN ──close, error──► CLOSED

Whoever owns the socket passes on what it reads (`receive_data`), writes what there is (`data_to_send`, announced by
`on_output`), calls `tick` when `next_alarm` is due, and closes the socket when `closed` is true and all is written.
"""

import enum
from collections.abc import Callable
from typing import Final
from uuid import uuid4

from emulators.service_bus.access import AccessPolicy, Grants
from emulators.service_bus.amqp.frames import (
    EMPTY_FRAME,
    SMALLEST_MAXIMUM,
    Frame,
    FrameType,
    ProtocolHeader,
    decode_frame,
    encode_frame,
    frame_size,
)
from emulators.service_bus.amqp.performatives import (
    Begin,
    Close,
    Composite,
    End,
    Open,
    SaslInit,
    SaslMechanisms,
    SaslOutcome,
    WireError,
)
from emulators.service_bus.amqp.values import Array, Symbol, UByte, UInt, UShort
from emulators.service_bus.broker import Broker
from emulators.service_bus.errors import ProtocolError, ServiceBusError, SessionError
from emulators.service_bus.queues import Clock
from emulators.service_bus.session import Session

_MAX_FRAME_SIZE: Final = 65536
_HIGHEST_CHANNEL: Final = 4999
_IDLE_TIME_OUT: Final = 120_000
"""Milliseconds of silence that the client is asked not to exceed; twice that ends the connection."""
_HEADER_BYTES: Final = 8
_OUTPUT_LIMIT: Final = 4 * 1024 * 1024
"""Bytes waiting to be written above which the queues hand out nothing more to this connection."""
_SYMBOLS: Final = 0xB3
_WITHOUT_CREDENTIALS: Final = ("MSSBCBS", "ANONYMOUS", "EXTERNAL")
"""Mechanisms that let a client in with no rights: it puts a token afterwards."""
_PLAIN: Final = "PLAIN"


class ConnectionState(enum.Enum):
    """What the connection waits for."""

    HEADER = enum.auto()
    SASL = enum.auto()
    OPENING = enum.auto()
    OPEN = enum.auto()
    CLOSED = enum.auto()


class _SaslCode(enum.IntEnum):
    OK = 0
    AUTHENTICATION_FAILED = 1


class Connection:
    """One client.

    Args:
        broker: the queues.
        policy: checks credentials.
        clock: milliseconds since 1970.
        on_output: called when there is something to write.
    """

    def __init__(self, broker: Broker, policy: AccessPolicy, clock: Clock, on_output: Callable[[], None]) -> None:
        self.broker = broker
        self.grants = Grants(policy, clock)
        self.peer_max_frame_size = SMALLEST_MAXIMUM
        self.state = ConnectionState.HEADER
        self._clock = clock
        self._on_output = on_output
        self._input = bytearray()
        self._output = bytearray()
        self._paused = False
        self._starved = False
        """Whether the queues were held off because the output was full."""
        self._sessions: dict[int, Session] = {}
        self._ended: set[int] = set()
        """Channels whose session has ended: what still comes on them is passed over."""
        self._heard_at = clock()
        self._said_at = clock()
        self._heartbeat: int | None = None
        """Milliseconds of silence that the client is not to see."""
        self._tokens_until: int | None = None

    # The owner of the socket

    @property
    def closed(self) -> bool:
        """Whether nothing more is read; what is left is to be written, and the socket closed."""
        return self.state is ConnectionState.CLOSED

    @property
    def writable(self) -> bool:
        """Whether the peer keeps up with what it is sent."""
        return not self._paused and len(self._output) < _OUTPUT_LIMIT

    def receive_data(self, data: bytes) -> None:
        """Take bytes that the client sent."""
        self._heard_at = self._clock()
        self._input += data
        try:
            self._consume()
        except ProtocolError as error:
            self._close(error)

    def data_to_send(self) -> bytes:
        """The bytes to write; they are handed out once. When they are on their way, say so by `written`."""
        data = bytes(self._output)
        self._output.clear()
        self._starved = self._starved or len(data) >= _OUTPUT_LIMIT
        return data

    def written(self) -> None:
        """What `data_to_send` handed out is on its way: go on if it was what stood in the way."""
        if self._starved and self.writable:
            self._starved = False
            self._proceed()

    def pause(self) -> None:
        """The socket does not take more for now."""
        self._paused = True

    def resume(self) -> None:
        """The socket takes more again."""
        self._paused = False
        self._proceed()

    def fail(self, error: ServiceBusError) -> None:
        """Close because of an error on this side."""
        self._close(error)

    def lose(self) -> None:
        """The socket is gone. What the client has locked stays locked until the locks expire."""
        self.state = ConnectionState.CLOSED
        self._end_sessions()

    def next_alarm(self) -> int | None:
        """When `tick` has something to do, in milliseconds since 1970."""
        if self.state is not ConnectionState.OPEN:
            return None
        moments = [self._heard_at + 2 * _IDLE_TIME_OUT]
        if self._heartbeat is not None:
            moments.append(self._said_at + self._heartbeat // 2)
        if self._tokens_until is not None:
            moments.append(self._tokens_until)
        return min(moments)

    def tick(self) -> None:
        """Do what is due: show that we are alive, give up a silent client, detach links whose token expired."""
        if self.state is not ConnectionState.OPEN:
            return
        now = self._clock()
        if self._heard_at + 2 * _IDLE_TIME_OUT <= now:
            self._close(ProtocolError("The client was silent for too long.", condition="amqp:connection:forced"))
            return
        if self._heartbeat is not None and self._said_at + self._heartbeat // 2 <= now:
            self._write(EMPTY_FRAME)
        if self._tokens_until is not None and self._tokens_until <= now:
            self._tokens_until = self.grants.next_expiry()
            for session in self._sessions.values():
                session.detach_unauthorized()

    # What sessions ask of it

    def send_frame(self, channel: int, performative: Composite, payload: bytes = b"") -> None:
        """Send one frame."""
        self._write(encode_frame(channel, performative, payload))

    # Frames

    def _consume(self) -> None:
        """Take everything whole out of the input."""
        position = 0
        while not self.closed:
            if self.state is ConnectionState.HEADER:
                size = _HEADER_BYTES
            elif len(self._input) - position >= _HEADER_BYTES:
                size = frame_size(self._input, position, _MAX_FRAME_SIZE)
            else:
                break
            if len(self._input) - position < size:
                break
            data = bytes(self._input[position : position + size])
            position += size
            if self.state is ConnectionState.HEADER:
                self._receive_header(data)
            else:
                self._receive_frame(decode_frame(data))
        del self._input[:position]

    def _receive_header(self, data: bytes) -> None:
        if data == ProtocolHeader.SASL.value:
            self._write(data)
            offered = tuple(Symbol(name) for name in (*_WITHOUT_CREDENTIALS, _PLAIN))
            self._write(encode_frame(0, SaslMechanisms(Array(_SYMBOLS, offered)), kind=FrameType.SASL))
            self.state = ConnectionState.SASL
        else:
            # Whatever else the client speaks, it is told what is spoken here.
            self._write(ProtocolHeader.AMQP.value)
            known = data == ProtocolHeader.AMQP.value
            self.state = ConnectionState.OPENING if known else ConnectionState.CLOSED

    def _receive_frame(self, frame: Frame) -> None:
        sasl = self.state is ConnectionState.SASL
        if (frame.type is FrameType.SASL) is not sasl:
            raise ProtocolError("A frame of the wrong layer.")
        if sasl:
            self._receive_sasl(frame.performative)
        elif self.state is ConnectionState.OPENING:
            if not isinstance(frame.performative, Open):
                raise ProtocolError("A connection begins with an open.")
            self._open(frame.performative)
        elif frame.performative is not None:
            self._receive_performative(frame.channel, frame.performative, frame.payload)

    def _receive_sasl(self, performative: Composite | None) -> None:
        if not isinstance(performative, SaslInit):
            raise ProtocolError("Expected a SASL init.")
        allowed = performative.mechanism in _WITHOUT_CREDENTIALS
        if performative.mechanism == _PLAIN:
            _, name, password = (*(performative.initial_response or b"").split(b"\0", 2), b"", b"", b"")[:3]
            allowed = self.grants.put_password(name.decode(errors="replace"), password.decode(errors="replace"))
        code = _SaslCode.OK if allowed else _SaslCode.AUTHENTICATION_FAILED
        self._write(encode_frame(0, SaslOutcome(UByte(code)), kind=FrameType.SASL))
        self.state = ConnectionState.HEADER if allowed else ConnectionState.CLOSED

    def _open(self, performative: Open) -> None:
        self.peer_max_frame_size = max(SMALLEST_MAXIMUM, performative.max_frame_size)
        self._heartbeat = performative.idle_time_out or None
        self.state = ConnectionState.OPEN
        self._send_open()

    def _send_open(self) -> None:
        self.send_frame(
            0,
            Open(
                container_id=uuid4().hex,
                max_frame_size=UInt(_MAX_FRAME_SIZE),
                channel_max=UShort(_HIGHEST_CHANNEL),
                idle_time_out=UInt(_IDLE_TIME_OUT),
            ),
        )

    def _receive_performative(self, channel: int, performative: Composite, payload: bytes) -> None:
        match performative:
            case Close():
                self.send_frame(0, Close())
                self.state = ConnectionState.CLOSED
                self._end_sessions()
            case Begin():
                if channel in self._sessions or channel > _HIGHEST_CHANNEL:
                    raise ProtocolError(f"The channel {channel} is in use or too high.", condition="amqp:not-allowed")
                self._ended.discard(channel)
                self._sessions[channel] = Session(self, channel, performative)
            case _ if channel in self._sessions:
                self._receive_in_session(channel, performative, payload)
            case _ if channel not in self._ended:
                # The Python client detaches its links after it has ended their session; nothing else may be so late.
                raise ProtocolError(f"No session has begun on the channel {channel}.", condition="amqp:not-allowed")

    def _receive_in_session(self, channel: int, performative: Composite, payload: bytes) -> None:
        if isinstance(performative, End):
            self._end(channel)
            return
        try:
            self._sessions[channel].receive(performative, payload)
        except SessionError as error:
            self._end(channel, error)
        self._tokens_until = self.grants.next_expiry()

    def _end(self, channel: int, error: ServiceBusError | None = None) -> None:
        self._sessions.pop(channel).close()
        self._ended.add(channel)
        self.send_frame(channel, End(WireError.of(error) if error else None))

    def _end_sessions(self) -> None:
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()

    def _close(self, error: ServiceBusError) -> None:
        if self.closed:
            return
        if self.state is ConnectionState.OPENING:
            self._send_open()  # a close needs an open before it
        if self.state in {ConnectionState.OPENING, ConnectionState.OPEN}:
            self.send_frame(0, Close(WireError.of(error)))
        self.state = ConnectionState.CLOSED
        self._end_sessions()
        self._on_output()  # even if there is nothing to say, the socket is to be closed

    def _proceed(self) -> None:
        for session in tuple(self._sessions.values()):
            session.proceed()

    def _write(self, data: bytes) -> None:
        self._said_at = self._clock()
        self._output += data
        self._on_output()
