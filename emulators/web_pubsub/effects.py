"""What the state asks of the sockets."""

from dataclasses import dataclass
from enum import IntEnum

from emulators.web_pubsub.connection import Socket


class CloseCode(IntEnum):
    """WebSocket close codes (RFC 6455, section 7.4.1) as the service uses them."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_PAYLOAD = 1007
    POLICY_VIOLATION = 1008
    """Also: this connection cannot be recovered, start anew."""
    TOO_BIG = 1009
    INTERNAL_ERROR = 1011


@dataclass(frozen=True, slots=True)
class Send:
    """Send a frame on a socket."""

    socket: Socket
    content: bytes
    binary: bool = False


@dataclass(frozen=True, slots=True)
class Close:
    """Close a socket after what was sent to it."""

    socket: Socket
    code: CloseCode
    reason: str


@dataclass(frozen=True, slots=True)
class Abort:
    """Drop a socket that nobody listens to any more."""

    socket: Socket


type Effect = Send | Close | Abort
