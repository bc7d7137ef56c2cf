"""The HTTP side of the host: functions under the route prefix, `/admin`, and a page that says it runs."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from aiohttp import web

from emulators.process import address

from . import http_messages
from .administration import Administration
from .bindings import Function, HttpTrigger, TimerTrigger
from .cors import Policy
from .invocations import Invoker
from .routes import Match, Route, Table, parse
from .runtime import HttpReply, TraceContext
from .timer_status import timer_info

LARGEST_BODY = 104_857_600
"""Bytes, as in Azure."""
_LARGEST_HEADER = 32_768
"""Bytes; in Azure the limit is for all headers together."""
_STOP_SECONDS = 30.0
_logger = logging.getLogger(__name__)


class HttpServer:
    """Serves requests on one address.

    Args:
        functions: all of the app's; those with other triggers are only listed.
        invoker: runs them.
        prefix: of all routes; may be empty.
        cors: None adds no CORS headers.
    """

    def __init__(self, functions: Iterable[Function], invoker: Invoker, prefix: str, cors: Policy | None) -> None:
        self._functions = {function.name: function for function in functions}
        self._invoker = invoker
        self._cors = cors
        self._table = Table(
            Route(function.name, parse(f"{prefix}/{function.trigger.route}"), function.trigger.methods)
            for function in self._functions.values()
            if isinstance(function.trigger, HttpTrigger) and not function.is_disabled
        )
        self._administration = Administration(self._functions.values(), prefix)
        self._runner: web.ServerRunner | None = None
        self._background: set[asyncio.Task[object]] = set()

    async def start(self, host: str, port: int) -> str:
        """Listen, and return the URL.

        Raises:
            OSError: the address is taken.
        """
        server = web.Server(
            self._handle,
            access_log=None,
            max_field_size=_LARGEST_HEADER,
            auto_decompress=False,  # the function gets the bytes that were sent
        )
        self._runner = web.ServerRunner(server, shutdown_timeout=_STOP_SECONDS)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        return address(host, self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Take no more requests, and wait for those that were begun."""
        self._administration.stopping()
        if self._runner:
            await self._runner.cleanup()
        if self._background:
            await asyncio.wait(self._background)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if self._cors is None or origin is None:
            return await self._answer(request)
        asked = request.headers.get("Access-Control-Request-Method")
        if request.method == "OPTIONS" and asked:
            allowed = request.headers.get("Access-Control-Request-Headers", "")
            return web.Response(
                status=HTTPStatus.NO_CONTENT, headers=self._cors.preflight_headers(origin, asked, allowed)
            )
        response = await self._answer(request)
        response.headers.update(self._cors.response_headers(origin))
        return response

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        path, _, _ = request.raw_path.partition("?")
        if path.lower().startswith("/admin/"):
            return self._admin(request, path)
        match = self._table.find(request.method, path)
        if match:
            return await self._run(request, match)
        if path == "/":
            return web.Response(text="This functions host is up and running.\n")
        return web.Response(status=HTTPStatus.NOT_FOUND)

    def _admin(self, request: web.BaseRequest, path: str) -> web.Response:
        if request.method == "GET":
            document = self._administration.get(path, f"{request.scheme}://{request.host}")
            return web.Response(status=HTTPStatus.NOT_FOUND) if document is None else web.json_response(document)
        function = self._functions.get(path.rpartition("/")[2])
        if request.method == "POST" and function and isinstance(function.trigger, TimerTrigger):
            task = asyncio.create_task(self._invoker.invoke(function, timer_info(None, past_due=False), {}))
            self._background.add(task)
            task.add_done_callback(self._background.discard)
            return web.Response(status=HTTPStatus.ACCEPTED)
        return web.Response(status=HTTPStatus.NOT_FOUND)

    async def _run(self, request: web.BaseRequest, match: Match) -> web.Response:
        body = await self._body(request)
        if body is None:
            return web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        call = http_messages.call(
            request.method,
            f"{request.scheme}://{request.host}{request.raw_path}",
            request.raw_path.partition("?")[2],
            request.headers.items(),
            match.params,
            body,
        )
        trace = TraceContext(request.headers.get("traceparent", ""), request.headers.get("tracestate", ""))
        result = await self._invoker.invoke(self._functions[match.function], call, {}, trace)
        if not result.succeeded:
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)
        return web.Response() if result.reply is None else _response(result.reply)

    async def _body(self, request: web.BaseRequest) -> bytes | None:
        """The body; None if it is too large."""
        if request.content_length is None:
            if request.body_exists:
                _logger.warning(
                    "%s %s: the body came in chunks, without a Content-Length; the function gets none, as in Azure",
                    request.method,
                    request.path,
                )
            return b""
        if request.content_length > LARGEST_BODY:
            return None
        return await request.content.read()


def _response(reply: HttpReply) -> web.Response:
    headers: Mapping[str, str] = dict(http_messages.response_headers(reply.headers))
    response = web.Response(status=reply.status, body=reply.body, headers=headers)
    for cookie in http_messages.set_cookie(reply.cookies):
        response.headers.add("Set-Cookie", cookie)
    return response
