"""Where the provider may send a person: addresses of this machine, and those that were registered."""

import ipaddress
import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

_AMBIGUOUS = re.compile(r"[^\x21-\x7e]|[\\@]")
"""Characters that browsers and `urlsplit` read differently, so that one could see this machine and the other not."""


class ResponseMode(StrEnum):
    """Which part of the redirect URI carries the answer."""

    QUERY = "query"
    FRAGMENT = "fragment"


def is_loopback(url: str) -> bool:
    """Whether an http(s) URL leads to this machine, whichever port it names."""
    parts = _split(url)
    if parts is None or parts.hostname is None:
        return False
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def is_allowed(url: str, registered: Collection[str]) -> bool:
    """Whether a person may be sent to `url`: registered, letter for letter, or on this machine; without a fragment."""
    return url in registered or ("#" not in url and is_loopback(url))


def is_allowed_origin(origin: str, registered: Collection[str]) -> bool:
    """Whether a page of `origin` (scheme, host, port) may read answers: on this machine, or of a registered URL."""
    return is_loopback(origin) or any(origin == _origin(url) for url in registered)


def is_registrable(url: str) -> bool:
    """Whether `url` is an absolute http(s) URL without a fragment."""
    return "#" not in url and _split(url) is not None


def with_answer(url: str, answer: Mapping[str, str], mode: ResponseMode = ResponseMode.QUERY) -> str:
    """`url` with the answer added to its query, which is kept, or as its fragment."""
    parts = urlsplit(url)
    encoded = urlencode(answer)
    if mode is ResponseMode.FRAGMENT:
        return urlunsplit(parts._replace(fragment=encoded))
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, encoded)))))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _split(url: str) -> SplitResult | None:
    """The parts of an absolute http(s) URL; None for anything else."""
    if _AMBIGUOUS.search(url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # not a port, or an unfinished IPv6 address
        return None
    return parts if usable else None
