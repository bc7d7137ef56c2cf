"""A session: windows, delivery ids, and the links on it (part 2 of the specification, §2.5)."""

from collections import deque
from dataclasses import dataclass, replace
from typing import Final, Protocol

from emulators.service_bus.access import Grants
from emulators.service_bus.amqp.performatives import (
    Attach,
    Begin,
    Composite,
    Detach,
    Disposition,
    Flow,
    Source,
    Transfer,
    WireError,
    decode_composite,
)
from emulators.service_bus.amqp.values import Described, UInt, ULong, UShort
from emulators.service_bus.broker import Broker
from emulators.service_bus.errors import (
    LinkError,
    MalformedError,
    ProtocolError,
    RefusedError,
    ServiceBusError,
    SessionError,
    UnauthorizedError,
)
from emulators.service_bus.links import LARGEST_MESSAGE, WRAP, ConsumerLink, IncomingLink, Link
from emulators.service_bus.nodes import Nodes
from emulators.service_bus.requests import CBS

_WINDOW: Final = 5000
"""Transfer frames that a client may send ahead."""
_UNBOUNDED: Final = UInt(0x7FFFFFFF)
_HIGHEST_HANDLE: Final = 255
_TRANSFER_OVERHEAD: Final = 64
"""Bytes of a frame's header and transfer performative, at most."""


class SessionConnection(Protocol):
    """What a session needs of its connection."""

    broker: Broker
    grants: Grants
    peer_max_frame_size: int

    @property
    def writable(self) -> bool:
        """Whether the peer keeps up with what it is sent."""

    def send_frame(self, channel: int, performative: Composite, payload: bytes = b"") -> None:
        """Send one frame."""


@dataclass(frozen=True, slots=True)
class _Unsettled:
    """A message that the client has not settled yet."""

    link: ConsumerLink
    token: bytes


