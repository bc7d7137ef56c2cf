"""The system under measurement: a local cloud of its own, and what tells how far it is."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final, Self

import aiohttp
from azure.servicebus.aio import ServiceBusClient

from belfry.aio import AlertPublisher
from benchmarks.asking import Asking
from benchmarks.filling import Filling
from demo.connecting import Addresses, token_source
from emulators.cloud import SHOP, Cloud
from shared.azure.service_bus import ALERTS, POISON

POLL_SECONDS: Final = 0.02
"""Between two looks at the queue; no time that ends with an empty queue is more exact than this."""
DRAIN_SECONDS: Final = 300.0


class NotDeliveredError(Exception):
    """Alerts were not delivered."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the services did since they were started."""

    request_units: float
    """Of Cosmos DB."""
    cosmos: Counter[str]
    """Calls by kind, for example `query`; those that failed are left out."""
    web_pubsub: Counter[str]
    """Calls by kind, for example `send_to_group`."""
    frames: int
    """That Web PubSub sent to clients."""
    notification_hubs: Counter[str]
    """Calls by kind, for example `send`."""

    @property
    def cosmos_calls(self) -> int:
        """Calls of any kind."""
        return self.cosmos.total()

    @property
    def web_pubsub_calls(self) -> int:
        """Calls of any kind."""
        return self.web_pubsub.total()

    @property
    def notification_hubs_calls(self) -> int:
        """Calls of any kind."""
        return self.notification_hubs.total()

    def __sub__(self, earlier: Self) -> "Usage":
        return Usage(
            self.request_units - earlier.request_units,
            self.cosmos - earlier.cosmos,
            self.web_pubsub - earlier.web_pubsub,
            self.frames - earlier.frames,
            self.notification_hubs - earlier.notification_hubs,
        )


class System:
    """A running system, for as long as the context is entered.

    Args:
        cloud: where it runs.
    """

    publisher: AlertPublisher
    """Puts alerts on its queue."""
    filling: Filling
    """Puts into its database what is usually there already."""
    settings: dict[str, str]
    """The application's."""

    def __init__(self, cloud: Cloud) -> None:
        self.addresses = Addresses.of(cloud)
        self.shop = cloud.urls[SHOP]
        """The web client's address."""
        self._urls = cloud.urls
        self.settings = cloud.settings()
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        enter = self._open.enter_async_context
        connection = self.addresses.service_bus
        self.publisher = await enter(AlertPublisher(connection))
        self.filling = await enter(Filling(self.settings))
        client = await enter(ServiceBusClient.from_connection_string(connection))
        self._queue = await enter(client.get_queue_receiver(ALERTS))
        self._poison = await enter(client.get_queue_receiver(POISON))
        # As many requests at once as there are people who ask.
        connector = aiohttp.TCPConnector(limit=0)
        self._session = await enter(aiohttp.ClientSession(connector=connector, raise_for_status=True))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def drained(self) -> None:
        """Wait until every message was delivered: it leaves the queue once its alert was stored and published.

        Raises:
            TimeoutError: messages were left after `DRAIN_SECONDS`.
            NotDeliveredError: some left the queue for another reason.
        """
        async with asyncio.timeout(DRAIN_SECONDS):
            # From the first number on: without it the client goes on behind what it has seen.
            while await self._queue.peek_messages(1, sequence_number=1):  # noqa: ASYNC110  # a queue does not call back
                await asyncio.sleep(POLL_SECONDS)
        if await self._poison.peek_messages(1, sequence_number=1):
            raise NotDeliveredError("alerts were parked, so no figure would be true")

    async def asking(self, user: str, *roles: str) -> Asking:
        """Someone who asks for their inbox, signed in already."""
        token = await token_source(self._session, self.addresses.identity, user, roles)()
        return Asking(self._session, self.addresses.api, token)

    async def usage(self) -> Usage:
        """What the services did so far."""
        cosmos = await self._statistics("cosmos")
        web_pubsub = await self._statistics("web_pubsub")
        notification_hubs = await self._statistics("notification_hubs")
        return Usage(
            request_units=cosmos["requestCharge"],
            cosmos=Counter(cosmos["operations"]),
            web_pubsub=Counter(web_pubsub["operations"]),
            frames=web_pubsub["framesSent"],
            notification_hubs=Counter(notification_hubs["operations"]),
        )

    async def _statistics(self, service: str) -> dict[str, Any]:
        async with self._session.get(f"{self._urls[service]}/_statistics") as response:
            content: dict[str, Any] = await response.json()
            return content
