"""`staticwebapp.config.json`: read, checked, and refused by name where it asks for what is not served here."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from emulators.static_web_apps.patterns import Pattern

FILE_NAME: Final = "staticwebapp.config.json"
LARGEST_FILE: Final = 20 * 1024
"""Bytes, as in Azure."""

Method = Literal["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
HeaderName = Annotated[str, Meta(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$(?!\n)")]
HeaderValue = Annotated[str, Meta(pattern=r"^[\t\x20-\x7e]*$(?!\n)")]
Headers = dict[HeaderName, HeaderValue]
Path = Annotated[str, Meta(pattern="^/")]
Status = Annotated[int, Meta(ge=200, le=599)]
Moved = frozenset((301, 302))


class ConfigurationError(Exception):
    """The configuration is not as Azure takes it, or asks for what is not served here."""


class _Part(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    pass


class Route(_Part, frozen=True):
    """What is done with requests whose path and method match; the first that matches counts."""

    route: str
    methods: frozenset[Method] | None = None
    rewrite: Path | None = None
    redirect: str | None = None
    status_code: Status | None = None
    headers: Headers = {}

    @property
    def pattern(self) -> Pattern:
        """Which paths."""
        return Pattern(self.route)

    def __post_init__(self) -> None:
        if self.rewrite and self.redirect:
            raise ValueError(f"The route `{self.route}` has both `rewrite` and `redirect`.")
        if self.redirect and self.status_code not in {None, *Moved}:
            raise ValueError(f"The route `{self.route}` redirects: its `statusCode` is 301 or 302.")
        _ = self.pattern


class Fallback(_Part, frozen=True):
    """Which file answers paths that no file has, so that an app in the page can route them."""

    rewrite: str
    exclude: tuple[str, ...] = ()

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Paths that are not answered so."""
        return tuple(Pattern(text) for text in self.exclude)

    def __post_init__(self) -> None:
        if is_api("/" + self.rewrite.lstrip("/")):
            raise ValueError("`navigationFallback.rewrite` leads to the API, which is not served here.")
        _ = self.patterns


class Override(_Part, frozen=True):
    """What is answered instead of an error."""

    rewrite: Path | None = None
    redirect: str | None = None
    status_code: Status | None = None

    def __post_init__(self) -> None:
        if (self.rewrite is None) == (self.redirect is None):
            raise ValueError("An override has either `rewrite` or `redirect`.")
        if self.redirect and self.status_code not in {None, *Moved}:
            raise ValueError("An override that redirects has the `statusCode` 301 or 302.")


class Configuration(_Part, frozen=True):
    """The whole file; without one, the defaults."""

    schema: str = msgspec.field(default="", name="$schema")
    routes: tuple[Route, ...] = ()
    navigation_fallback: Fallback | None = None
    response_overrides: dict[Literal["400", "401", "403", "404"], Override] = {}
    global_headers: Headers = {}
    mime_types: dict[Annotated[str, Meta(pattern=r"^\.\w+$(?!\n)")], HeaderValue] = {}


def read(content: bytes) -> Configuration:
    """The configuration that a file holds.

    Raises:
        ConfigurationError: it cannot be served; the error names the place.
    """
    if len(content) > LARGEST_FILE:
        raise ConfigurationError(f"{FILE_NAME} has {len(content)} bytes; Azure takes {LARGEST_FILE}.")
    try:
        return msgspec.json.decode(content, type=Configuration)
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"{FILE_NAME}: {error}") from error


def is_api(path: str) -> bool:
    """Whether a path belongs to the linked back end."""
    return path.lower().startswith("/api/")
