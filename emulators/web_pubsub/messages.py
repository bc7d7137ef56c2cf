"""The messages of `json.webpubsub.azure.v1` and `json.reliable.webpubsub.azure.v1`, to and from bytes.

Source: the JSON subprotocol references of Azure Web PubSub, and the client specification (Azure/azure-webpubsub,
`protocols/client/client-spec.md`).
"""

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

import msgspec

from emulators.web_pubsub import names
from emulators.web_pubsub.errors import ClientMessageError

MAXIMUM_TTL = 300
"""Seconds."""
_LARGEST_ID = 2**64 - 1


class DataType(StrEnum):
    """How the data of a message is to be read."""

    JSON = auto()
    TEXT = auto()
    BINARY = auto()


@dataclass(frozen=True, slots=True)
class Data:
    """The payload of a message: JSON as it was written, text in UTF-8, or bytes."""

    type: DataType
    content: bytes

    def encoded(self) -> bytes:
        """The JSON value that stands for it in a frame of the JSON subprotocols."""
        match self.type:
            case DataType.JSON:
                return self.content
            case DataType.TEXT:
                return msgspec.json.encode(self.content.decode(errors="replace"))
            case DataType.BINARY:
                return b'"' + b64encode(self.content) + b'"'


@dataclass(frozen=True, slots=True)
class JoinGroup:
    """Put me into a group."""

    group: str
    ack_id: int | None


@dataclass(frozen=True, slots=True)
class LeaveGroup:
    """Take me out of a group."""

    group: str
    ack_id: int | None


@dataclass(frozen=True, slots=True)
class SendToGroup:
    """Publish to a group."""

    group: str
    ack_id: int | None
    data: Data
    no_echo: bool
    """Not to me, even if I am in it."""
    ttl: int
    """Seconds; 0 keeps the message as long as the connection."""


@dataclass(frozen=True, slots=True)
class SendEvent:
    """Ask the event handler of the hub."""

    event: str
    ack_id: int | None


@dataclass(frozen=True, slots=True)
class SequenceAck:
    """I have all messages up to this one."""

    sequence_id: int


@dataclass(frozen=True, slots=True)
class Ping:
    """Are you there?"""


type ClientRequest = JoinGroup | LeaveGroup | SendToGroup | SendEvent
"""What a client may ask to be acknowledged."""
type ClientMessage = ClientRequest | SequenceAck | Ping


class AckError(StrEnum):
    """Why a request with an ackId failed."""

    FORBIDDEN = "Forbidden"
    DUPLICATE = "Duplicate"
    INTERNAL_SERVER_ERROR = "InternalServerError"


def decode(payload: bytes) -> ClientMessage:
    """What a client of a JSON subprotocol sent.

    Raises:
        ClientMessageError: it is not a message of the subprotocol, or of a kind that is not served here.
    """
    try:
        fields = msgspec.json.decode(payload, type=dict[str, msgspec.Raw])
        return _message(_Fields(fields))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ClientMessageError(f"The message is not valid JSON: {error}") from error


def _message(fields: "_Fields") -> ClientMessage:
    kind = fields.text("type")
    match kind.lower():
        case "joingroup":
            return JoinGroup(fields.group(), fields.identifier("ackId"))
        case "leavegroup":
            return LeaveGroup(fields.group(), fields.identifier("ackId"))
        case "sendtogroup":
            fields.refuse("metadata", "stream")
            return SendToGroup(
                group=fields.group(),
                ack_id=fields.identifier("ackId"),
                data=fields.data(),
                no_echo=fields.flag("noEcho"),
                ttl=fields.ttl(),
            )
        case "event":
            fields.refuse("metadata")
            event = fields.text("event")
            if not names.is_event(event):
                raise ClientMessageError("The event name is invalid.")
            fields.data()
            return SendEvent(event, fields.identifier("ackId"))
        case "sequenceack":
            sequence_id = fields.identifier("sequenceId")
            if sequence_id is None:
                raise ClientMessageError("The property 'sequenceId' is missing.")
            return SequenceAck(sequence_id)
        case "ping":
            return Ping()
        case _:
            raise ClientMessageError(f"The type '{kind}' is unknown, or not served here.")


