"""A request as the operations see it, and what they answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from urllib.parse import parse_qs, unquote

from emulators.notification_hubs.errors import NotificationHubsError, TooLargeError


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request."""

    method: str
    host: str
    """`host:port`, as the client has it."""
    target: str
    """Path and query, as they were sent."""
    headers: Mapping[str, str]
    """With names in lower case."""
    body: bytes | None
    """None if it has more than 64 KiB: such a body is not read."""

    @property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(self.target.partition("?")[0])

    @property
    def parts(self) -> list[str]:
        """The parts of the path between its slashes, each decoded, but for empty ones at its ends."""
        return [unquote(part) for part in self.target.partition("?")[0].strip("/").split("/")]

    @property
    def query(self) -> dict[str, str]:
        """The parameters, each with its last value; names in lower case."""
        parsed = parse_qs(self.target.partition("?")[2], keep_blank_values=True)
        return {name.lower(): values[-1] for name, values in parsed.items()}

    @property
    def content(self) -> bytes:
        """The body.

        Raises:
            TooLargeError: it was not read.
        """
        if self.body is None:
            raise TooLargeError("The request is larger than 64 KB")
        return self.body

    def header(self, name: str) -> str:
        """A header, or the empty string."""
        return self.headers.get(name.lower(), "")


@dataclass(frozen=True, slots=True)
class Response:
    """The answer."""

    status: HTTPStatus
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def failure(error: NotificationHubsError, tracking_id: str, at: datetime) -> Response:
    """The answer to a request that was refused."""
    body = error.document(tracking_id, at).encode()
    return Response(error.status, body, "application/xml; charset=utf-8")
