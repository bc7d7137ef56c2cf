"""The service under test, started here as a process."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from emulators.children import Child
from emulators.notification_hubs.access import ACCESS_KEY, KEY_NAME
from tests.contract.notification_hubs.devices import Browser, Hub


@pytest.fixture(scope="session")
def service() -> Iterator[str]:
    """The URL of a running service."""
    with Child("emulators.notification_hubs", ["--port", "0", "--ephemeral"]) as child:
        yield child.url


@pytest.fixture
def connection_string(service: str) -> str:
    """As the official JavaScript client takes it for plain HTTP."""
    return f"Endpoint={service};SharedAccessKeyName={KEY_NAME};SharedAccessKey={ACCESS_KEY}"


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP session without any Azure in it."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session


@pytest.fixture
def hub(service: str, http: aiohttp.ClientSession) -> Hub:
    """A hub that no other test uses."""
    return Hub.fresh(service, http)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser with a push service of its own."""
    async with Browser() as started:
        yield started
