"""Invocations: each gets an id, and is logged when it ends."""

import logging
import time
import uuid
from collections.abc import Mapping

from .bindings import Function
from .runtime import NO_TRACE, Result, Runtime, TraceContext
from .typed_data import TypedData

_logger = logging.getLogger(__name__)


class Invoker:
    """Runs functions and knows which are running."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._running: dict[str, str] = {}

    @property
    def running(self) -> Mapping[str, str]:
        """The invocations that have begun and not ended: id to the function's name."""
        return self._running

    async def invoke(
        self, function: Function, value: TypedData, metadata: Mapping[str, TypedData], trace: TraceContext = NO_TRACE
    ) -> Result:
        """Run a function and log how it went; an exception in it is a result, not an exception."""
        invocation_id = str(uuid.uuid4())
        begun = time.perf_counter()
        self._running[invocation_id] = function.name
        try:
            result = await self._runtime.invoke(
                function.function_id, invocation_id, function.trigger.parameter, value, metadata, trace
            )
        finally:
            del self._running[invocation_id]
        milliseconds = (time.perf_counter() - begun) * 1000
        if result.succeeded:
            _logger.info("%s %s succeeded in %.1f ms", function.name, invocation_id, milliseconds)
        else:
            _logger.error("%s %s failed in %.1f ms\n%s", function.name, invocation_id, milliseconds, result.error)
        return result
