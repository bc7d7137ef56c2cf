"""Which message ids a queue has accepted lately."""

from collections.abc import Iterable

from emulators.service_bus.journal import Acceptance, Journal


class DuplicateHistory:
    """The message ids within the window.

    Args:
        path: of the queue.
        window: how long an id is remembered, in milliseconds; None: nothing is, and nothing is a duplicate.
        journal: what is remembered and forgotten is written down there.
    """

    def __init__(self, path: str, window: int | None, journal: Journal) -> None:
        self._path = path
        self._window = window
        self._journal = journal
        self._acceptances: dict[str, Acceptance] = {}
        """Oldest first."""

    def find(self, message_id: str) -> Acceptance | None:
        """What was accepted with that id."""
        return self._acceptances.get(message_id)

    def remember(self, message_id: str, acceptance: Acceptance) -> None:
        """From now on, a message with that id is a duplicate."""
        if self._window is not None:
            self._acceptances[message_id] = acceptance
            self._journal.changes.acceptances[self._path, message_id] = acceptance

    def forget(self, now: int) -> None:
        """Forget what is older than the window."""
        while self._window is not None and self._acceptances:
            message_id, acceptance = next(iter(self._acceptances.items()))
            if acceptance.accepted_at + self._window > now:
                return
            del self._acceptances[message_id]
            self._journal.changes.acceptances[self._path, message_id] = None

    def restore(self, acceptances: Iterable[tuple[str, Acceptance]]) -> None:
        """Begin with what was committed."""
        self._acceptances = dict(sorted(acceptances, key=lambda each: each[1].accepted_at))