class Session:
    """One session on a connection.

    Args:
        connection: where frames go.
        channel: its number, the same in both directions.
        begin: what the client said when it began.
    """

    def __init__(self, connection: SessionConnection, channel: int, begin: Begin) -> None:
        self._connection = connection
        self._channel = channel
        self._links: dict[int, Link] = {}
        self._nodes = Nodes(self, self._links, connection.broker, connection.grants)
        self._detaching: set[int] = set()
        """Handles that we detached and the client has not confirmed: what it sent before it knew is passed over."""
        self._next_incoming_id = int(begin.next_outgoing_id)
        self._incoming_window = _WINDOW
        self._next_outgoing_id = 0
        """Counts frames."""
        self._next_delivery_id = 0
        """Counts messages."""
        self._peer_window = int(begin.incoming_window)
        self._held_back: deque[tuple[Transfer, bytes]] = deque()
        """Pieces of messages that wait for the client's window."""
        self._unsettled: dict[int, _Unsettled] = {}
        self.send(
            Begin(
                remote_channel=UShort(channel),
                next_outgoing_id=UInt(0),
                incoming_window=UInt(_WINDOW),
                outgoing_window=_UNBOUNDED,
                handle_max=UInt(_HIGHEST_HANDLE),
            )
        )

    # What links ask of it

    @property
    def sendable(self) -> bool:
        """Whether another message may be sent now."""
        return self._peer_window > 0 and not self._held_back and self._connection.writable

    def send(self, performative: Composite) -> None:
        """Send a performative on the session's channel."""
        self._connection.send_frame(self._channel, performative)

    def send_message(self, handle: int, tag: bytes, message: bytes, consumer: ConsumerLink | None) -> None:
        """Send a message on a link; it is settled unless there is a consumer to settle it."""
        delivery_id = self._next_delivery_id
        self._next_delivery_id = (delivery_id + 1) % WRAP
        if consumer is not None:
            self._unsettled[delivery_id] = _Unsettled(consumer, tag)
        transfer = Transfer(
            handle=UInt(handle),
            delivery_id=UInt(delivery_id),
            delivery_tag=tag,
            message_format=UInt(0),
            settled=consumer is None,
        )
        room = self._connection.peer_max_frame_size - _TRANSFER_OVERHEAD
        for start in range(0, len(message), room):
            more = start + room < len(message)
            piece = replace(transfer, more=True) if more else transfer
            self._held_back.append((piece, message[start : start + room]))
            # The delivery id names the message once; later pieces belong to it by the order of the link.
            transfer = Transfer(handle=UInt(handle), settled=consumer is None)
        self._send_pieces()

    def send_flow(self, link: Link | None = None) -> None:
        """Send the session's window and, if it is given, the link's credit."""
        self._incoming_window = _WINDOW
        flow = Flow(
            next_incoming_id=UInt(self._next_incoming_id),
            incoming_window=UInt(_WINDOW),
            next_outgoing_id=UInt(self._next_outgoing_id),
            outgoing_window=_UNBOUNDED,
        )
        if link is not None:
            flow = replace(
                flow,
                handle=UInt(link.handle),
                delivery_count=UInt(link.delivery_count),
                link_credit=UInt(link.credit),
                drain=link.draining,
            )
        self.send(flow)

    # What the connection passes on

    def receive(self, performative: Composite, payload: bytes) -> None:
        """Take what the client sent on the session's channel.

        Raises:
            SessionError: the session must end.
            ProtocolError: the connection must end.
        """
        match performative:
            case Transfer():
                self._receive_transfer(performative, payload)
            case Disposition():
                self._receive_disposition(performative)
            case Flow():
                self._receive_flow(performative)
            case Attach():
                self._receive_attach(performative)
            case Detach():
                self._receive_detach(performative)
            case _:
                raise ProtocolError(
                    f"{type(performative).__name__} has no place in a session.", condition="amqp:not-allowed"
                )

    def proceed(self) -> None:
        """Go on sending: there is room that there was not before."""
        self._send_pieces()
        for link in tuple(self._links.values()):
            link.proceed()

    def detach_unauthorized(self) -> None:
        """Detach the links whose token has expired."""
        for link in tuple(self._links.values()):
            if link.path != CBS and not self._connection.grants.covers(link.path):
                self._detach(link, UnauthorizedError("The token of the link has expired."))

    def close(self) -> None:
        """The session has ended, by whichever side. Locks stay until they expire."""
        for link in self._links.values():
            link.close()
        self._links.clear()

    # Windows

    def _receive_flow(self, flow: Flow) -> None:
        # Before the client has seen our Begin it does not know our ids: they count from 0.
        seen = int(flow.next_incoming_id or 0)
        self._peer_window = (seen + int(flow.incoming_window) - self._next_outgoing_id) % WRAP
        if self._peer_window >= WRAP // 2:
            self._peer_window = 0
        if flow.handle is not None:
            link = self._link(flow.handle)
            if link is not None:
                link.receive_flow(flow)
        elif flow.echo:
            self.send_flow()
        self.proceed()

    def _send_pieces(self) -> None:
        while self._held_back and self._peer_window > 0:
            transfer, payload = self._held_back.popleft()
            self._peer_window -= 1
            self._next_outgoing_id = (self._next_outgoing_id + 1) % WRAP
            self._connection.send_frame(self._channel, transfer, payload)

    # Messages

    def _receive_transfer(self, transfer: Transfer, payload: bytes) -> None:
        if self._incoming_window <= 0:
            raise SessionError("The session's window was overrun.", condition="amqp:session:window-violation")
        self._incoming_window -= 1
        self._next_incoming_id = (self._next_incoming_id + 1) % WRAP
        link = self._link(transfer.handle)
        if link is not None:
            if not isinstance(link, IncomingLink):
                raise SessionError("A transfer came on a link that only sends.", condition="amqp:not-allowed")
            try:
                link.receive(transfer, payload)
            except LinkError as error:
                self._detach(link, error)
        if self._incoming_window < _WINDOW // 2:
            self.send_flow()

    def _receive_disposition(self, disposition: Disposition) -> None:
        if not disposition.role or (disposition.state is None and not disposition.settled):
            return
        last = disposition.first if disposition.last is None else disposition.last
        for delivery_id in self._unsettled_between(disposition.first, last):
            unsettled = self._unsettled.pop(delivery_id)
            if disposition.state is None:
                # The client forgets the delivery without an outcome: the lock is left to expire.
                continue
            state = unsettled.link.settle(unsettled.token, disposition.state)
            if not disposition.settled:
                self.send(Disposition(role=False, first=UInt(delivery_id), settled=True, state=state.described()))

    def _unsettled_between(self, first: int, last: int) -> list[int]:
        count = (last - first) % WRAP + 1
        if count > len(self._unsettled):
            return [each for each in self._unsettled if (each - first) % WRAP < count]
        return [each for offset in range(count) if (each := (first + offset) % WRAP) in self._unsettled]

    # Links

    def _link(self, handle: int) -> Link | None:
        """The link with that handle; None if we detached it and the client could not know.

        Raises:
            SessionError: there is none.
        """
        link = self._links.get(handle)
        if link is None and handle not in self._detaching:
            raise SessionError(f"No link is attached with the handle {handle}.")
        return link

    def _receive_attach(self, attach: Attach) -> None:
        if attach.handle in self._links:
            raise SessionError(f"The handle {attach.handle} is in use.", condition="amqp:session:handle-in-use")
        try:
            link = self._nodes.open(attach)
        except (RefusedError, MalformedError) as error:
            self._refuse(attach, error)
            return
        self._links[attach.handle] = link
        self.send(
            Attach(
                name=attach.name,
                handle=attach.handle,
                role=not attach.role,
                snd_settle_mode=attach.snd_settle_mode,
                rcv_settle_mode=attach.rcv_settle_mode,
                source=_without_filter(attach.source),
                target=attach.target,
                initial_delivery_count=UInt(0) if attach.role else None,
                max_message_size=ULong(LARGEST_MESSAGE),
            )
        )
        if isinstance(link, IncomingLink):
            link.delivery_count = int(attach.initial_delivery_count or 0)
            link.grant_credit()

    def _refuse(self, attach: Attach, error: ServiceBusError) -> None:
        """Attach a link whose far end is null, and detach it with the error, as the specification wants it."""
        self._detaching.add(attach.handle)
        self.send(
            Attach(
                name=attach.name,
                handle=attach.handle,
                role=not attach.role,
                source=None if attach.role else attach.source,
                target=attach.target if attach.role else None,
                initial_delivery_count=UInt(0) if attach.role else None,
            )
        )
        self.send(Detach(handle=attach.handle, closed=True, error=WireError.of(error)))

    def _receive_detach(self, detach: Detach) -> None:
        if detach.handle in self._detaching:
            self._detaching.discard(detach.handle)
            return
        link = self._link(detach.handle)
        if link is not None:
            self._forget(link)
            self.send(Detach(handle=detach.handle, closed=detach.closed))

    def _detach(self, link: Link, error: ServiceBusError) -> None:
        self._forget(link)
        self._detaching.add(link.handle)
        self.send(Detach(handle=UInt(link.handle), closed=True, error=WireError.of(error)))

    def _forget(self, link: Link) -> None:
        link.close()
        del self._links[link.handle]
        self._unsettled = {number: each for number, each in self._unsettled.items() if each.link is not link}
        self._held_back = deque(piece for piece in self._held_back if piece[0].handle != link.handle)


def _without_filter(source: Described | None) -> Described | None:
    """What is confirmed of a source: no filter is served, so none is."""
    composite = decode_composite(source) if source is not None else None
    return replace(composite, filter=None).described() if isinstance(composite, Source) else source
