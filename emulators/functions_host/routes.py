"""Route templates, and the table that finds the function for a request.

Templates are ASP.NET Core's: `alerts/{id:int}/{part?}`, `files/{*rest}`, `{page=1}`. Literals are not case-sensitive,
and a slash at the end of the path means nothing. The order in which routes are tried is WebJobsRouteBuilder's
(Microsoft.Azure.WebJobs.Extensions.Http): segment by segment, literals before parameters, more constraints before
fewer, longer templates before shorter ones; then as they were declared. A route that does not take the method is as
good as none: there is no 405.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cmp_to_key
from urllib.parse import unquote

from .constraints import Constraint
from .constraints import parse as parse_constraint
from .errors import RouteSyntaxError

_PARAMETER = re.compile(
    r"\{(?P<star>\*{0,2})(?P<name>[^{}/:=?*]+)(?P<constraints>(?::[^{}=?]+)*)(?P<end>\?|=[^{}?]*)?\}"
)
_ENCODED_SLASH = re.compile(r"(%2F)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Literal:
    """A segment that must be there as it is, in any case."""

    text: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A segment that is captured."""

    name: str
    constraints: tuple[Constraint, ...] = ()
    optional: bool = False
    catch_all: bool = False
    """Takes the rest of the path, also an empty rest."""
    default: str | None = None

    @property
    def may_be_absent(self) -> bool:
        """Whether the path may end before it."""
        return self.optional or self.catch_all or self.default is not None

    def accepts(self, value: str) -> bool:
        """Whether all constraints are met."""
        return all(constraint.accepts(value) for constraint in self.constraints)


type Segment = Literal | Parameter


@dataclass(frozen=True, slots=True)
class Route:
    """A function's place in the table."""

    function: str
    template: tuple[Segment, ...]
    methods: frozenset[str] | None
    """In upper case; None takes every method."""


@dataclass(frozen=True, slots=True)
class Match:
    """The function for a request, and what its route captured."""

    function: str
    params: Mapping[str, str]


def parse(template: str) -> tuple[Segment, ...]:
    """Read a route template.

    Raises:
        RouteSyntaxError: it is malformed, or uses a part of the syntax that is not served.
    """
    segments = tuple(_segment(text) for text in template.strip("/").split("/")) if template.strip("/") else ()
    names = [segment.name.lower() for segment in segments if isinstance(segment, Parameter)]
    if len(names) != len(set(names)):
        raise RouteSyntaxError(f"the route '{template}' names a parameter twice")
    if any(isinstance(segment, Parameter) and segment.catch_all for segment in segments[:-1]):
        raise RouteSyntaxError(f"the route '{template}' goes on after a catch-all parameter")
    return segments


def _segment(text: str) -> Segment:
    if not text:
        raise RouteSyntaxError("a route has an empty segment")
    if not set(text) & set("{}*?"):
        return Literal(text)
    found = _PARAMETER.fullmatch(text)
    if not found:
        raise RouteSyntaxError(
            f"the route segment '{text}' is not served: a parameter is a whole segment, as {{id:int}}"
        )
    end = found["end"] or ""
    catch_all = bool(found["star"])
    if catch_all and end == "?":
        raise RouteSyntaxError(f"the catch-all parameter in '{text}' cannot be optional")
    return Parameter(
        found["name"],
        tuple(parse_constraint(part) for part in found["constraints"].split(":")[1:]),
        optional=end == "?",
        catch_all=catch_all,
        default=end[1:] if end.startswith("=") else None,
    )


class Table:
    """All routes of an app, in the order in which they are tried."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = sorted(routes, key=cmp_to_key(_compare))

    def find(self, method: str, path: str) -> Match | None:
        """The first route that takes the request.

        Args:
            method: in any case.
            path: as it was sent, percent-encoded.
        """
        segments = [_decode(segment) for segment in path.removeprefix("/").split("/")]
        if not segments[-1]:
            segments.pop()
        for route in self._routes:
            if route.methods is None or method.upper() in route.methods:
                params = _match(route.template, segments, trailing_slash=path.endswith("/"))
                if params is not None:
                    return Match(route.function, params)
        return None


def _decode(segment: str) -> str:
    """Percent-decode all but an encoded slash, which stays as it is, as in Kestrel."""
    return "".join(part if _ENCODED_SLASH.fullmatch(part) else unquote(part) for part in _ENCODED_SLASH.split(segment))


def _match(template: tuple[Segment, ...], path: list[str], *, trailing_slash: bool) -> dict[str, str] | None:
    params: dict[str, str] = {}
    for index, segment in enumerate(template):
        value: str | None = path[index] if index < len(path) else None
        if isinstance(segment, Literal):
            if value is None or value.lower() != segment.text.lower():
                return None
            continue
        if segment.catch_all and value is not None:
            value = "/".join(path[index:]) + ("/" if trailing_slash else "")
        if value is None:
            if not segment.may_be_absent:
                return None
            value = segment.default
        elif not value:
            return None
        if value is not None:
            if not segment.accepts(value):
                return None
            params[segment.name] = value
    ends_open = bool(template) and isinstance(template[-1], Parameter) and template[-1].catch_all
    return params if ends_open or len(path) <= len(template) else None


def _compare(one: Route, other: Route) -> int:
    for left, right in zip(one.template, other.template, strict=False):
        if isinstance(left, Literal) and isinstance(right, Literal):
            if left.text.lower() != right.text.lower():
                return -1 if left.text.lower() < right.text.lower() else 1
        elif isinstance(left, Literal):
            return -1
        elif isinstance(right, Literal):
            return 1
        elif len(left.constraints) != len(right.constraints):
            return len(right.constraints) - len(left.constraints)
    return len(other.template) - len(one.template)
