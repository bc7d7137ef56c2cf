import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusReceiver, ServiceBusSubQueue

from emulators.children import Child
from tests.target import AZURE, setting

QUEUES = Path(__file__).with_name("queues.json")


@pytest.fixture(scope="session")
def connection_string() -> Iterator[str]:
    """Credentials of a namespace with the queues of queues.json: a local one, or Azure's."""
    if AZURE:
        yield setting("SERVICE_BUS_CONNECTION")
        return
    with Child("emulators.service_bus", ["--port", "0", "--ephemeral", "--queues", str(QUEUES)]) as service:
        yield credentials(service.url)


def credentials(url: str, key: str = "SAS_KEY_VALUE", name: str = "RootManageSharedAccessKey") -> str:
    """The connection string of a local service."""
    return f"Endpoint={url};SharedAccessKeyName={name};SharedAccessKey={key};UseDevelopmentEmulator=true;"


@pytest.fixture(scope="session")
def client(connection_string: str) -> Iterator[ServiceBusClient]:
    """The synchronous client, without retries: what fails, fails at once."""
    with ServiceBusClient.from_connection_string(connection_string, retry_total=0) as opened:
        yield opened


@pytest.fixture(scope="session")
def inspect(client: ServiceBusClient) -> Iterator[Callable[[str], list[str]]]:
    """Says what is in a queue and its dead letters, by receivers that only ever peek."""
    with contextlib.ExitStack() as opened:

        @functools.cache
        def receivers(name: str) -> tuple[ServiceBusReceiver, ServiceBusReceiver]:
            return (
                opened.enter_context(client.get_queue_receiver(name)),
                opened.enter_context(client.get_queue_receiver(name, sub_queue=ServiceBusSubQueue.DEAD_LETTER)),
            )

        def inspect(name: str) -> list[str]:
            return [str(message) for each in receivers(name) for message in each.peek_messages(10, sequence_number=1)]

        yield inspect


@pytest.fixture
def left_behind(inspect: Callable[[str], list[str]]) -> Iterator[Callable[[str], None]]:
    """Names a queue that the test uses: afterwards nothing may be left in it, in whatever state."""
    names: list[str] = []
    yield names.append
    for name in names:
        assert inspect(name) == []


@pytest.fixture
def plain(left_behind: Callable[[str], None]) -> str:
    """A queue with a long lock, three deliveries, and nothing special."""
    left_behind("contract-plain")
    return "contract-plain"


@pytest.fixture
def locks(left_behind: Callable[[str], None]) -> str:
    """A queue whose locks last five seconds."""
    left_behind("contract-locks")
    return "contract-locks"


@pytest.fixture
def unique(left_behind: Callable[[str], None]) -> str:
    """A queue that detects duplicates."""
    left_behind("contract-unique")
    return "contract-unique"
