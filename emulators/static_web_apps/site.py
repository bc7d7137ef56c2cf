"""What a request is answered with, by the rules of the configuration. No sockets and no files in here.

The order is Azure's: the first route that matches; the API; redirects and rewrites; the file; the fallback; the error.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from emulators.static_web_apps.configuration import FILE_NAME, Configuration, Route, is_api

DEFAULT_HEADERS: Final[Mapping[str, str]] = {
    "cache-control": "public, must-revalidate, max-age=30",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-dns-prefetch-control": "off",
    "x-xss-protection": "1; mode=block",
}
"""What Azure sends unless the configuration says otherwise; `strict-transport-security` has no meaning without TLS."""

_FILES: Final = frozenset(("GET", "HEAD"))
"""Methods that files have."""
_REFUSALS: Final = frozenset((HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND))
"""Statuses of a route that are answered as errors."""
_SIGN_IN: Final = "/.auth/"
"""Where Azure has its own sign-in, which is not served here."""


@dataclass(frozen=True, slots=True)
class Page:
    """A file."""

    path: str
    """Below the folder, with `/` in front."""
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Words:
    """An answer without a file: a redirect, an error, or which methods there are."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Forward:
    """The back end answers."""

    path: str | None = None
    """Another path than the one asked for."""


Answer = Page | Words | Forward


class Site:
    """The rules of one deployment.

    Args:
        configuration: the rules.
        has_file: whether a path below the folder is a file.
    """

    def __init__(self, configuration: Configuration, has_file: Callable[[str], bool]) -> None:
        self._configuration = configuration
        self._has_file = has_file
        self._routes = [(route.pattern, route) for route in configuration.routes]
        fallback = configuration.navigation_fallback
        self._excluded = fallback.patterns if fallback else ()

    def answer(self, method: str, path: str) -> Answer:
        """What a request for a decoded path is answered with."""
        route = self._route(method, path)
        headers = self._headers(route)
        status = route.status_code if route else None
        if status in _REFUSALS:
            return self._error(status, headers)
        rewrite = route.rewrite if route else None
        if is_api(rewrite or path):
            return Forward(rewrite)
        if method in _FILES and route and route.redirect and route.redirect != path:
            return Words(status or HTTPStatus.FOUND, {**headers, "location": route.redirect})
        if method not in _FILES:
            told = HTTPStatus.NO_CONTENT if method == "OPTIONS" else HTTPStatus.METHOD_NOT_ALLOWED
            return Words(told, {**headers, "allow": "GET, HEAD, OPTIONS"})
        found = self._file(rewrite or path) or self._fallback(path)
        if found is None:
            return self._error(HTTPStatus.NOT_FOUND, headers)
        return Page(found, status or HTTPStatus.OK, headers)

    def media_type(self, path: str) -> str | None:
        """The media type that the configuration gives to a file."""
        _, dot, extension = path.rpartition("/")[2].rpartition(".")
        return self._configuration.mime_types.get(dot + extension.lower()) if dot else None

    def _route(self, method: str, path: str) -> Route | None:
        for pattern, route in self._routes:
            if (route.methods is None or method in route.methods) and pattern.matches(path):
                return route
        return None

    def _headers(self, route: Route | None) -> Mapping[str, str]:
        merged = dict(DEFAULT_HEADERS)
        for headers in (self._configuration.global_headers, route.headers if route else {}):
            merged |= {name.lower(): value for name, value in headers.items()}
        return {name: value for name, value in merged.items() if value}  # an empty value takes a header away

    def _file(self, path: str) -> str | None:
        """The file of a path: itself, a folder's page, or the page of that name."""
        if _is_kept(path):
            return None
        bare = path.rstrip("/")
        candidates = (path, bare + "/index.html", bare + ".html") if bare else ("/index.html",)
        return next((candidate for candidate in candidates if self._has_file(candidate)), None)

    def _fallback(self, path: str) -> str | None:
        fallback = self._configuration.navigation_fallback
        if fallback is None or _is_kept(path) or any(pattern.matches(path) for pattern in self._excluded):
            return None
        return self._file("/" + fallback.rewrite.lstrip("/"))

    def _error(self, status: int, headers: Mapping[str, str]) -> Answer:
        override = next(
            (rule for code, rule in self._configuration.response_overrides.items() if int(code) == status), None
        )
        if override and override.redirect:
            return Words(override.status_code or HTTPStatus.FOUND, {**headers, "location": override.redirect})
        if override and override.rewrite and (found := self._file(override.rewrite)):
            return Page(found, override.status_code or status, headers)
        return Words(status, headers)


def _is_kept(path: str) -> bool:
    """Whether a path is the service's own: the rules, which nobody gets, or a sign-in that is not served here."""
    return path == "/" + FILE_NAME or path.startswith(_SIGN_IN)
