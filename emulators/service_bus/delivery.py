"""Between a queue and its receivers: what is handed over, to whom, and what comes of it."""

import enum
from dataclasses import dataclass, field
from typing import Final, Protocol

from emulators.service_bus.amqp.values import Value

REASON: Final = "DeadLetterReason"
DESCRIPTION: Final = "DeadLetterErrorDescription"
"""Application properties of a dead letter."""


class Outcome(enum.Enum):
    """How a receiver is done with a message."""

    COMPLETED = enum.auto()
    ABANDONED = enum.auto()
    DEFERRED = enum.auto()
    DEAD_LETTERED = enum.auto()
    RELEASED = enum.auto()
    """Handed back unread: not counted as a delivery."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """An outcome, and the application properties that it adds or replaces."""

    outcome: Outcome
    properties: dict[Value, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way to a receiver."""

    token: bytes
    """The lock token: 16 bytes. Of a received-and-deleted message just a tag."""
    encoded: bytes


class Consumer(Protocol):
    """A receiver's link, as a queue sees it."""

    @property
    def deletes(self) -> bool:
        """Whether it receives and deletes instead of locking."""

    @property
    def ready(self) -> bool:
        """Whether it takes another message now. When it is again, it tells the queue by `wait`."""

    def deliver(self, delivery: Delivery) -> None:
        """Take one message."""
