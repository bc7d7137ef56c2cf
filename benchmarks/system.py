"""The system under measurement: a local cloud of its own, and what tells how far it is."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final, Self

import aiohttp
from azure.servicebus.aio import ServiceBusClient

from demo.connecting import Addresses
from emulators.cloud import Cloud
from shared.azure.service_bus import ALERTS

POLL_SECONDS: Final = 0.05
"""Between two looks at the queue; no time that ends with an empty queue is more exact than this."""
DRAIN_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What the services did since they were started."""

    request_units: float
    """Of Cosmos DB."""
    cosmos_calls: int
    web_pubsub_calls: int

    def __sub__(self, earlier: Self) -> "Usage":
        return Usage(
            self.request_units - earlier.request_units,
            self.cosmos_calls - earlier.cosmos_calls,
            self.web_pubsub_calls - earlier.web_pubsub_calls,
        )


@dataclass(frozen=True, slots=True)
class System:
    """A running system."""

    addresses: Addresses
    cosmos: str
    """Address of the local Cosmos DB."""
    web_pubsub: str
    """Address of the local Web PubSub."""

    @classmethod
    def of(cls, cloud: Cloud) -> Self:
        """The one that runs on this local cloud."""
        return cls(Addresses.of(cloud), cosmos=cloud.urls["cosmos"], web_pubsub=cloud.urls["web_pubsub"])

    async def drained(self) -> float:
        """Wait until no message is left, delivered or not; returns the `perf_counter` of that moment.

        A message leaves the queue when the batch that it came in was stored and published.

        Raises:
            TimeoutError: messages were left after `DRAIN_SECONDS`.
        """
        async with (
            asyncio.timeout(DRAIN_SECONDS),
            ServiceBusClient.from_connection_string(self.addresses.service_bus) as client,
            client.get_queue_receiver(ALERTS) as receiver,
        ):
            while await receiver.peek_messages(1):
                await asyncio.sleep(POLL_SECONDS)
            return time.perf_counter()

    async def usage(self) -> Usage:
        """What the services did so far."""
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            cosmos = await _statistics(session, self.cosmos)
            web_pubsub = await _statistics(session, self.web_pubsub)
        return Usage(
            request_units=cosmos["requestCharge"],
            cosmos_calls=sum(cosmos["operations"].values()),
            web_pubsub_calls=sum(web_pubsub["operations"].values()),
        )


async def _statistics(session: aiohttp.ClientSession, service: str) -> dict[str, Any]:
    async with session.get(f"{service}/_statistics") as response:
        content: dict[str, Any] = await response.json()
        return content
