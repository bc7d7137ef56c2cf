"""The linked back end: requests go on to it as they came, and its answers come back as they are."""

import logging
from http import HTTPStatus
from typing import Final

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

from emulators.static_web_apps.passing_on import request_headers, response_headers

SECONDS: Final = 45.0
"""How long an answer may take, as in Azure."""
_CHUNK: Final = 64 * 1024
_log = logging.getLogger(__name__)


class Backend:
    """Where `/api` leads. Close it at the end.

    Args:
        url: its address, without a path.
        seconds: how long an answer may take.
        replace_authorization: put a token of this service where the client's stands.
    """

    def __init__(self, url: str, seconds: float, *, replace_authorization: bool) -> None:
        self._url = url.rstrip("/")
        self._seconds = seconds
        self._replace_authorization = replace_authorization
        self._session = aiohttp.ClientSession(
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=(hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE, hdrs.USER_AGENT),
            timeout=aiohttp.ClientTimeout(total=seconds),
            # One person's many open requests must not keep another's waiting; a sleeping connection is not trusted.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=5.0),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def forward(self, request: web.BaseRequest, path: str | None) -> web.StreamResponse:
        """Pass a request on, and its answer back.

        Args:
            request: with the body still to be read.
            path: instead of the one asked for.
        """
        raw_path, mark, query = request.raw_path.partition("?")
        target = self._url + (path or raw_path) + mark + query
        headers = request_headers(
            request.headers.items(),
            f"{request.scheme}://{request.host}{request.raw_path}",
            request.remote or "",
            replace_authorization=self._replace_authorization,
        )
        body = request.content if request.body_exists else None
        response: web.StreamResponse | None = None
        try:
            async with self._session.request(
                request.method, URL(target, encoded=True), headers=headers, data=body, allow_redirects=False
            ) as answer:
                response = web.StreamResponse(
                    status=answer.status,
                    reason=answer.reason,
                    headers=CIMultiDict(response_headers(answer.headers.items())),
                )
                await response.prepare(request)
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    await response.write(chunk)
                await response.write_eof()
                return response
        except TimeoutError:
            problem = _problem(HTTPStatus.GATEWAY_TIMEOUT, f"The API did not answer within {self._seconds:g} seconds.")
        except aiohttp.ClientError as error:
            if request.transport is None or request.transport.is_closing():
                raise  # the client has gone: nobody is there to be answered
            _log.warning("%s %s: %s", request.method, raw_path, error)
            problem = _problem(HTTPStatus.BAD_GATEWAY, "The API cannot be reached.")
        if response is None or not response.prepared:
            return problem
        if request.transport:  # half an answer must not pass for a whole one
            request.transport.abort()
        return response


def _problem(status: HTTPStatus, detail: str) -> web.Response:
    document = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status,
        "code": status.phrase.lower().replace(" ", "-"),
        "detail": detail,
    }
    return web.json_response(document, status=status, content_type="application/problem+json")
