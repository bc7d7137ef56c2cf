"""What changed since the last commit, and what a restart begins with.

The queues write into a `Journal`; the store commits what it collected as one transaction and only then are the peers
told. Changes to the same message within one turn collapse into the last.
"""

from dataclasses import dataclass, field

from emulators.service_bus.message import MessageState


@dataclass(frozen=True, slots=True)
class MessageKey:
    """Which message: the path of its queue, and its sequence number there."""

    queue: str
    sequence_number: int


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """A message as it is stored. Locks are not: a restart releases them."""

    key: MessageKey
    encoded: bytes
    state: MessageState
    enqueued_at: int
    """Milliseconds since 1970."""
    delivery_count: int


@dataclass(frozen=True, slots=True)
class Acceptance:
    """When a message id was accepted and as what, to detect duplicates of it."""

    accepted_at: int
    """Milliseconds since 1970."""
    sequence_number: int


@dataclass(slots=True)
class Changes:
    """What is to be committed, or, if it is everything that was ever committed, what a broker is restored from."""

    messages: dict[MessageKey, MessageRecord | None] = field(default_factory=dict)
    """None: the message is gone."""
    acceptances: dict[tuple[str, str], Acceptance | None] = field(default_factory=dict)
    """By queue and message id; None: it is forgotten."""
    last_numbers: dict[str, int] = field(default_factory=dict)
    """The last sequence number that each queue gave out."""

    def __bool__(self) -> bool:
        return bool(self.messages or self.acceptances or self.last_numbers)


@dataclass(slots=True)
class Journal:
    """Collects changes until they are taken."""

    changes: Changes = field(default_factory=Changes)

    def take(self) -> Changes:
        """What was collected; the journal is empty afterwards."""
        taken, self.changes = self.changes, Changes()
        return taken
