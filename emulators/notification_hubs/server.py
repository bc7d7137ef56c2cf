"""The socket shell: HTTP in, the hubs' answers, the devices and a page out."""

import logging
import socket
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import randbelow
from typing import Any
from urllib.parse import urlsplit

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from cryptography.hazmat.primitives.asymmetric import ec

from emulators.notification_hubs import feed, vapid
from emulators.notification_hubs.access import SharedAccessKey
from emulators.notification_hubs.database import Database
from emulators.notification_hubs.hubs import Hubs
from emulators.notification_hubs.live import Watchers
from emulators.notification_hubs.operations import Operations
from emulators.notification_hubs.pushing import Pushing
from emulators.notification_hubs.rest import Request
from emulators.notification_hubs.store import Store
from emulators.process import Options

MAXIMUM_BODY = 64 * 1024
"""Bytes of a request; the service takes no more."""
STOP_SECONDS = 1.0
"""How long open requests may take to end when the service stops."""

_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_PAGES = Path(__file__).with_name("pages")
_PAGE_HEADERS: dict[str, str] = {
    hdrs.CACHE_CONTROL: "no-cache",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the command line says."""

    key: SharedAccessKey
    vapid_key: ec.EllipticCurvePrivateKey | None = None
    """None: the one that is kept with the state; it is made when there is none."""
    vapid_subject: str = vapid.SUBJECT
    hosts: frozenset[str] = frozenset()
    """Names, besides this machine's, to which it may post."""


class NotificationHubsService:
    """The hubs as a service of `emulators.process`.

    Args:
        options: where it listens and keeps its state.
        configuration: its keys, and where it may post.
    """

    def __init__(self, options: Options, configuration: Configuration) -> None:
        self._options = options
        self._configuration = configuration
        self._to_close = AsyncExitStack()

    async def start(self) -> str:
        """Listen, and return the URL."""
        family = socket.AF_INET6 if ":" in self._options.host else socket.AF_INET
        listener = socket.create_server((self._options.host, self._options.port), family=family)
        database = self._to_close.enter_context(closing(Database(self._options.database("notification_hubs"))))
        store, watchers = Store(database), Watchers()
        identity = vapid.Vapid(self._vapid_key(store), self._configuration.vapid_subject)
        hubs = Hubs(
            store,
            identity,
            self._configuration.hosts,
            clock=time.time,
            new_id=_notification_id,
            changed=watchers.notify,
        )
        operations = Operations(hubs, self._configuration.key, time.time, lambda: str(uuid.uuid4()))
        pushing = Pushing(hubs)
        self._to_close.push_async_callback(pushing.stop)
        routes = _Routes(operations, hubs, store, watchers, pushing, identity)
        runner = web.AppRunner(routes.application(), access_log=None, shutdown_timeout=STOP_SECONDS)
        self._to_close.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        pushing.start()
        return f"http://localhost:{listener.getsockname()[1]}"

    async def stop(self) -> None:
        """Finish the requests that were begun, and close the database."""
        await self._to_close.aclose()

    def _vapid_key(self, store: Store) -> ec.EllipticCurvePrivateKey:
        if self._configuration.vapid_key is not None:
            return self._configuration.vapid_key
        kept = store.vapid_key()
        if kept is not None:
            return vapid.read_key(kept)
        key = vapid.generate_key()
        store.keep_vapid_key(vapid.written_key(key))
        return key


class _Routes:
    def __init__(
        self,
        operations: Operations,
        hubs: Hubs,
        store: Store,
        watchers: Watchers,
        pushing: Pushing,
        identity: vapid.Vapid,
    ) -> None:
        self._operations = operations
        self._hubs = hubs
        self._store = store
        self._watchers = watchers
        self._pushing = pushing
        self._identity = identity

    def application(self) -> web.Application:
        """All routes."""
        built = web.Application(client_max_size=MAXIMUM_BODY, middlewares=[_logged])
        built.add_routes(
            [
                web.get("/", self.page),
                web.get("/_page/{name}", self.page),
                web.get("/_devices", self.devices),
                web.get("/_events", self.events),
                web.get("/_vapid", self.vapid),
                web.get("/_statistics", self.statistics),
                web.post("/_statistics/reset", self.reset),
                web.route("*", "/{path:.*}", self.call),
            ]
        )
        built.on_shutdown.append(self.shut_down)
        return built

    async def call(self, request: web.Request) -> web.Response:
        response = self._operations.handle(
            Request(
                method=request.method,
                host=request.host,
                target=request.raw_path,
                headers={name.lower(): _text(value) for name, value in request.headers.items()},
                body=await _body(request),
            )
        )
        self._pushing.wake()
        headers = dict(response.headers)
        if response.content_type:
            headers[hdrs.CONTENT_TYPE] = response.content_type
        return web.Response(status=response.status, body=response.body or None, headers=headers)

    async def page(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info.get("name", "index.html")
        if name not in {file.name for file in _PAGES.iterdir()}:
            raise web.HTTPNotFound
        return web.FileResponse(_PAGES / name, headers=_PAGE_HEADERS)

    async def devices(self, request: web.Request) -> web.Response:
        shown = feed.devices(self._store, time.time(), request.query.get("installation"))
        return web.json_response(body=msgspec.json.encode({"devices": shown}), headers=_readable_by(request))

    async def events(self, request: web.Request) -> web.StreamResponse:
        headers = {hdrs.CONTENT_TYPE: "text/event-stream", hdrs.CACHE_CONTROL: "no-store", **_readable_by(request)}
        response = web.StreamResponse(headers=headers)
        # Whoever has gone away is noticed by the next write.
        with suppress(ConnectionResetError), self._watchers.watching() as changes:
            await response.prepare(request)
            await response.write(b": watching\n\n")
            async for event in self._events(changes):
                await response.write(event)
        return response

    async def _events(self, changes: AsyncIterator[set[int]]) -> AsyncIterator[bytes]:
        async for numbers in changes:
            for number in sorted(numbers):
                device = self._store.device(number)
                if device is not None:
                    shown = feed.device(self._store, device, time.time())
                    yield b"event: device\ndata: " + msgspec.json.encode(shown) + b"\n\n"

    async def vapid(self, _: web.Request) -> web.Response:
        # Sites on other ports subscribe with it; it is public.
        return web.json_response(
            {"publicKey": self._identity.public_key, "subject": self._identity.subject},
            headers={hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*"},
        )

    async def statistics(self, _: web.Request) -> web.Response:
        shown: dict[str, Any] = {
            "operations": dict(self._operations.counts),
            "deliveries": dict(self._hubs.counts),
            "installations": self._hubs.registered,
            "waiting": self._hubs.waiting,
        }
        return web.json_response(shown)

    async def reset(self, _: web.Request) -> web.Response:
        self._operations.counts.clear()
        self._hubs.counts.clear()
        return web.Response(status=204)

    async def shut_down(self, _: web.Application) -> None:
        self._watchers.end()


def _readable_by(request: web.Request) -> dict[str, str]:
    """The headers by which pages of this machine, on whatever port, may read an answer; what is pushed is private."""
    origin = request.headers.get(hdrs.ORIGIN, "")
    headers: dict[str, str] = {hdrs.VARY: hdrs.ORIGIN}
    if _is_of_this_machine(origin):
        headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
    return headers


def _is_of_this_machine(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:  # an unfinished IPv6 address
        return False
    return parts.scheme in {"http", "https"} and parts.hostname in _THIS_MACHINE


async def _body(request: web.Request) -> bytes | None:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return None


def _text(header: str) -> str:
    """A header's value without what aiohttp makes of bytes that are no UTF-8, for they could not be stored."""
    return header.encode(errors="surrogateescape").decode(errors="replace")


def _notification_id() -> str:
    """An id as the service makes them: two numbers of up to 19 digits, and a small one."""
    return f"{randbelow(10**19)}-{randbelow(10**19)}-1"


@web.middleware
async def _logged(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    _log.info("%s %s %d", request.method, request.path, response.status)
    return response
