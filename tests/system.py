"""The whole system as its clients know it: what end-to-end and fault tests drive."""

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import aiohttp
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.identity.aio import AzureCliCredential
from azure.servicebus import ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver

from belfry.aio import AlertPublisher
from belfry.inbox import Inbox
from emulators.cloud import Cloud
from tests.target import AZURE, setting, sign

SECONDS: Final = 60.0 if AZURE else 20.0
"""How long a test waits for what should take milliseconds, or a first instance of the functions to start."""


class System:
    """A running system, local or in Azure, by its addresses.

    Args:
        cloud: the services; None: those that the environment names.
        host: which of its Functions hosts is asked.
    """

    def __init__(self, cloud: Cloud | None, host: str = "functions_host") -> None:
        self._cloud = cloud
        self.settings = cloud.settings() if cloud else dict(os.environ)
        self._host = host

    @property
    def cloud(self) -> Cloud:
        """The local services, for tests that are for this machine only."""
        assert self._cloud, "this test needs the marker local_only"
        return self._cloud

    @property
    def api(self) -> str:
        """The API's address."""
        return self._cloud.urls[self._host] + "/api" if self._cloud else setting("BELFRY_API").rstrip("/")

    @property
    def connection_string(self) -> str:
        """Of the local Service Bus."""
        return self.cloud.settings()["SERVICE_BUS_CONNECTION"]

    @property
    def _service_bus(self) -> tuple[str, AsyncTokenCredential | None]:
        """A connection string, or a host name and whoever `az login` signed in."""
        if namespace := self.settings.get("SERVICE_BUS_CONNECTION__fullyQualifiedNamespace"):
            return namespace, AzureCliCredential()
        return (self.connection_string if self._cloud else setting("SERVICE_BUS_CONNECTION")), None

    async def token(self, user: str, *roles: str, **fields: str) -> str:
        """A bearer token of the issuer; `fields` are `audience` and `expires_in`."""
        if not self._cloud:
            return sign(user, roles, **fields)
        form = {"user": user, "roles": ",".join(roles), **fields}
        url = self.settings["AUTH_ISSUER"] + "/token"
        async with aiohttp.ClientSession() as session, session.post(url, data=form) as response:
            response.raise_for_status()
            answer: dict[str, str] = await response.json()
            return answer["access_token"]

    async def request(
        self, method: str, path: str, *, token: str | None = None, **options: Any
    ) -> tuple[int, Mapping[str, str], Any]:
        """Status, headers and JSON of an answer of the API."""
        headers = {**options.pop("headers", {})}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.api + path, headers=headers, **options) as response,
        ):
            return response.status, response.headers, await response.json(content_type=None)

    async def history(self, user: str, *roles: str, limit: int = 100, everyone: bool = False) -> list[dict[str, Any]]:
        """All cards of a person, newest first, page by page; those for everyone, which other tests send, on demand."""
        token = await self.token(user, *roles)
        cards: list[dict[str, Any]] = []
        before: dict[str, str] = {}
        while True:
            status, _, page = await self.request("GET", "/alerts", token=token, params={"limit": str(limit), **before})
            assert status == 200, page
            cards += page["alerts"]
            if page["next"] is None:
                return [card for card in cards if everyone or card["audience"] != "everyone"]
            before = {"before": page["next"]}

    def inbox(self, user: str, *roles: str) -> Inbox:
        """A connected client of a person."""

        async def token() -> str:
            return await self.token(user, *roles)

        return Inbox(self.api, token)

    def publisher(self) -> AlertPublisher:
        """A producer."""
        return AlertPublisher(*self._service_bus)

    def service_bus(self) -> AbstractAsyncContextManager[ServiceBusClient]:
        """The queues, for operators."""
        address, credential = self._service_bus
        if credential:
            return ServiceBusClient(address, credential, retry_total=1)
        return ServiceBusClient.from_connection_string(address, retry_total=1)

    async def poisoned(self, expected: int, *, seconds: float = SECONDS) -> list[ServiceBusReceivedMessage]:
        """Take `expected` messages from the queue `alerts-poison`."""
        async with self.service_bus() as client, client.get_queue_receiver("alerts-poison") as receiver:
            return await _take(receiver, expected, seconds)

    async def parked(self) -> int:
        """How many messages the queue `alerts-poison` holds (up to 1,000)."""
        async with self.service_bus() as client, client.get_queue_receiver("alerts-poison") as receiver:
            return len(await receiver.peek_messages(1000))

    async def dead_letters(self) -> int:
        """How many messages the dead-letter queue of `alerts` shows (up to 1,000)."""
        async with (
            self.service_bus() as client,
            client.get_queue_receiver("alerts", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as receiver,
        ):
            return len(await receiver.peek_messages(1000))

    async def waiting(self) -> int:
        """How many messages the queue `alerts` holds, scheduled ones included (up to 1,000)."""
        async with self.service_bus() as client, client.get_queue_receiver("alerts") as receiver:
            return len(await receiver.peek_messages(1000))


def own(inbox: Inbox) -> dict[str, dict[str, Any]]:
    """The cards in an inbox but for those to everyone, which other tests send."""
    return {key: card for key, card in inbox.cards.items() if card.get("audience") != "everyone"}


async def _take(receiver: ServiceBusReceiver, expected: int, seconds: float) -> list[ServiceBusReceivedMessage]:
    messages: list[ServiceBusReceivedMessage] = []
    async with asyncio.timeout(seconds):
        while len(messages) < expected:
            for message in await receiver.receive_messages(expected, max_wait_time=1):
                await receiver.complete_message(message)
                messages.append(message)
    return messages


async def eventually(condition: Callable[[], Any], seconds: float = SECONDS) -> None:
    """Ask again and again until an asynchronous condition holds.

    Raises:
        TimeoutError: it did not, for so long.
    """
    async with asyncio.timeout(seconds):
        while True:
            try:
                if await condition():
                    return
            except (aiohttp.ClientError, AzureError):
                pass  # a service is on its way down or up
            await asyncio.sleep(0.1)
