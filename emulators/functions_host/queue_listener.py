"""Listens to a queue for one function, over a connection that is made again whenever it fails.

What happens to the messages is in `delivery.py`.
"""

import asyncio
import contextlib
import logging

from . import service_bus_client
from .bindings import Function, ServiceBusTrigger
from .delivery import Batches, Delivery, Singles
from .host_json import ServiceBusOptions
from .invocations import Invoker

_BACKOFF_SECONDS = (0.5, 1.0, 2.0, 5.0)
_logger = logging.getLogger(__name__)


class QueueListener:
    """Keeps one function supplied with messages until it is stopped.

    Args:
        function: the function.
        trigger: its Service Bus trigger.
        options: from host.json.
        invoker: runs the function.
    """

    def __init__(
        self, function: Function, trigger: ServiceBusTrigger, options: ServiceBusOptions, invoker: Invoker
    ) -> None:
        self._trigger = trigger
        self._prefetch = options.prefetch_count
        self._stopping = asyncio.Event()
        delivery = Delivery(function, trigger, options, invoker)
        self._dispatch = (Batches if trigger.many else Singles)(delivery, options, self._stopping)
        self._failures = 0

    def stop(self) -> None:
        """Receive no more; `run` returns once what was received is done and settled."""
        self._stopping.set()

    async def run(self) -> None:
        """Listen until stopped. Nothing that Service Bus does ends it."""
        while not self._stopping.is_set():
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001  # the client raises from several trees, and a listener must go on
                self._report(error)
                delay = _BACKOFF_SECONDS[min(self._failures, len(_BACKOFF_SECONDS)) - 1]
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), delay)
        await self._dispatch.finish()

    async def _listen(self) -> None:
        trigger = self._trigger
        async with service_bus_client.open_receiver(trigger.connection, trigger.queue, self._prefetch) as receiver:
            if self._failures:
                self._failures = 0
                _logger.warning("queue '%s' is received from again", trigger.queue)
            await self._dispatch.run(receiver)

    def _report(self, error: Exception) -> None:
        self._failures += 1
        if self._failures == 1:
            _logger.warning(
                "queue '%s' cannot be received from and will be tried again until it can: %s",
                self._trigger.queue,
                error,
            )
