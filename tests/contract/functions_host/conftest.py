"""Hosts and a Service Bus as processes of their own, and what the apps wrote down of their invocations."""

import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusClient

from emulators.children import Child

APPS = Path(__file__).parent / "apps"
FUNCTIONS = ("batches", "singles", "documents")
QUEUES = 24
LOCK_SECONDS = 5
_BATCH = 100


@dataclass(frozen=True, slots=True)
class Host:
    """A running host of the app `queues`, and the traces it leaves."""

    child: Child
    log: Path
    records: Path

    def invocations(self, function: str) -> list[dict[str, Any]]:
        """What the function wrote down, oldest first."""
        if not self.records.exists():
            return []
        lines = (json.loads(line) for line in self.records.read_text().splitlines())
        return [line for line in lines if line["function"] == function]

    def bodies(self, function: str) -> list[str]:
        """The bodies of all messages that the function was given, in their order."""
        return [message["body"] for line in self.invocations(function) for message in line["messages"]]

    def wait_for(self, condition: Callable[["Host"], Any], seconds: float = 20) -> Any:
        """Wait until the condition is true, and return what it returned."""
        deadline = time.monotonic() + seconds
        while not (value := condition(self)):
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} s; the host's log:\n{self.log.read_text()}")
            time.sleep(0.02)
        return value

    def wait_for_log(self, text: str, seconds: float = 20) -> str:
        """Wait until the log contains the text, and return the log."""
        self.wait_for(lambda host: text in host.log.read_text(), seconds)
        return self.log.read_text()


class Queue:
    """A queue of the local Service Bus, through the official client."""

    def __init__(self, connection: str, name: str) -> None:
        self.connection = connection
        self.name = name

    @property
    def port(self) -> int:
        """Where the local Service Bus listens."""
        port = urlsplit(self.connection.partition("=")[2].partition(";")[0]).port
        assert port
        return port

    async def send(self, *messages: ServiceBusMessage | str | bytes) -> None:
        """Send messages, in batches if they are many."""
        made = [m if isinstance(m, ServiceBusMessage) else ServiceBusMessage(m) for m in messages]
        async with self._client() as client, client.get_queue_sender(self.name) as sender:
            for batch in itertools.batched(made, _BATCH, strict=False):
                await sender.send_messages(list(batch))

    async def receive(self, count: int, seconds: float = 5) -> list[ServiceBusReceivedMessage]:
        """Receive and complete messages: up to `count`, and as many as come within `seconds`."""
        found: list[ServiceBusReceivedMessage] = []
        deadline = time.monotonic() + seconds
        async with self._client() as client, client.get_queue_receiver(self.name) as receiver:
            while len(found) < count and (left := deadline - time.monotonic()) > 0:
                for message in await receiver.receive_messages(count - len(found), max_wait_time=left):
                    await receiver.complete_message(message)
                    found.append(message)
        return found

    async def peek(self) -> list[ServiceBusReceivedMessage]:
        """Look at what is in the queue, locked or not."""
        async with self._client() as client, client.get_queue_receiver(self.name) as receiver:
            return await receiver.peek_messages(1000)

    def _client(self) -> ServiceBusClient:
        return ServiceBusClient.from_connection_string(self.connection, retry_total=1, retry_backoff_factor=0.1)


def connection_string(url: str) -> str:
    """The connection string for a local Service Bus at `url`."""
    return (
        f"Endpoint=sb://localhost:{urlsplit(url).port};SharedAccessKeyName=RootManageSharedAccessKey;"
        "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
    )


def write_queues(file: Path, names: Iterable[str]) -> Path:
    """Write the configuration of a Service Bus with these queues, all with short locks."""
    properties = {"LockDuration": f"PT{LOCK_SECONDS}S", "MaxDeliveryCount": 10}
    queues = [{"Name": name, "Properties": properties} for name in names]
    file.write_text(json.dumps({"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", "Queues": queues}]}}))
    return file


@pytest.fixture(scope="session")
def _queues(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[Queue]]:
    names = [f"queue-{number}" for number in range(QUEUES)]
    file = write_queues(tmp_path_factory.mktemp("service-bus") / "queues.json", names)
    with Child("emulators.service_bus", ["--port", "0", "--ephemeral", "--queues", str(file)]) as child:
        yield (Queue(connection_string(child.url), name) for name in names)


@pytest.fixture
def queue(_queues: Iterator[Queue]) -> Queue:
    """A queue that no other test uses."""
    return next(_queues)


type StartHost = Callable[..., Host]


@pytest.fixture
def start_host(tmp_path: Path) -> Iterator[StartHost]:
    """Starts hosts of the app `queues` with one of its functions on a queue; they end with the test.

    The function returned takes the queue, the function's name and further settings.
    """
    with ExitStack() as running:
        numbers = itertools.count()

        def start(queue: Queue, function: str, settings: Mapping[str, str] | None = None) -> Host:
            number = next(numbers)
            records, log = tmp_path / f"records-{number}", tmp_path / f"log-{number}"
            environment = {
                "BUS": queue.connection,
                "QUEUE": queue.name,
                "RECORDS": str(records),
                **{f"AzureWebJobs.{other}.Disabled": "true" for other in FUNCTIONS if other != function},
                **(settings or {}),
            }
            arguments = ["--port", "0", "--ephemeral", "--app", str(APPS / "queues")]
            child = Child("emulators.functions_host", arguments, environment=environment, log=log)
            running.enter_context(child)
            return Host(child, log, records)

        yield start
