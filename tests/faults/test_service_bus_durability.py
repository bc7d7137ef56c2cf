import asyncio
import contextlib
import gc
import itertools
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import ServiceBusError

from emulators.children import Child

GOAL = 10_000
KILLS = 4
SENDERS = 3
BATCH = 20
QUEUE = "alerts"


@dataclass
class Ledger:
    """What the clients were told."""

    names: Iterator[int] = field(default_factory=itertools.count)
    acknowledged: set[str] = field(default_factory=set)
    completed: set[str] = field(default_factory=set)
    """The service said that they are complete."""
    perhaps_completed: set[str] = field(default_factory=set)
    """The service was asked to complete them, and was killed before it answered."""

    goal: int = 0
    """How many messages are to be acknowledged before the next kill."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    def acknowledge(self, names: Iterable[str]) -> None:
        """The service said that it has these."""
        self.acknowledged.update(names)
        if len(self.acknowledged) >= self.goal:
            self.reached.set()


# The asynchronous client forgets to close its socket when the other end is gone, and asyncio says so when the garbage
# is collected: that is done within this test, which expects it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.timeout(180)
async def test_a_killed_queue_has_lost_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    """Killed again and again under load, it keeps each acknowledged message once, and no completed one comes back."""
    service = ["--port", "0", "--data", str(tmp_path)]
    ledger = Ledger()
    for kill in range(1, KILLS + 1):
        child = Child("emulators.service_bus", service)
        child.start()
        ledger.goal = GOAL * kill // KILLS
        ledger.reached.clear()
        async with asyncio.TaskGroup() as clients:
            for _ in range(SENDERS):
                clients.create_task(send_until_killed(child.url, ledger))
            clients.create_task(complete_until_killed(child.url, ledger))
            await ledger.reached.wait()
            child.kill()
    gc.collect()
    with Child("emulators.service_bus", service) as child:
        left = await drain(child.url)
    assert len(left) == len(set(left))
    assert ledger.completed
    assert not ledger.completed & set(left)
    assert ledger.acknowledged - ledger.completed - ledger.perhaps_completed <= set(left)


async def send_until_killed(url: str, ledger: Ledger) -> None:
    """Send batches and single messages by turns, and keep a ledger of those that were acknowledged."""
    async with client(url) as opened:
        sender = opened.get_queue_sender(QUEUE)
        for single in itertools.cycle([False, True]):
            names = [str(next(ledger.names)) for _ in range(1 if single else BATCH)]
            messages = [ServiceBusMessage(name, message_id=name) for name in names]
            try:
                async with asyncio.timeout(10):
                    await sender.send_messages(messages[0] if single else messages)
            except (ServiceBusError, TimeoutError, OSError):
                return
            ledger.acknowledge(names)


async def complete_until_killed(url: str, ledger: Ledger) -> None:
    """Receive and complete, and keep a ledger of what was confirmed."""
    async with client(url) as opened:
        receiver = opened.get_queue_receiver(QUEUE)
        while True:
            try:
                async with asyncio.timeout(10):
                    for message in await receiver.receive_messages(BATCH, max_wait_time=1):
                        name = str(message)
                        ledger.perhaps_completed.add(name)
                        await receiver.complete_message(message)
                        ledger.completed.add(name)
            except (ServiceBusError, TimeoutError, OSError):
                return


async def drain(url: str) -> list[str]:
    """Everything that is left in the queue: as many as peek sees, received and completed."""
    async with client(url) as opened, opened.get_queue_receiver(QUEUE, prefetch_count=90) as receiver:
        expected = 0
        while page := await receiver.peek_messages(250):
            expected += len(page)
        left: list[str] = []
        async with asyncio.timeout(60):
            while len(left) < expected:
                for message in await receiver.receive_messages(90, max_wait_time=5):
                    left.append(str(message))
                    await receiver.complete_message(message)
        assert await receiver.peek_messages(1, sequence_number=1) == []
    return left


@contextlib.asynccontextmanager
async def client(url: str) -> AsyncIterator[ServiceBusClient]:
    """A client without retries, which is closed even if the service is gone."""
    opened = ServiceBusClient.from_connection_string(
        f"Endpoint={url};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;"
        "UseDevelopmentEmulator=true;",
        retry_total=0,
    )
    try:
        yield opened
    finally:
        with contextlib.suppress(ServiceBusError, TimeoutError, OSError):
            async with asyncio.timeout(10):
                await opened.close()
