"""One client's connection: who it is, what it may do, and what it has not acknowledged yet."""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NewType

from emulators.web_pubsub.messages import Publication
from emulators.web_pubsub.permissions import Permission, Permissions
from emulators.web_pubsub.tokens import ClientClaims

JSON_SUBPROTOCOL = "json.webpubsub.azure.v1"
RELIABLE_SUBPROTOCOL = "json.reliable.webpubsub.azure.v1"

REPLAY_MESSAGES = 1000
"""Messages that a reliable connection may leave unacknowledged."""
REPLAY_BYTES = 16 * 1024 * 1024
"""The same in bytes."""
REMEMBERED_ACKS = 1000
"""ackIds by which a repeated request is recognised."""

Socket = NewType("Socket", int)
"""One WebSocket. A reliable connection outlives it and can take up another."""


class Kind(Enum):
    """How frames look on a connection."""

    RAW = auto()
    """A simple WebSocket client: the bare data."""
    JSON = auto()
    RELIABLE = auto()
    """Numbered frames that are kept until they are acknowledged."""

    @classmethod
    def of(cls, subprotocol: str | None) -> "Kind":
        """The kind that a subprotocol stands for; any that is not the service's own is the client's affair."""
        return {JSON_SUBPROTOCOL: cls.JSON, RELIABLE_SUBPROTOCOL: cls.RELIABLE}.get(subprotocol or "", cls.RAW)


@dataclass(frozen=True, slots=True)
class _Unacknowledged:
    sequence_id: int
    frame: bytes
    expires: float | None


class ReplayFullError(Exception):
    """The client has left too much unacknowledged."""


class Replay:
    """The messages of a reliable connection that its client has not acknowledged, in order."""

    def __init__(self) -> None:
        self._messages: deque[_Unacknowledged] = deque()
        self._bytes = 0
        self._last = 0

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, publication: Publication) -> bytes:
        """Number a message, keep it, and return its frame.

        Raises:
            ReplayFullError: it would be the 1,001st, or exceed 16 MiB.
        """
        frame = publication.numbered(self._last + 1)
        if len(self._messages) >= REPLAY_MESSAGES or self._bytes + len(frame) > REPLAY_BYTES:
            raise ReplayFullError
        self._last += 1
        self._bytes += len(frame)
        self._messages.append(_Unacknowledged(self._last, frame, publication.expires))
        return frame

    def acknowledge(self, sequence_id: int) -> None:
        """Forget all messages up to this one."""
        while self._messages and self._messages[0].sequence_id <= sequence_id:
            self._bytes -= len(self._messages.popleft().frame)

    def frames(self, now: float) -> list[bytes]:
        """All that is left, without what has expired meanwhile."""
        self._messages = deque(m for m in self._messages if m.expires is None or now < m.expires)
        self._bytes = sum(len(message.frame) for message in self._messages)
        return [message.frame for message in self._messages]


class Acks:
    """The last ackIds of a connection whose requests were carried out."""

    def __init__(self) -> None:
        self._seen: dict[int, None] = {}

    def __contains__(self, ack_id: int) -> bool:
        return ack_id in self._seen

    def add(self, ack_id: int) -> None:
        """Remember one more, and forget the oldest beyond a thousand."""
        self._seen[ack_id] = None
        if len(self._seen) > REMEMBERED_ACKS:
            del self._seen[next(iter(self._seen))]


@dataclass(slots=True, eq=False)
class Connection:
    """A client of a hub. The hub keeps `groups` in step with its own index."""

    id: str
    hub: str
    claims: ClientClaims
    subprotocol: str | None
    raw_group: str | None
    """Where a simple WebSocket client in the mode `sendToGroup` publishes each frame."""
    socket: Socket | None
    """None while a reliable connection is broken."""
    groups: set[str] = field(default_factory=set)
    replay: Replay = field(default_factory=Replay)
    acks: Acks = field(default_factory=Acks)
    kind: Kind = field(init=False)
    permissions: dict[Permission, Permissions] = field(init=False)

    def __post_init__(self) -> None:
        self.kind = Kind.of(self.subprotocol)
        self.permissions = {each: Permissions(each, self.claims.roles) for each in Permission}

    @property
    def user(self) -> str | None:
        """User id, from the token."""
        return self.claims.user

    def may(self, permission: Permission, group: str) -> bool:
        """Whether its client may do that to the group."""
        return self.permissions[permission].allows(group)
