"""Links: one direction of messages within a session, with its credit (part 2 of the specification, §2.6)."""

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from emulators.service_bus.amqp.performatives import (
    Accepted,
    Composite,
    Disposition,
    Flow,
    Rejected,
    Transfer,
    WireError,
    decode_composite,
)
from emulators.service_bus.amqp.values import Described, UInt
from emulators.service_bus.delivery import Delivery
from emulators.service_bus.errors import LinkError, MalformedError, MessageTooLargeError, ProtocolError, RefusedError
from emulators.service_bus.outcomes import echo_of, settlement_of
from emulators.service_bus.queues import Queue

LARGEST_MESSAGE: Final = 256 * 1024
"""Bytes of one message or batch."""
WRAP: Final = 1 << 32
"""Counters and ids are serial numbers of 32 bits."""

_CREDIT: Final = 1000
"""Messages that a client may send ahead of their acknowledgement."""

type MessageTarget = Callable[[bytes, int], None]
"""Takes a message and its format; raises RefusedError or MalformedError to have it rejected."""


class LinkSession(Protocol):
    """What links need of their session."""

    @property
    def sendable(self) -> bool:
        """Whether another message may be sent now."""

    def send(self, performative: Composite) -> None:
        """Send a performative on the session's channel."""

    def send_message(self, handle: int, tag: bytes, message: bytes, consumer: "ConsumerLink | None") -> None:
        """Send a message on a link; it is settled unless there is a consumer to settle it."""

    def send_flow(self, link: "Link") -> None:
        """Send the session's window and the link's credit."""


class Link:
    """What both directions have in common.

    Args:
        session: what it is attached to.
        handle: its number there, the same in both directions.
        path: of the node at the server's end.
    """

    def __init__(self, session: LinkSession, handle: int, path: str) -> None:
        self.session = session
        self.handle = handle
        self.path = path
        self.delivery_count = 0
        self.credit = 0
        self.draining = False

    def close(self) -> None:
        """The link is detached, by whichever side."""

    def proceed(self) -> None:
        """Go on: there is credit, or room in the session, that there was not before."""

    def receive_flow(self, flow: Flow) -> None:
        """The client says how it sees the link; it may ask how we do."""
        if flow.echo:
            self.session.send_flow(self)

    def _advance(self) -> None:
        self.delivery_count = (self.delivery_count + 1) % WRAP
        self.credit -= 1


class IncomingLink(Link):
    """A link on which the client sends.

    Args:
        session: see `Link`.
        handle: see `Link`.
        path: see `Link`.
        target: what takes the messages.
    """

    def __init__(self, session: LinkSession, handle: int, path: str, target: MessageTarget) -> None:
        super().__init__(session, handle, path)
        self._target = target
        self._first: Transfer | None = None
        self._pieces: list[bytes] = []
        self._size = 0

    def grant_credit(self) -> None:
        """Let the client send."""
        self.credit = _CREDIT
        self.session.send_flow(self)

    def receive(self, transfer: Transfer, payload: bytes) -> None:
        """Take a message, or a piece of one, and say what became of it when it is whole.

        Raises:
            ProtocolError: it has no delivery id.
            LinkError: it came without credit.
        """
        if self._first is None:
            if transfer.delivery_id is None:
                raise ProtocolError("The first transfer of a delivery needs a delivery id.")
            if self.credit <= 0:
                raise LinkError("The peer sent without credit.", condition="amqp:link:transfer-limit-exceeded")
            self._first = transfer
        self._size += len(payload)
        if self._size <= LARGEST_MESSAGE:
            self._pieces.append(payload)
        if not transfer.more or transfer.aborted:
            self._advance()
            if not transfer.aborted:
                self._finish(self._first, settled=bool(self._first.settled or transfer.settled))
            self._first, self._pieces, self._size = None, [], 0
        if self.credit < _CREDIT // 2:
            self.grant_credit()

    def _finish(self, first: Transfer, *, settled: bool) -> None:
        delivery_id = UInt(first.delivery_id or 0)
        state = self._take(delivery_id, first.message_format or 0)
        if not settled:
            self.session.send(Disposition(role=True, first=delivery_id, settled=True, state=state.described()))

    def _take(self, delivery_id: int, message_format: int) -> Composite:
        """The outcome of the delivery that is whole now."""
        try:
            if self._size > LARGEST_MESSAGE:
                raise MessageTooLargeError(
                    f"The received message (delivery-id:{delivery_id}, size:{self._size} bytes) exceeds the limit "
                    f"({LARGEST_MESSAGE} bytes) currently allowed on the link."
                )
            self._target(b"".join(self._pieces), message_format)
        except (RefusedError, MalformedError) as error:
            return Rejected(WireError.of(error))
        return Accepted()


