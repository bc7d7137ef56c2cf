"""HTTP requests and responses between the socket and a function, with what the host in Azure does to them on the way.

Source: GrpcMessageConversionExtensions.ToRpcHttp and RawScriptResult (Azure/azure-functions-host 4).
"""

from collections.abc import Iterable, Iterator, Mapping
from http.cookies import Morsel, SimpleCookie
from urllib.parse import parse_qsl, quote

from .typed_data import HttpCall

_OURS = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})
"""Response headers that belong to the connection, not to the function."""


def call(
    method: str, url: str, query: str, headers: Iterable[tuple[str, str]], params: Mapping[str, str], body: bytes
) -> HttpCall:
    """The request as the function sees it.

    Args:
        method: as sent.
        url: absolute, with the query.
        query: without the question mark, percent-encoded.
        headers: in their order; a name may come repeatedly, and the values are joined with commas.
        params: captured by the route.
        body: empty if the request came in chunks: the host in Azure passes a body on only if its length was announced.
    """
    joined: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        joined[key] = f"{joined[key]},{value}" if key in joined else value
    return HttpCall(method, url, joined, _query(query), params, body)


def _query(text: str) -> dict[str, str]:
    names: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(text):  # which leaves out keys without a value, as the host does
        names.setdefault(name.lower(), name)
        values.setdefault(name.lower(), []).append(value)
    return {names[key]: ",".join(found) for key, found in values.items()}


def response_headers(headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The function's headers, without those that the host sets itself."""
    return ((name, value) for name, value in headers if name.lower() not in _OURS)


def set_cookie(cookies: Iterable[SimpleCookie]) -> Iterator[str]:
    """The values of the Set-Cookie headers, written as ASP.NET Core writes them."""
    for cookie in cookies:
        yield from (_cookie(morsel) for morsel in cookie.values())


def _cookie(morsel: Morsel[str]) -> str:
    parts = [f"{morsel.key}={quote(morsel.value, safe='')}"]
    parts += [f"{name}={morsel[name]}" for name in ("expires", "max-age", "domain", "path") if morsel[name]]
    parts += ["secure"] if morsel["secure"] else []
    parts += [f"samesite={morsel['samesite'].lower()}"] if morsel["samesite"] else []
    parts += ["httponly"] if morsel["httponly"] else []
    return "; ".join(parts)