class _Fields:
    """The properties of a client's message, read one by one as the type they must have."""

    def __init__(self, raw: dict[str, msgspec.Raw]) -> None:
        self._raw = raw

    def refuse(self, *unserved: str) -> None:
        for name in unserved:
            if self._value(name) is not None:
                raise ClientMessageError(f"The property '{name}' is not served here.")

    def text(self, name: str) -> str:
        value = self._value(name)
        if not isinstance(value, str):
            raise ClientMessageError(f"The property '{name}' must be a string.")
        return value

    def group(self) -> str:
        group = self.text("group")
        if not names.is_group(group):
            raise ClientMessageError("The group name is invalid.")
        return group

    def flag(self, name: str) -> bool:
        value = self._value(name)
        if value is not None and not isinstance(value, bool):
            raise ClientMessageError(f"The property '{name}' must be a boolean.")
        return bool(value)

    def identifier(self, name: str) -> int | None:
        value = self._value(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST_ID:
            raise ClientMessageError(f"The property '{name}' must be an unsigned 64-bit integer.")
        return value

    def ttl(self) -> int:
        value = self.identifier("ttlSeconds") or 0
        if value > MAXIMUM_TTL:
            raise ClientMessageError(f"The property 'ttlSeconds' must lie between 0 and {MAXIMUM_TTL}.")
        return value

    def data(self) -> Data:
        if "data" not in self._raw:
            raise ClientMessageError("The property 'data' is missing.")
        name = self.text("dataType").lower() if "dataType" in self._raw else "json"
        if name not in DataType:
            raise ClientMessageError(f"The data type '{name}' is not served here.")
        kind, value = DataType(name), self._value("data")
        if kind is DataType.JSON:
            if value is None:
                raise ClientMessageError("The property 'data' must not be null.")
            return Data(kind, bytes(self._raw["data"]))
        text = self.text("data")
        if kind is DataType.TEXT:
            return Data(kind, text.encode())
        try:
            return Data(kind, b64decode(text, validate=True))
        except binascii.Error as error:
            raise ClientMessageError("The property 'data' is not valid base64.") from error

    def _value(self, name: str) -> Any:
        raw = self._raw.get(name)
        return None if raw is None else msgspec.json.decode(raw)


def connected(connection_id: str, user: str | None, reconnection_token: str | None) -> bytes:
    """The first frame on a new connection; only reliable ones have a reconnection token."""
    message = {"type": "system", "event": "connected", "userId": user, "connectionId": connection_id}
    if reconnection_token is not None:
        message["reconnectionToken"] = reconnection_token
    return msgspec.json.encode(message)


def disconnected(reason: str) -> bytes:
    """The last frame before the service closes the connection."""
    return msgspec.json.encode({"type": "system", "event": "disconnected", "message": reason})


def pong() -> bytes:
    """The answer to a ping."""
    return b'{"type":"pong"}'


def acknowledged(ack_id: int) -> bytes:
    """The request with this ackId was carried out."""
    return msgspec.json.encode({"type": "ack", "ackId": ack_id, "success": True})


def refused(ack_id: int, error: AckError, message: str) -> bytes:
    """The request with this ackId was not carried out."""
    detail = {"name": error, "message": message}
    return msgspec.json.encode({"type": "ack", "ackId": ack_id, "success": False, "error": detail})


class Publication:
    """One message on its way to many connections; what they all receive alike is encoded once.

    Args:
        data: the payload.
        group: the group it was published to; None if it comes from the server.
        sender: user id of the client that published it to the group.
        expires: when the message is dropped if it was not consumed, on the clock of the hubs; None never drops it.
    """

    __slots__ = ("_opening", "data", "expires")

    def __init__(
        self, data: Data, *, group: str | None = None, sender: str | None = None, expires: float | None = None
    ) -> None:
        self.data = data
        self.expires = expires
        header: dict[str, str | None] = {"type": "message", "from": "server"}
        if group is not None:
            header |= {"from": "group", "group": group, "fromUserId": sender}
        header["dataType"] = data.type
        self._opening = msgspec.json.encode(header)[:-1] + b',"data":' + data.encoded()

    def encoded(self) -> bytes:
        """The frame of `json.webpubsub.azure.v1`."""
        return self._opening + b"}"

    def numbered(self, sequence_id: int) -> bytes:
        """The frame of `json.reliable.webpubsub.azure.v1`."""
        return b'%b,"sequenceId":%d}' % (self._opening, sequence_id)
