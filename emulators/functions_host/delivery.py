"""From a receiver to a function and back: receives, invokes, and settles by how the invocation ended.

As the Service Bus extension does: success completes (unless `autoCompleteMessages` is off) and an exception abandons. A
function that takes single messages is invoked for several at a time, and their locks are renewed. A function that takes
batches is invoked for one batch at a time, and **locks of batches are not renewed**: it must end within the queue's
lock duration, or its messages come again.

Source: ServiceBusListener (Microsoft.Azure.WebJobs.Extensions.ServiceBus 5), ServiceBusProcessor (Azure.Messaging.
ServiceBus 7).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import AzureError
from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusReceiver
from azure.servicebus.exceptions import MessageLockLostError

from . import message_metadata
from .batching import BatchBuffer
from .bindings import Function, ServiceBusTrigger
from .errors import BodyBindingError
from .host_json import ServiceBusOptions
from .invocations import Invoker
from .service_bus_client import message as convert

POLL_SECONDS = 0.5
"""The longest a receive waits, and so the longest that stopping takes when nothing is running."""
_MORE_SECONDS = 0.02
"""How long a batch waits for more once it has a message, as the .NET client does; the client's `socket_timeout` is the
least that it can be."""
_RENEW_AHEAD = timedelta(seconds=10)
"""How long before its end a lock is renewed; half of what is left, if that is less."""
_logger = logging.getLogger(__name__)


class Delivery:
    """Invokes one function with messages and settles them.

    The receiver may be replaced while a function runs: the messages are then settled, by their lock tokens, over the
    new connection.
    """

    def __init__(
        self, function: Function, trigger: ServiceBusTrigger, options: ServiceBusOptions, invoker: Invoker
    ) -> None:
        self._receiver: ServiceBusReceiver
        self._function = function
        self._trigger = trigger
        self._renewal = options.max_lock_renewal
        self._auto_complete = options.auto_complete if trigger.auto_complete is None else trigger.auto_complete
        self._invoker = invoker

    def use(self, receiver: ServiceBusReceiver) -> None:
        """Settle over this receiver from now on."""
        self._receiver = receiver

    async def one(self, received: ServiceBusReceivedMessage) -> None:
        """Invoke the function with a message, keeping its lock meanwhile."""
        ended = asyncio.Event()
        renewal = asyncio.create_task(self._keep_lock(received, ended))
        try:
            succeeded = await self._invoke([received])
        finally:
            ended.set()
            await renewal  # to its end: cutting off a request would break the connection
        await self._settle([received], succeeded=succeeded)

    async def many(self, batch: Sequence[ServiceBusReceivedMessage]) -> None:
        """Invoke the function with a batch."""
        await self._settle(batch, succeeded=await self._invoke(batch))

    async def _invoke(self, batch: Sequence[ServiceBusReceivedMessage]) -> bool:
        messages = [convert(received) for received in batch]
        data_type = self._trigger.data_type
        try:
            value, metadata = (
                message_metadata.many(messages, data_type)
                if self._trigger.many
                else message_metadata.one(messages[0], data_type)
            )
        except BodyBindingError as error:
            _logger.error("%s was not invoked: %s", self._function.name, error)  # noqa: TRY400  # the message says it all
            return False
        return (await self._invoker.invoke(self._function, value, metadata)).succeeded

    async def _settle(self, batch: Sequence[ServiceBusReceivedMessage], *, succeeded: bool) -> None:
        if succeeded and not self._auto_complete:
            return
        settle = self._receiver.complete_message if succeeded else self._receiver.abandon_message
        results = await asyncio.gather(*(settle(received) for received in batch), return_exceptions=True)
        for received, result in zip(batch, results, strict=True):
            if isinstance(result, MessageLockLostError):
                _logger.warning(
                    "%s: the lock of message %s was lost; it will be delivered again",
                    self._function.name,
                    received.sequence_number,
                )
            elif isinstance(result, Exception):
                _logger.warning(
                    "%s: message %s could not be settled and may be delivered again: %s",
                    self._function.name,
                    received.sequence_number,
                    result,
                )

    async def _keep_lock(self, received: ServiceBusReceivedMessage, ended: asyncio.Event) -> None:
        begun = datetime.now(UTC)
        while received.locked_until_utc is not None:
            left = received.locked_until_utc - datetime.now(UTC)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), (left - min(left / 2, _RENEW_AHEAD)).total_seconds())
                return
            if self._renewal is not None and datetime.now(UTC) - begun >= self._renewal:
                return
            try:
                await self._receiver.renew_message_lock(received)
            except (AzureError, ValueError) as error:
                _logger.warning(
                    "%s: the lock of message %s could not be renewed: %s",
                    self._function.name,
                    received.sequence_number,
                    error,
                )
                return


class Singles:
    """Receives for a function that takes single messages: one by one, as many at a time as `maxConcurrentCalls`."""

    def __init__(self, delivery: Delivery, options: ServiceBusOptions, stopping: asyncio.Event) -> None:
        self._delivery = delivery
        self._most = options.max_concurrent_calls
        self._stopping = stopping
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, receiver: ServiceBusReceiver) -> None:
        """Receive until stopped, then wait for what is running.

        Raises:
            AzureError: the connection failed; what is running goes on, and settles over the next receiver.
        """
        self._delivery.use(receiver)
        while not self._stopping.is_set():
            if len(self._running) >= self._most:
                await asyncio.wait(self._running, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                continue
            for received in await receiver.receive_messages(max_message_count=1, max_wait_time=POLL_SECONDS):
                task = asyncio.create_task(self._delivery.one(received))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
        await self.finish()

    async def finish(self) -> None:
        """Wait for what is running, and for its settlement."""
        if self._running:
            await asyncio.wait(self._running)


class Batches:
    """Receives for a function that takes batches: one batch at a time."""

    def __init__(self, delivery: Delivery, options: ServiceBusOptions, stopping: asyncio.Event) -> None:
        self._delivery = delivery
        self._options = options
        self._stopping = stopping

    async def run(self, receiver: ServiceBusReceiver) -> None:
        """Receive until stopped; what is held back for a larger batch is delivered then.

        Raises:
            AzureError: the connection failed; what was held back will be delivered again when its locks end.
        """
        self._delivery.use(receiver)
        options = self._options
        buffer: BatchBuffer[ServiceBusReceivedMessage] = BatchBuffer(
            options.min_batch, options.max_batch, options.max_batch_wait.total_seconds()
        )
        while not self._stopping.is_set():
            patience = POLL_SECONDS
            if buffer.due is not None:
                patience = min(patience, max(buffer.due - time.monotonic(), _MORE_SECONDS))
            received = await self._receive(receiver, patience)
            batch = buffer.add(received, time.monotonic()) or buffer.overdue(time.monotonic())
            if batch:
                await self._delivery.many(batch)
        while batch := buffer.remaining():
            await self._delivery.many(batch)

    async def finish(self) -> None:
        """Nothing outlives `run`: batches are delivered in it, one by one."""

    async def _receive(self, receiver: ServiceBusReceiver, patience: float) -> list[ServiceBusReceivedMessage]:
        """Wait for a first message, then briefly for more: the client alone would wait 0.2 s for a full batch."""
        first = await receiver.receive_messages(max_message_count=1, max_wait_time=patience)
        if not first or self._options.max_batch == 1:
            return first
        more = await receiver.receive_messages(
            max_message_count=self._options.max_batch - 1, max_wait_time=_MORE_SECONDS
        )
        return first + more
