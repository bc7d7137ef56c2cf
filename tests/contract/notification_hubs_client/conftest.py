"""The service: started here as a process, or a hub of Azure's, which cannot be asked what devices were sent."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from emulators.children import Child
from shared.azure.notification_hubs import NotificationHub
from tests.contract.notification_hubs_client.local import HUB, Received, connection_string_of
from tests.target import AZURE, setting

PATIENCE = 10.0
"""Seconds after which something that must come has not come."""


@pytest.fixture(scope="module")
def local_url() -> Iterator[str]:
    """A service that was started here; empty where a real one is used."""
    if AZURE:
        yield ""
        return
    with Child("emulators.notification_hubs", ["--port", "0", "--ephemeral"]) as child:
        yield child.url


@pytest.fixture(scope="module")
def connection_string(local_url: str) -> str:
    """Where the service is, and its key."""
    return setting("NOTIFICATION_HUBS_CONNECTION") if AZURE else connection_string_of(local_url)


@pytest.fixture
async def hub(connection_string: str) -> AsyncIterator[NotificationHub]:
    """The client under test."""
    async with NotificationHub.from_connection_string(connection_string, HUB) as client:
        yield client


@pytest.fixture
def unique() -> str:
    """An id that no other test uses; a tag, too."""
    return uuid.uuid4().hex


@pytest.fixture
async def received(local_url: str) -> AsyncIterator[Received]:
    """What the local service has sent to a device."""
    async with aiohttp.ClientSession() as session:

        async def ask(installation_id: str, count: int = 0) -> list[dict[str, Any]]:
            deadline = asyncio.get_running_loop().time() + PATIENCE
            while True:
                async with session.get(f"{local_url}/_devices", params={"installation": installation_id}) as response:
                    devices = (await response.json())["devices"]
                sent = [notification for device in devices for notification in device["notifications"]]
                settled = sum(notification["outcome"] != "pending" for notification in sent)
                if settled >= count:
                    return sent
                assert asyncio.get_running_loop().time() < deadline, f"{settled} of {count} notifications were sent on"
                await asyncio.sleep(0.01)

        yield ask
