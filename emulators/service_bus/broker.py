"""The queues by name, and the one journal that they share."""

from collections.abc import Iterable

from emulators.service_bus.configuration import QueueDescription
from emulators.service_bus.errors import EntityNotFoundError
from emulators.service_bus.journal import Acceptance, Changes, Journal, MessageRecord
from emulators.service_bus.queues import DEAD_LETTER_SUFFIX, Clock, Queue


class Broker:
    """Every queue and its dead letters.

    Args:
        descriptions: the queues.
        clock: milliseconds since 1970.
        committed: everything that was ever committed. What belongs to queues that are not described stays where it is.
    """

    def __init__(self, descriptions: Iterable[QueueDescription], clock: Clock, committed: Changes) -> None:
        self.journal = Journal()
        self._queues: dict[str, Queue] = {}
        for description in descriptions:
            path = description.name.lower()
            dead_letters = Queue(path + DEAD_LETTER_SUFFIX, description, clock, self.journal, None)
            self._queues[dead_letters.path] = dead_letters
            self._queues[path] = Queue(path, description, clock, self.journal, dead_letters)
        self._restore(committed)

    def queue(self, path: str) -> Queue:
        """The queue with that path; case does not matter.

        Raises:
            EntityNotFoundError: there is none.
        """
        queue = self._queues.get(path.lower())
        if queue is None:
            raise EntityNotFoundError(f"The messaging entity '{path}' could not be found.")
        return queue

    def next_alarm(self) -> int | None:
        """When `tick` has something to do, in milliseconds since 1970."""
        alarms = (queue.next_alarm() for queue in self._queues.values())
        return min((alarm for alarm in alarms if alarm is not None), default=None)

    def tick(self) -> None:
        """Do what is due in every queue."""
        for queue in self._queues.values():
            queue.tick()

    def _restore(self, committed: Changes) -> None:
        records: dict[str, list[MessageRecord]] = {path: [] for path in self._queues}
        acceptances: dict[str, list[tuple[str, Acceptance]]] = {path: [] for path in self._queues}
        for record in committed.messages.values():
            if record is not None and record.key.queue in records:
                records[record.key.queue].append(record)
        for (path, message_id), acceptance in committed.acceptances.items():
            if acceptance is not None and path in acceptances:
                acceptances[path].append((message_id, acceptance))
        for path, queue in self._queues.items():
            queue.restore(records[path], committed.last_numbers.get(path, 0), acceptances[path])
