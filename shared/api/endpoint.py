"""What there is to say about one operation of the HTTP API."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from shared.api.problems import Code
from shared.api.schemas import Schema

_EVERY: Final = (Code.INVALID_PARAMETER, Code.UNAUTHENTICATED, Code.INTERNAL, Code.UNAVAILABLE)
"""What can happen to every request that needs a token; unknown parameters are refused."""


class Parameter(Struct, frozen=True, kw_only=True):
    """A parameter of the route, of the query, or a header."""

    name: str
    place: str
    """`path`, `query` or `header`."""
    schema: Schema
    description: str = ""
    required: bool = False


class Body(Struct, frozen=True, kw_only=True):
    """What a request carries."""

    schemas: Mapping[str, Schema]
    """By media type."""
    examples: Mapping[str, Mapping[str, Any]]
    """By media type and name."""
    required: bool = True


class Answer(Struct, frozen=True, kw_only=True):
    """An answer that is no problem document."""

    description: str
    status: int = 200
    schema: Schema | None = None
    """None: it has no body."""
    example: Any = None
    headers: Mapping[str, str] = {}
    """Descriptions, by name."""
    leads_to: Mapping[str, Mapping[str, str]] = {}
    """Operations that go on from here: by name, the expression in the answer for each of their parameters."""


class Endpoint(Struct, frozen=True, kw_only=True):
    """One operation."""

    name: str
    """As the function is named, in camel case."""
    method: str
    path: str
    tag: str
    summary: str
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    answers: tuple[Answer, ...]
    problems: tuple[Code, ...] = ()
    roles: tuple[str, ...] = ()
    """What the token must have."""
    public: bool = False
    """Whether it needs no token."""

    @property
    def every_problem(self) -> tuple[Code, ...]:
        """Everything that can go wrong with it, in the order of `Code`."""
        possible = {*self.problems, *(() if self.public else _EVERY)}
        return tuple(code for code in Code if code in possible)
