"""The service under test: started here as a process, or one of Azure's."""

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
from azure.messaging.webpubsubservice import WebPubSubServiceClient
from azure.messaging.webpubsubservice.aio import WebPubSubServiceClient as AsyncWebPubSubServiceClient

from emulators.children import Child
from emulators.web_pubsub.tokens import ACCESS_KEY
from tests.contract.web_pubsub.wire import RELIABLE, Connect, WireClient
from tests.target import AZURE, setting

RETRIES = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 10}


@pytest.fixture(scope="session")
def connection_string() -> Iterator[str]:
    """Where the service is, and its key."""
    if AZURE:
        yield setting("WEB_PUBSUB_CONNECTION")
        return
    with Child("emulators.web_pubsub", ["--port", "0", "--ephemeral", "--recovery-seconds", "3"]) as child:
        yield f"Endpoint={child.url};AccessKey={ACCESS_KEY};Version=1.0;"


@pytest.fixture
def hub() -> str:
    """A hub that no other test uses."""
    return f"hub_{uuid.uuid4().hex}"


@pytest.fixture
def service(connection_string: str, hub: str) -> Iterator[WebPubSubServiceClient]:
    """The official client of the REST operations."""
    with WebPubSubServiceClient.from_connection_string(connection_string, hub, **RETRIES) as client:
        yield client


@pytest.fixture
async def async_service(connection_string: str, hub: str) -> AsyncIterator[AsyncWebPubSubServiceClient]:
    """The same, asynchronous."""
    async with AsyncWebPubSubServiceClient.from_connection_string(connection_string, hub, **RETRIES) as client:
        yield client


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP session without any Azure in it."""
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def connect(session: aiohttp.ClientSession, service: WebPubSubServiceClient) -> AsyncIterator[Connect]:
    """Opens WebSockets of a subprotocol, and closes them after the test."""
    async with AsyncExitStack() as stack:

        async def opened(
            user: str | None = None,
            *,
            subprotocol: str | None = RELIABLE,
            roles: list[str] | None = None,
            groups: list[str] | None = None,
        ) -> WireClient:
            token = service.get_client_access_token(user_id=user, roles=roles, groups=groups)
            client = await WireClient.open(session, token["url"], subprotocol)
            stack.push_async_callback(client.close)
            return client

        yield opened
