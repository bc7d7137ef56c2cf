"""The state of all hubs, without sockets: what happens goes in, what is to be sent and closed comes out.

A *socket* is one WebSocket, a *connection* is what the service calls by its connection id. A plain connection ends
with its socket. A reliable one survives a broken socket for the recovery window, keeps its groups and permissions,
collects messages, and goes on over a new socket, where everything unacknowledged is sent again.
"""

import itertools
from collections.abc import Callable, Iterable

from emulators.web_pubsub import messages
from emulators.web_pubsub.connection import Connection, Kind, ReplayFullError, Socket
from emulators.web_pubsub.effects import Abort, Close, CloseCode, Effect, Send
from emulators.web_pubsub.errors import ClientMessageError
from emulators.web_pubsub.hub import Hub
from emulators.web_pubsub.messages import (
    AckError,
    ClientRequest,
    Data,
    DataType,
    JoinGroup,
    LeaveGroup,
    Ping,
    Publication,
    SendEvent,
    SendToGroup,
    SequenceAck,
)
from emulators.web_pubsub.permissions import Permission
from emulators.web_pubsub.tokens import ClientClaims

RECOVERY_SECONDS = 30.0
"""How long the service keeps a broken reliable connection."""


class Hubs:
    """All hubs and their connections.

    Args:
        clock: seconds that never go backwards.
        new_id: makes connection ids.
        reconnection_token: issues the token with which a connection id can be recovered.
        recovery_seconds: how long a broken reliable connection is kept.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        reconnection_token: Callable[[str], str],
        recovery_seconds: float = RECOVERY_SECONDS,
    ) -> None:
        self._clock = clock
        self._new_id = new_id
        self._reconnection_token = reconnection_token
        self._recovery_seconds = recovery_seconds
        self._hubs: dict[str, Hub] = {}
        self._sockets: dict[Socket, Connection] = {}
        self._broken: dict[str, tuple[float, Connection]] = {}
        """By connection id, the next to expire first."""
        self._numbers = itertools.count(1)

    @property
    def open(self) -> int:
        """How many connections have a socket."""
        return len(self._sockets)

    @property
    def recovering(self) -> int:
        """How many reliable connections are broken and can still be recovered."""
        return len(self._broken)

    def hub(self, name: str) -> Hub:
        """The hub to look at; one without connections is empty."""
        self.expire()
        return self._hubs.get(name) or Hub()

    def connect(
        self, hub: str, claims: ClientClaims, subprotocol: str | None = None, raw_group: str | None = None
    ) -> tuple[Socket, list[Effect]]:
        """A client has connected.

        Args:
            hub: in lower case.
            claims: from its token.
            subprotocol: the one that was agreed on, if any.
            raw_group: where a simple WebSocket client publishes its frames, in the mode `sendToGroup`.
        """
        socket = Socket(next(self._numbers))
        connection = Connection(self._new_id(), hub, claims, subprotocol, raw_group, socket)
        self._hubs.setdefault(hub, Hub()).add(connection, claims.groups)
        self._sockets[socket] = connection
        if connection.kind is Kind.RAW:
            return socket, []
        token = self._reconnection_token(connection.id) if connection.kind is Kind.RELIABLE else None
        return socket, [Send(socket, messages.connected(connection.id, claims.user, token))]

    def recover(self, hub: str, connection_id: str) -> tuple[Socket, list[Effect]] | None:
        """A client takes up its reliable connection on a new socket; None if there is nothing to recover.

        The old socket may look alive still: the client knows better, it is dropped.
        """
        connection = self.hub(hub).get(connection_id)
        if connection is None or connection.kind is not Kind.RELIABLE:
            return None
        effects: list[Effect] = []
        if connection.socket is not None:
            del self._sockets[connection.socket]
            effects.append(Abort(connection.socket))
        self._broken.pop(connection_id, None)
        socket = Socket(next(self._numbers))
        connection.socket = socket
        self._sockets[socket] = connection
        effects += [Send(socket, frame) for frame in connection.replay.frames(self._clock())]
        return socket, effects

    def ended(self, socket: Socket, *, for_good: bool) -> None:
        """A socket has ended.

        Args:
            socket: which one.
            for_good: the client closed it with 1000, or violated the WebSocket protocol; otherwise it broke, and a
                reliable connection can be recovered.
        """
        connection = self._sockets.get(socket)
        if connection is None:
            return
        if for_good or connection.kind is not Kind.RELIABLE:
            self._remove(connection)
            return
        del self._sockets[socket]
        connection.socket = None
        self._broken[connection.id] = (self._clock() + self._recovery_seconds, connection)

    def overflowed(self, socket: Socket) -> list[Effect]:
        """The client of a socket does not read what it is sent, and enough is waiting."""
        connection = self._sockets.get(socket)
        return [] if connection is None else self._fail(connection, "The outbound message queue is full.")

    def expire(self) -> None:
        """Forget the connections whose recovery window is over."""
        now = self._clock()
        while self._broken:
            deadline, connection = next(iter(self._broken.values()))
            if now < deadline:
                break
            self._remove(connection)

    def publish(self, connections: Iterable[Connection], publication: Publication) -> list[Effect]:
        """Send a message to these connections; those that are broken keep it for later."""
        effects: list[Effect] = []
        for connection in connections:
            match connection.kind:
                case Kind.RAW:
                    data = publication.data
                    effects += self._frame(connection, data.content, binary=data.type is DataType.BINARY)
                case Kind.JSON:
                    effects += self._frame(connection, publication.encoded())
                case Kind.RELIABLE:
                    try:
                        effects += self._frame(connection, connection.replay.add(publication))
                    except ReplayFullError:
                        effects += self._fail(connection, "The reliable message buffer is full.")
        return effects

    def expires(self, ttl: int) -> float | None:
        """When a message that may wait `ttl` seconds is dropped; 0 keeps it."""
        return self._clock() + ttl if ttl else None

    def close(self, connections: Iterable[Connection], reason: str) -> list[Effect]:
        """End these connections at the application's wish; the reason goes into the last frame, not the close."""
        return [
            effect
            for connection in connections
            for effect in self._end(connection, CloseCode.NORMAL, told=reason, reason="")
        ]

    def join(self, connections: Iterable[Connection], groups: Iterable[str]) -> None:
        """Put connections into groups."""
        for connection, group in itertools.product(connections, groups):
            self._hubs[connection.hub].join(connection, group)

    def leave(self, connections: Iterable[Connection], groups: Iterable[str]) -> None:
        """Take connections out of groups."""
        for connection, group in itertools.product(connections, groups):
            self._hubs[connection.hub].leave(connection, group)

    def received(self, socket: Socket, content: bytes, *, binary: bool) -> list[Effect]:
        """A client has sent a frame."""
        connection = self._sockets.get(socket)
        if connection is None:
            return []
        if connection.kind is Kind.RAW:
            return self._received_raw(connection, Data(DataType.BINARY if binary else DataType.TEXT, content))
        return self._received_json(connection, content, binary=binary)

    def _received_json(self, connection: Connection, content: bytes, *, binary: bool) -> list[Effect]:
        if binary:
            reason = "The JSON subprotocol requires text messages."
            return self._end(connection, CloseCode.UNSUPPORTED_DATA, told=reason, reason=reason)
        try:
            message = messages.decode(content)
        except ClientMessageError as error:
            reason = "The client message is not a valid JSON protocol message."
            return self._end(connection, CloseCode.INVALID_PAYLOAD, told=str(error), reason=reason)
        match message:
            case Ping():
                return self._frame(connection, messages.pong())
            case SequenceAck(sequence_id):
                connection.replay.acknowledge(sequence_id)
                return []
            case _:
                return self._requested(connection, message)

    def _received_raw(self, connection: Connection, data: Data) -> list[Effect]:
        group = connection.raw_group
        if group is None:
            reason = "No event handler is configured for this user event."
            return self._end(connection, CloseCode.INTERNAL_ERROR, told=reason, reason=reason)
        if not connection.may(Permission.SEND_TO_GROUP, group):
            reason = "The connection is not authorized for raw sendToGroup mode."
            return self._end(connection, CloseCode.POLICY_VIOLATION, told=reason, reason=reason)
        members = self._hubs[connection.hub].group(group)
        return self.publish(members, Publication(data, group=group, sender=connection.user))

    def _requested(self, connection: Connection, request: ClientRequest) -> list[Effect]:
        ack_id = request.ack_id
        if ack_id is not None and ack_id in connection.acks:
            message = f"Message with ack-id: {ack_id} has been processed"
            return self._frame(connection, messages.refused(ack_id, AckError.DUPLICATE, message))
        refusal = _refusal(connection, request)
        if refusal:
            return [] if ack_id is None else self._frame(connection, messages.refused(ack_id, *refusal))
        effects = self._carried_out(connection, request)
        if ack_id is not None:
            connection.acks.add(ack_id)
            effects += self._frame(connection, messages.acknowledged(ack_id))
        return effects

    def _carried_out(self, connection: Connection, request: ClientRequest) -> list[Effect]:
        hub = self._hubs[connection.hub]
        match request:
            case JoinGroup(group):
                hub.join(connection, group)
            case LeaveGroup(group):
                hub.leave(connection, group)
            case SendToGroup(group):
                members = [each for each in hub.group(group) if not (request.no_echo and each is connection)]
                expires = self.expires(request.ttl)
                return self.publish(
                    members, Publication(request.data, group=group, sender=connection.user, expires=expires)
                )
        return []

    def _frame(self, connection: Connection, content: bytes, *, binary: bool = False) -> list[Effect]:
        return [] if connection.socket is None else [Send(connection.socket, content, binary)]

    def _fail(self, connection: Connection, reason: str) -> list[Effect]:
        """End a connection whose client does not keep up; it would not read a last frame."""
        socket = connection.socket
        self._remove(connection)
        return [] if socket is None else [Close(socket, CloseCode.POLICY_VIOLATION, reason)]

    def _end(self, connection: Connection, code: CloseCode, *, told: str, reason: str) -> list[Effect]:
        socket = connection.socket
        self._remove(connection)
        if socket is None:
            return []
        close = Close(socket, code, reason)
        return [close] if connection.kind is Kind.RAW else [Send(socket, messages.disconnected(told)), close]

    def _remove(self, connection: Connection) -> None:
        if connection.socket is not None:
            del self._sockets[connection.socket]
            connection.socket = None
        self._broken.pop(connection.id, None)
        hub = self._hubs[connection.hub]
        hub.remove(connection)
        if not len(hub):
            del self._hubs[connection.hub]


def _refusal(connection: Connection, request: ClientRequest) -> tuple[AckError, str] | None:
    """Why a request is not carried out: the error of its ack, and a sentence."""
    match request:
        case SendEvent():
            # Without an event handler the service cannot carry out any event; its ack does not say why.
            return AckError.INTERNAL_SERVER_ERROR, "Internal server error"
        case SendToGroup(group):
            permission, verb = Permission.SEND_TO_GROUP, "send to"
        case JoinGroup(group):
            permission, verb = Permission.JOIN_LEAVE_GROUP, "join"
        case LeaveGroup(group):
            permission, verb = Permission.JOIN_LEAVE_GROUP, "leave"
    if connection.may(permission, group):
        return None
    return AckError.FORBIDDEN, f"The client does not have permission to {verb} group '{group}'."
