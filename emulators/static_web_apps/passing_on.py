"""Which headers go on to the back end, and which come back. Pure."""

from collections.abc import Iterable
from typing import Final

Pairs = list[tuple[str, str]]

OWN_AUTHORIZATION: Final = "Bearer static-web-apps"
"""Stands where Azure puts a token of its own, which says nothing to the application."""

_HOP_BY_HOP: Final = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
"""They are about one connection, not about the message (RFC 9110, 7.6.1)."""
_SAID_HERE: Final = frozenset(("expect", "host", "x-ms-auth-token", "x-ms-original-url"))
"""Said by this service alone; Azure takes them from nobody, nor any `x-ms-client-principal`."""
_PRINCIPAL: Final = "x-ms-client-principal"


def request_headers(headers: Iterable[tuple[str, str]], url: str, client: str, *, replace_authorization: bool) -> Pairs:
    """What the back end gets.

    Args:
        headers: of the request.
        url: that was asked for, by the client's own words.
        client: its address.
        replace_authorization: put a token of this service where the client's stands.
    """
    pairs = list(headers)
    named = _named(pairs)
    passed = [
        (name, value)
        for name, value in pairs
        if name.lower() not in _HOP_BY_HOP | _SAID_HERE | named and not name.lower().startswith(_PRINCIPAL)
    ]
    if replace_authorization:
        passed = [(name, value) for name, value in passed if name.lower() != "authorization"]
        passed.append(("Authorization", OWN_AUTHORIZATION))
    return [*passed, ("X-MS-Original-URL", url), ("X-Forwarded-For", client)]


def response_headers(headers: Iterable[tuple[str, str]]) -> Pairs:
    """What the client gets."""
    pairs = list(headers)
    named = _named(pairs)
    return [(name, value) for name, value in pairs if name.lower() not in _HOP_BY_HOP | named]


def _named(pairs: Pairs) -> frozenset[str]:
    """The headers that `Connection` names: they, too, are about one connection."""
    values = [value for name, value in pairs if name.lower() == "connection"]
    return frozenset(name.strip().lower() for value in values for name in value.split(","))
