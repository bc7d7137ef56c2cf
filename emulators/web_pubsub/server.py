"""The sockets of the service: HTTP and WebSocket on one port, around a core that has none."""

import asyncio
import logging
import time
import uuid
from collections import Counter
from collections.abc import Iterable

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler

from emulators.process import Options
from emulators.web_pubsub import handshake
from emulators.web_pubsub.connection import Socket
from emulators.web_pubsub.effects import Abort, Close, CloseCode, Effect, Send
from emulators.web_pubsub.errors import WebPubSubError
from emulators.web_pubsub.hubs import Hubs
from emulators.web_pubsub.operations import Operations
from emulators.web_pubsub.rest import MAXIMUM_BODY, Request, Response, failure
from emulators.web_pubsub.routing import API_VERSIONS, Rest
from emulators.web_pubsub.tokens import Credentials
from emulators.web_pubsub.transport import FRAMES_SENT, Transport

KEEP_ALIVE_SECONDS = 20.0
"""How often a silent client is asked whether it is there."""
STOP_SECONDS = 1.0
"""How long open requests and sockets may take to end when the service stops."""
_TIMER_SLACK = 0.05
"""Seconds by which a timer may be early."""
_VIOLATIONS = {CloseCode.PROTOCOL_ERROR, CloseCode.INVALID_PAYLOAD, CloseCode.TOO_BIG}
"""Codes with which the WebSocket layer itself ends a client that does not keep to the protocol."""

_log = logging.getLogger(__name__)


class WebPubSubServer:
    """The service as a process runs it.

    Args:
        options: where it listens. Connections live in memory, as in the service: there is nothing to keep.
        access_key: signs and checks all tokens.
        recovery_seconds: how long a broken reliable connection is kept.
    """

    def __init__(self, options: Options, access_key: str, recovery_seconds: float) -> None:
        self._options = options
        self._recovery_seconds = recovery_seconds
        self._credentials = Credentials(access_key, time.time)
        self._hubs = Hubs(
            clock=time.monotonic,
            new_id=lambda: uuid.uuid4().hex,
            reconnection_token=self._credentials.issue_reconnection,
            recovery_seconds=recovery_seconds,
        )
        self._operations: Counter[str] = Counter()
        self._frames: Counter[str] = Counter()
        self._rest = Rest(Operations(self._hubs, self._credentials), self._credentials, self._operations)
        self._transports: dict[Socket, Transport] = {}
        application = web.Application(client_max_size=MAXIMUM_BODY + 1, middlewares=[_logged])
        application.router.add_get("/_statistics", self._statistics)
        application.router.add_post("/_statistics/reset", self._reset)
        for path in ("/client/hubs/{hub}", "/client", "/client/"):
            application.router.add_get(path, self._client)
        application.router.add_route("*", "/{path:.*}", self._call)
        application.on_shutdown.append(self._close_all)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=STOP_SECONDS)

    async def start(self) -> str:
        """Listen, and return the URL."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._options.host, self._options.port)
        await site.start()
        return self._options.url(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close every socket and stop listening."""
        await self._runner.cleanup()

    async def _close_all(self, _application: web.Application) -> None:
        for transport in self._transports.values():
            transport.close(CloseCode.GOING_AWAY, "The service is stopping.")

    async def _call(self, request: web.Request) -> web.Response:
        length = request.content_length
        body = await request.read() if length is not None and length <= MAXIMUM_BODY else None
        response = self._rest.handle(
            Request(
                method=request.method,
                endpoint=_endpoint(request),
                target=request.raw_path,
                headers={name.lower(): value for name, value in request.headers.items()},
                body=body,
            )
        )
        self._apply(response.effects)
        return _rendered(response)

    async def _statistics(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "operations": dict(self._operations),
                FRAMES_SENT: self._frames[FRAMES_SENT],
                "openConnections": self._hubs.open,
                "recoveringConnections": self._hubs.recovering,
            }
        )

    async def _reset(self, _request: web.Request) -> web.Response:
        self._operations.clear()
        self._frames.clear()
        return web.Response(status=204)

    async def _client(self, request: web.Request) -> web.StreamResponse:
        try:
            wish = handshake.read(
                hub=request.match_info.get("hub") or request.query.get("hub", ""),
                endpoint=_endpoint(request),
                query=request.query,
                headers=request.headers,
            )
            admitted = handshake.admit(wish, self._credentials)
        except WebPubSubError as error:
            return _rendered(failure(error))
        protocols = (admitted.subprotocol,) if admitted.subprotocol else ()
        websocket = web.WebSocketResponse(
            protocols=protocols,
            heartbeat=KEEP_ALIVE_SECONDS,
            max_msg_size=MAXIMUM_BODY,
            autoclose=False,
            compress=False,
        )
        await websocket.prepare(request)
        connection = request.transport
        if connection is None:
            return websocket
        transport = Transport(websocket, connection, self._frames)
        try:
            await self._serve(admitted, websocket, transport)
        finally:
            await transport.finish()
        return websocket

    async def _serve(
        self, admitted: handshake.Admitted, websocket: web.WebSocketResponse, transport: Transport
    ) -> None:
        opened = handshake.open_socket(admitted, self._hubs)
        if opened is None:
            transport.close(CloseCode.POLICY_VIOLATION, "The connection could not be recovered.")
            while (await websocket.receive()).type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                pass
            return
        socket, effects = opened
        self._transports[socket] = transport
        for_good = False
        try:
            self._apply(effects)
            for_good = await self._receive(socket, websocket, transport)
        finally:
            del self._transports[socket]
            self._hubs.ended(socket, for_good=for_good)
            if self._hubs.recovering:
                delay = self._recovery_seconds + _TIMER_SLACK
                asyncio.get_running_loop().call_later(delay, self._hubs.expire)

    async def _receive(self, socket: Socket, websocket: web.WebSocketResponse, transport: Transport) -> bool:
        """Hand on what the client sends until the socket ends; returns whether it ended for good."""
        while True:
            message = await websocket.receive()
            match message.type:
                case WSMsgType.TEXT:
                    self._apply(self._hubs.received(socket, message.data.encode(), binary=False))
                case WSMsgType.BINARY:
                    self._apply(self._hubs.received(socket, message.data, binary=True))
                case WSMsgType.CLOSE:
                    transport.close(message.data or CloseCode.NORMAL, "")
                    return bool(message.data == CloseCode.NORMAL)
                case WSMsgType.ERROR:
                    return websocket.close_code in _VIOLATIONS
                case _:
                    return False

    def _apply(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            transport = self._transports.get(effect.socket)
            if transport is None:
                continue
            match effect:
                case Send(socket, content, binary):
                    if not transport.send(content, binary=binary):
                        self._apply(self._hubs.overflowed(socket))
                case Close(_, code, reason):
                    transport.close(code, reason)
                case Abort():
                    transport.abort()


def _endpoint(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


def _rendered(response: Response) -> web.Response:
    headers = {"api-supported-versions": ", ".join(API_VERSIONS), **response.headers}
    if response.document is None:
        return web.Response(status=response.status, headers=headers)
    return web.json_response(response.document, status=response.status, headers=headers)


@web.middleware
async def _logged(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    # Without the query: it can hold a token.
    _log.info("%s %s %d", request.method, request.path, response.status)
    return response
