"""The host: an app, what starts its functions, and the order in which they start and end."""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from emulators.process import Options

from . import bindings, host_json, logs, settings, telemetry
from .bindings import Function, ServiceBusTrigger, TimerTrigger
from .errors import AppError, HostError
from .host_json import HostJson
from .http_server import HttpServer
from .invocations import Invoker
from .queue_listener import QueueListener
from .runtime import Runtime
from .settings import LocalSettings
from .timer_listener import TimerListener

STOP_SECONDS = 30.0
"""How long invocations that are running may take to end when the host stops."""
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class App:
    """A function app, indexed and understood."""

    runtime: Runtime
    functions: tuple[Function, ...]
    host_json: HostJson
    local_settings: LocalSettings
    end_telemetry: Callable[[], None]
    """Sends what was not sent yet."""


def load(folder: Path, settings_file: Path | None = None) -> App:
    """Read an app's settings, put them into the environment, and index its functions.

    Raises:
        HostError: the app cannot be run; all functions that are refused are named.
    """
    folder = folder.resolve()
    local_settings = settings.load(folder, settings_file)
    settings.apply(local_settings, os.environ)
    configuration = host_json.load(folder, os.environ)
    end_telemetry = telemetry.configure(telemetry.read(os.environ), os.environ)
    os.chdir(folder)  # as in Azure, where the app's folder is the worker's
    runtime = Runtime.load(folder)
    functions: list[Function] = []
    problems: list[str] = []
    for indexed in runtime.functions:
        try:
            functions.append(bindings.read(indexed, os.environ, configuration.route_prefix))
        except HostError as error:
            problems.append(str(error))
    if problems:
        raise AppError("\n".join(problems))
    return App(runtime, tuple(functions), configuration, local_settings, end_telemetry)


class FunctionsHost:
    """Runs an app until it is stopped.

    Args:
        app: what to run.
        options: where to listen, and where timers keep their status.
    """

    def __init__(self, app: App, options: Options) -> None:
        self._app = app
        self._options = options
        self._invoker = Invoker(app.runtime)
        self._http = HttpServer(app.functions, self._invoker, app.host_json.route_prefix, app.local_settings.cors)
        self._listeners = self._listen()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> str:
        """Accept requests and start listening to queues and the clock; returns the URL.

        Raises:
            OSError: the address is taken.
        """
        logs.install(self._invoker.running)
        for key in self._app.host_json.ignored:
            _logger.warning("%s is not a setting of this host and is ignored", key)
        url = await self._http.start(self._options.host, self._options.port)
        self._tasks = [asyncio.create_task(listener.run()) for listener in self._listeners]
        for task in self._tasks:
            task.add_done_callback(_report_failure)
        return url

    async def stop(self) -> None:
        """Take no new work, finish and settle what is running, and give back what was received and not begun."""
        for listener in self._listeners:
            listener.stop()
        ending = [*self._tasks, asyncio.create_task(self._http.stop())]
        _, late = await asyncio.wait(ending, timeout=STOP_SECONDS)
        for task in late:
            task.cancel()
        if self._invoker.running:
            names = ", ".join(sorted(set(self._invoker.running.values())))
            _logger.error("still running after %.0f s and given up: %s", STOP_SECONDS, names)
        else:
            await self._app.runtime.close()
        await asyncio.to_thread(self._app.end_telemetry)

    def _listen(self) -> list[QueueListener | TimerListener]:
        timers = self._options.data / "timers" if self._options.data else None
        found: list[QueueListener | TimerListener] = []
        for function in self._app.functions:
            trigger = function.trigger
            if function.is_disabled:
                continue
            if isinstance(trigger, ServiceBusTrigger):
                found.append(QueueListener(function, trigger, self._app.host_json.service_bus, self._invoker))
            elif isinstance(trigger, TimerTrigger):
                found.append(TimerListener(function, trigger, self._invoker, timers))
        return found


def _report_failure(listener: asyncio.Task[None]) -> None:
    if not listener.cancelled() and (error := listener.exception()):
        _logger.error("a trigger ended and will start nothing more", exc_info=error)