class OutgoingLink(Link):
    """A link on which the client receives."""

    def receive_flow(self, flow: Flow) -> None:
        """The client gives credit, and may ask to use it up at once."""
        given = ((flow.delivery_count or 0) + (flow.link_credit or 0) - self.delivery_count) % WRAP
        # The client's count may lag behind ours: then what is left is less than nothing.
        self.credit = given if given < WRAP // 2 else 0
        self.draining = flow.drain
        self.proceed()
        if flow.echo and not flow.drain:
            self.session.send_flow(self)


class ReplyLink(OutgoingLink):
    """A link on which replies to requests go out.

    Args:
        session: see `Link`.
        handle: see `Link`.
        path: see `Link`.
        address: what requests call it in `reply-to`.
    """

    def __init__(self, session: LinkSession, handle: int, path: str, address: str | None) -> None:
        super().__init__(session, handle, path)
        self.address = address
        self._pending: deque[bytes] = deque()

    def reply(self, message: bytes) -> None:
        """Send a reply as soon as there is credit."""
        self._pending.append(message)
        self.proceed()

    def proceed(self) -> None:
        """Send what there is credit for."""
        while self._pending and self.credit > 0:
            self._advance()
            self.session.send_message(self.handle, bytes(16), self._pending.popleft(), None)


class ConsumerLink(OutgoingLink):
    """A link on which a queue's messages go out.

    Args:
        session: see `Link`.
        handle: see `Link`.
        path: see `Link`.
        queue: whose messages.
        deletes: whether they are gone once sent; else they are locked.
    """

    def __init__(self, session: LinkSession, handle: int, path: str, queue: Queue, *, deletes: bool) -> None:
        super().__init__(session, handle, path)
        self._queue = queue
        self._deletes = deletes

    @property
    def deletes(self) -> bool:
        """Whether it receives and deletes instead of locking."""
        return self._deletes

    @property
    def ready(self) -> bool:
        """Whether it takes another message now."""
        return self.credit > 0 and self.session.sendable

    def deliver(self, delivery: Delivery) -> None:
        """Take one message from the queue, and send it."""
        self._advance()
        consumer = None if self._deletes else self
        self.session.send_message(self.handle, delivery.token, delivery.encoded, consumer)

    def settle(self, token: bytes, state: Described) -> Composite:
        """Do as the client says with a message it received; returns the state that it is to be told."""
        try:
            outcome = decode_composite(state)
            self._queue.settle([token], settlement_of(outcome))
        except (RefusedError, MalformedError) as error:
            return Rejected(WireError.of(error))
        return echo_of(outcome)

    def proceed(self) -> None:
        """Ask the queue for messages; if the client drains the link, give back the credit that is left."""
        if self.ready:
            self._queue.wait(self)
        if self.draining and (self.session.sendable or self.credit == 0):
            self.delivery_count = (self.delivery_count + self.credit) % WRAP
            self.credit = 0
            self.session.send_flow(self)
            self.draining = False

    def close(self) -> None:
        """Take nothing more from the queue."""
        self._queue.leave(self)
