"""Service Bus: the queues that alerts come by, and those that this application sends to itself."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC
from typing import Any, Final

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusMessage, ServiceBusMessageBatch
from azure.servicebus.aio import ServiceBusClient, ServiceBusSender
from azure.servicebus.exceptions import MessageSizeExceededError

from shared.azure.calling import calling
from shared.errors import BelfryError, RefusedError
from shared.telemetry import CONTEXT_PROPERTIES
from shared.wire.message import Outgoing

SERVICE: Final = "Service Bus"
ALERTS: Final = "alerts"
POISON: Final = "alerts-poison"


class ServiceBus:
    """The queues `alerts` and `alerts-poison` from the sending side: an `Outbox`.

    Args:
        connection: a connection string (local only), or the namespace's host name.
        credential: needed with a host name.
    """

    def __init__(self, connection: str, credential: AsyncTokenCredential | None = None) -> None:
        # Few and short retries: the caller has the message still.
        if credential:
            self._client = ServiceBusClient(
                connection, credential, retry_total=2, retry_backoff_factor=0.2, retry_backoff_max=2
            )
        else:
            self._client = ServiceBusClient.from_connection_string(
                connection, retry_total=2, retry_backoff_factor=0.2, retry_backoff_max=2
            )
        self._senders: dict[str, ServiceBusSender] = {}
        self._sending = {ALERTS: asyncio.Lock(), POISON: asyncio.Lock()}
        """A sender serves one coroutine at a time."""

    async def again(self, messages: Sequence[Outgoing]) -> None:
        """See `Outbox`."""
        await self.send(ALERTS, messages)

    async def park(self, messages: Sequence[Outgoing]) -> None:
        """See `Outbox`."""
        await self.send(POISON, messages)

    async def send(self, queue: str, messages: Sequence[Outgoing]) -> None:
        """Send messages, as few transfers as they fit into; returns once all are taken.

        Raises:
            TransientError: not all were taken; some may have been.
            RefusedError: one is larger than the queue takes.
        """
        async with self._sending[queue]:
            try:
                async with calling(SERVICE):
                    await self._send(queue, messages)
            except BelfryError:
                await self._discard(queue)
                raise

    async def _send(self, queue: str, messages: Sequence[Outgoing]) -> None:
        sender = self._senders.get(queue)
        if sender is None:
            sender = self._senders[queue] = self._client.get_queue_sender(queue)
        batch: ServiceBusMessageBatch | None = None
        for message in map(to_service_bus, messages):
            if batch is None:
                batch = await sender.create_message_batch()
            try:
                batch.add_message(message)
            except ValueError:  # MessageSizeExceededError is one: the batch is full
                await sender.send_messages(batch)
                batch = await sender.create_message_batch()
                try:
                    batch.add_message(message)
                except MessageSizeExceededError as error:
                    raise RefusedError(f"{SERVICE}: a message is larger than the queue takes") from error
        if batch is not None:
            await sender.send_messages(batch)

    async def _discard(self, queue: str) -> None:
        """Close a link that failed or was interrupted, in whatever state it is; the next use opens a new one."""
        if sender := self._senders.pop(queue, None):
            with suppress(AzureError, TimeoutError):
                async with asyncio.timeout(1):
                    await sender.close()

    async def check(self) -> None:
        """Look at the head of the queue of alerts; raises `BelfryError` when that fails."""
        async with calling(SERVICE, seconds=3), self._client.get_queue_receiver(ALERTS) as receiver:
            await receiver.peek_messages(1, timeout=2)

    async def close(self) -> None:
        """Close the links and the connection."""
        for sender in self._senders.values():
            await sender.close()
        self._senders.clear()
        await self._client.close()


def to_service_bus(message: Outgoing) -> ServiceBusMessage:
    """The SDK's message for one of ours."""
    # The SDK, where it traces, adds the context of the moment unless there is one, and looks for it by names in bytes.
    properties: dict[str | bytes, Any] = {
        name.encode() if name in CONTEXT_PROPERTIES else name: _typed(value)
        for name, value in message.properties.items()
    }
    return ServiceBusMessage(
        message.body,
        message_id=message.message_id,
        content_type=message.content_type,
        application_properties=properties,
        scheduled_enqueue_time_utc=message.scheduled and message.scheduled.astimezone(UTC),
    )


def _typed(value: str | int) -> Any:
    """A property as the SDK sends it whatever its size: it takes numbers for 32 bits wide, and fails if they are not.

    Numbers of messages are wider, in partitioned queues all of them, and so may be what producers add of their own.
    """
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        return {"TYPE": "LONG", "VALUE": value}
    return value
