"""A transport of Azure Core that answers from memory: what would be sent, without a socket."""

import json
from collections.abc import AsyncIterator, Mapping, MutableMapping
from types import TracebackType
from typing import Any, override

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest import AsyncHttpResponse, HttpRequest
from multidict import CIMultiDict


class MemoryResponse(AsyncHttpResponse):
    """An answer that is there as a whole from the start."""

    def __init__(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self._status = status
        self._body = body
        self._headers: MutableMapping[str, str] = CIMultiDict(headers or {})
        self._request: HttpRequest | None = None
        self._encoding: str | None = None

    def to(self, request: HttpRequest) -> "MemoryResponse":
        """This answer, to a request."""
        self._request = request
        return self

    @property
    @override
    def request(self) -> HttpRequest:
        assert self._request is not None
        return self._request

    @property
    @override
    def status_code(self) -> int:
        return self._status

    @property
    @override
    def headers(self) -> MutableMapping[str, str]:
        return self._headers

    @property
    @override
    def reason(self) -> str:
        return f"reason {self._status}"

    @property
    @override
    def content_type(self) -> str | None:
        return self._headers.get("Content-Type")

    @property
    @override
    def is_closed(self) -> bool:
        return False

    @property
    @override
    def is_stream_consumed(self) -> bool:
        return True

    @property
    @override
    def encoding(self) -> str | None:
        return self._encoding

    @encoding.setter
    @override
    def encoding(self, value: str | None) -> None:
        self._encoding = value

    @property
    @override
    def url(self) -> str:
        return self.request.url

    @property
    @override
    def content(self) -> bytes:
        return self._body

    @override
    def text(self, encoding: str | None = None) -> str:
        return self._body.decode(encoding or "utf-8", errors="replace")

    @override
    def json(self) -> Any:
        return json.loads(self._body)

    @override
    def raise_for_status(self) -> None:
        if self._status >= 400:
            raise HttpResponseError(response=self)

    @override
    async def read(self) -> bytes:
        return self._body

    @override
    async def iter_raw(self, **_: Any) -> AsyncIterator[bytes]:
        yield self._body

    @override
    async def iter_bytes(self, **_: Any) -> AsyncIterator[bytes]:
        yield self._body

    @override
    async def close(self) -> None:
        pass  # there is nothing to close

    @override
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        pass  # there is nothing to close


class MemoryTransport(AsyncHttpTransport[HttpRequest, AsyncHttpResponse]):
    """Answers each request by the next of its answers, and where that is an error raises it. Sleeps take no time."""

    def __init__(self, *answers: MemoryResponse | Exception) -> None:
        self._answers = list(answers)
        self.requests: list[HttpRequest] = []
        self.headers: list[dict[str, str]] = []
        """Of each request, as they were when it was sent."""
        self.options: list[dict[str, Any]] = []
        self.sleeps: list[float] = []
        self.closed = False

    @override
    async def send(self, request: HttpRequest, **options: Any) -> AsyncHttpResponse:
        self.requests.append(request)
        self.headers.append(dict(request.headers))
        self.options.append(options)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer.to(request)

    @override
    async def sleep(self, duration: float) -> None:
        self.sleeps.append(duration)

    @override
    async def open(self) -> None:
        pass  # there is nothing to open

    @override
    async def close(self) -> None:
        self.closed = True

    @override
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self.close()
