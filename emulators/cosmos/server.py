"""The sockets: aiohttp's server in front of the engine."""

import asyncio
import contextlib
import logging
from typing import Final

from aiohttp import web

from emulators.cosmos.engine import Engine
from emulators.cosmos.wire import Request
from emulators.process import Options

LONGEST_BODY: Final = 4 * 1024 * 1024
"""More than the service takes, so that the engine can refuse it in the service's words."""
LONGEST_HEADER: Final = 32 * 1024
PURGE_SECONDS: Final = 1.0
STOP_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)


class Server:
    """One engine on one port.

    Args:
        options: where to listen.
        engine: closed when the server stops.
    """

    def __init__(self, options: Options, engine: Engine) -> None:
        self._options = options
        self._engine = engine
        self._runner: web.ServerRunner | None = None
        self._purging: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Listen; returns the URL of the account."""
        server = web.Server(
            self._serve,
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
            access_log=None,
        )
        self._runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=STOP_SECONDS)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._options.host, self._options.port)
        await site.start()
        self._purging = asyncio.create_task(self._purge())
        return self._options.url(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening, finish what was begun, and close the engine."""
        if self._purging is not None:
            self._purging.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._purging
        if self._runner is not None:
            await self._runner.cleanup()
        self._engine.close()

    async def _serve(self, request: web.BaseRequest) -> web.Response:
        body = bytearray()
        async for chunk in request.content.iter_any():
            if len(body) <= LONGEST_BODY:  # what is longer is read to its end, and refused
                body += chunk
        headers = {name.lower(): value for name, value in request.headers.items()}
        path = request.raw_path.partition("?")[0]
        response = self._engine.handle(Request(request.method, path, headers, bytes(body)))
        _log.info("%s %s %d %s RU", request.method, path, response.status, response.headers["x-ms-request-charge"])
        return web.Response(status=response.status, headers=response.headers, body=response.body or None)

    async def _purge(self) -> None:
        while True:
            await asyncio.sleep(PURGE_SECONDS)
            self._engine.purge()
