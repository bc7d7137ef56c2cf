import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from emulators.service_bus.broker import Broker
from emulators.service_bus.configuration import QueueDescription
from emulators.service_bus.delivery import Delivery, Outcome, Settlement
from emulators.service_bus.errors import LockLostError, StoreError
from emulators.service_bus.journal import Changes
from emulators.service_bus.message import parse
from emulators.service_bus.store import Store
from tests.unit.emulators.service_bus.peer import START, message

ALERTS = QueueDescription("alerts", lock_duration=100, duplicate_window=1000)
OTHER = QueueDescription("other")


class Hoarder:
    """A consumer that takes all there is."""

    deletes = False
    ready = True

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    def deliver(self, delivery: Delivery) -> None:
        """Take one."""
        self.deliveries.append(delivery)


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Where the store keeps its tables."""
    return str(tmp_path / "service_bus.db")


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """An open store."""
    with closing(Store(database)) as opened:
        yield opened


def test_numbers_are_never_given_twice(database: str) -> None:
    """Sequence numbers go on after a restart, also when the queue was empty."""
    numbers = []
    for round_ in range(3):
        with closing(Store(database)) as store:
            broker = Broker([ALERTS], lambda: START, store.load())
            numbers += broker.queue("alerts").send([parse(message(message_id=f"m-{round_}"))])
            consumer = Hoarder()
            broker.queue("alerts").wait(consumer)
            broker.queue("alerts").settle([consumer.deliveries[0].token], Settlement(Outcome.COMPLETED))
            store.commit(broker.journal.take())
    assert numbers == [1, 2, 3]


def test_a_duplicate_is_known_after_a_restart(database: str) -> None:
    """The ids within the window are remembered, also of messages that are gone."""
    for expected in (1, 1):
        with closing(Store(database)) as store:
            queue = (broker := Broker([ALERTS], lambda: START, store.load())).queue("alerts")
            assert queue.send([parse(message())]) == [expected]
            store.commit(broker.journal.take())
            assert len(queue.peek(0, 10)) == 1


def test_a_queue_that_is_not_configured_keeps_its_messages(store: Store) -> None:
    """Taking a queue out of the file hides it; putting it back brings everything back."""
    broker = Broker([ALERTS, OTHER], lambda: START, store.load())
    broker.queue("other").send([parse(message())])
    store.commit(broker.journal.take())
    without = Broker([ALERTS], lambda: START, store.load())
    without.queue("alerts").send([parse(message())])
    store.commit(without.journal.take())
    assert len(Broker([ALERTS, OTHER], lambda: START, store.load()).queue("other").peek(0, 10)) == 1


def test_one_transaction_or_none(store: Store) -> None:
    """If one of the changes cannot be stored, none is."""
    broker = Broker([ALERTS], lambda: START, store.load())
    broker.queue("alerts").send([parse(message())])
    changes = broker.journal.take()
    changes.last_numbers["alerts"] = 1 << 80
    with pytest.raises(OverflowError):
        store.commit(changes)
    assert not store.load()


def test_a_database_of_another_version_is_refused(database: str) -> None:
    """A database that this version did not write is not touched."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("pragma user_version = 99")
    with pytest.raises(StoreError, match="version 99"):
        Store(database)


def test_a_renewed_lock_does_not_hide_those_that_run_out() -> None:
    """Locks run out each at its own time, also when an older one was renewed."""
    now = START
    broker = Broker([ALERTS], lambda: now, Changes())
    queue = broker.queue("alerts")
    queue.send([parse(message(message_id=name)) for name in "ab"])
    consumer = Hoarder()
    queue.wait(consumer)
    queue.leave(consumer)
    renewed, left = (delivery.token for delivery in consumer.deliveries)
    now += 50
    queue.renew([renewed])
    now += 50
    assert broker.next_alarm() == now
    broker.tick()
    with pytest.raises(LockLostError):
        queue.settle([left], Settlement(Outcome.COMPLETED))
    queue.settle([renewed, renewed], Settlement(Outcome.COMPLETED))
    assert len(queue.peek(0, 10)) == 1
