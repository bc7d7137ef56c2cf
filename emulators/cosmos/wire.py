"""A request and a response, free of any HTTP library."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import orjson

from emulators.cosmos.errors import BadRequestError
from emulators.cosmos.values import Document


class Operation(StrEnum):
    """What a request did; the names in `/_statistics`."""

    CREATE = "create"
    READ = "read"
    UPSERT = "upsert"
    REPLACE = "replace"
    DELETE = "delete"
    PATCH = "patch"
    BATCH = "batch"
    QUERY = "query"
    QUERY_PLAN = "queryPlan"
    CHANGE_FEED = "changeFeed"
    METADATA = "metadata"


@dataclass(frozen=True)
class Request:
    """One HTTP request.

    Args:
        method: in capitals.
        path: as sent, percent-encoded, without the query string.
        headers: by name in lower case.
        body: all of it.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The decoded parts of the path."""
        return tuple(unquote(part) for part in self.path.split("/") if part)

    @property
    def is_query(self) -> bool:
        """Whether the body is a query, whatever it is posted to."""
        return self.flag("x-ms-documentdb-isquery") or self.headers.get("content-type", "").startswith(
            "application/query+json"
        )

    def flag(self, name: str) -> bool:
        """Whether a header says true."""
        return self.headers.get(name, "").lower() == "true"

    def whole_number(self, name: str, default: int) -> int:
        """A header that is a whole number.

        Raises:
            BadRequestError: it is something else.
        """
        text = self.headers.get(name)
        if not text:
            return default
        try:
            return int(text)
        except ValueError:
            raise BadRequestError(f"Invalid value '{text[:40]}' in header {name}.") from None

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            BadRequestError: it is not JSON.
        """
        return parse_json(self.body)

    def json_object(self) -> Document:
        """The body as a JSON object.

        Raises:
            BadRequestError: it is not one.
        """
        body = self.json()
        if not isinstance(body, dict):
            raise BadRequestError("The request payload is invalid. Ensure to provide a valid request payload.")
        return body


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response; a body of b"" is none."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a room answers; the engine turns it into a response.

    Args:
        status: HTTP status.
        operation: for the statistics.
        body: JSON, ready to be sent; b"" is none.
        charge: request units.
        headers: by name, besides those that every answer has.
    """

    status: HTTPStatus
    operation: Operation
    body: bytes = b""
    charge: float = 1.0
    headers: Mapping[str, str] = field(default_factory=dict)


def parse_json(text: bytes) -> Any:
    """Decode JSON.

    Raises:
        BadRequestError: it is not JSON.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequestError(
            f"The request payload is invalid. Ensure to provide a valid request payload. ({error})"
        ) from None
