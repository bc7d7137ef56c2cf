"""Batches of at least a minimum size: what is too little is held back for a while.

As ServiceBusListener and ServiceBusMessageManager do (Microsoft.Azure.WebJobs.Extensions.ServiceBus 5): the wait begins
with the first message that is held back and ends with whatever is there.
"""

from collections.abc import Sequence


class BatchBuffer[Item]:
    """Holds messages back until they are a batch. Time is given in seconds of any clock.

    Args:
        minimum: the size below which messages are held back.
        maximum: the size that no batch exceeds.
        wait: seconds after which a smaller batch is handed out.
    """

    def __init__(self, minimum: int, maximum: int, wait: float) -> None:
        self._minimum = minimum
        self._maximum = maximum
        self._wait = wait
        self._held: list[Item] = []
        self._due: float | None = None

    @property
    def due(self) -> float | None:
        """When what is held is handed out however little it is; None if nothing is held."""
        return self._due

    def add(self, items: Sequence[Item], now: float) -> list[Item]:
        """Take what was received; return a batch if there is enough for one, and otherwise nothing."""
        self._held.extend(items)
        if len(self._held) < self._minimum:
            if self._held and self._due is None:
                self._due = now + self._wait
            return []
        return self._take(now)

    def overdue(self, now: float) -> list[Item]:
        """The batch to hand out because the wait is over; nothing if it is not."""
        return self._take(now) if self._due is not None and now >= self._due else []

    def remaining(self) -> list[Item]:
        """Everything that is held, because no more will come."""
        return self._take(0)

    def _take(self, now: float) -> list[Item]:
        batch, self._held = self._held[: self._maximum], self._held[self._maximum :]
        self._due = now + self._wait if self._held else None
        return batch
