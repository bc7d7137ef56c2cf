import pytest

from tests.unit.shared.fakes import RecordingOutbox, RecordingPublisher, SetClock
from tests.unit.shared.memory import MemoryPeople, MemoryStore


@pytest.fixture
def clock() -> SetClock:
    """A clock that stands at noon until it is set."""
    return SetClock()


@pytest.fixture
def store() -> MemoryStore:
    """An empty inbox."""
    return MemoryStore()


@pytest.fixture
def people() -> MemoryPeople:
    """Nobody is known yet."""
    return MemoryPeople()


@pytest.fixture
def publisher() -> RecordingPublisher:
    """Live connections that remember."""
    return RecordingPublisher()


@pytest.fixture
def outbox() -> RecordingOutbox:
    """Queues that remember."""
    return RecordingOutbox()
