"""Requests and responses, free of any framework."""

from collections.abc import Mapping

from msgspec import Struct

from shared.wire.json import encode


class Request(Struct, frozen=True):
    """What a client asks."""

    method: str
    headers: Mapping[str, str]
    """Names in lower case."""
    query: Mapping[str, str] = {}
    params: Mapping[str, str] = {}
    """From the route."""
    body: bytes = b""

    @property
    def authorization(self) -> str | None:
        """The token and its scheme.

        Azure Static Web Apps puts a token of its own into `Authorization` on the way to a linked back end. So a web
        client sends its token as `X-Authorization` as well, and that one counts.
        """
        return self.headers.get("x-authorization", self.headers.get("authorization"))


class Response(Struct, frozen=True):
    """What it is answered."""

    status: int
    body: bytes
    headers: Mapping[str, str]


_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def json_response(
    value: object, status: int = 200, *, media_type: str = "application/json", headers: Mapping[str, str] | None = None
) -> Response:
    """An answer in JSON. Answers are about one person at one moment: nothing on the way may keep them."""
    return Response(status, encode(value), {"Content-Type": media_type, **_HEADERS, **(headers or {})})


def no_content() -> Response:
    """An answer that says only that it was done."""
    return Response(204, b"", dict(_HEADERS))
