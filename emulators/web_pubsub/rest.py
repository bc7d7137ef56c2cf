"""A REST call as the operations see it, and what they answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from emulators.web_pubsub import names
from emulators.web_pubsub.effects import Effect
from emulators.web_pubsub.errors import BadRequestError, NotServedError, UnsupportedMediaTypeError, WebPubSubError
from emulators.web_pubsub.messages import MAXIMUM_TTL, Data, DataType

MAXIMUM_BODY = 1024 * 1024
"""Bytes of a message."""
_METADATA_PREFIX = "x-webpubsub-metadata-"
_TYPES = {
    "application/json": DataType.JSON,
    "text/plain": DataType.TEXT,
    "application/octet-stream": DataType.BINARY,
}


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request."""

    method: str
    endpoint: str
    """`http(s)://host` as the client has it."""
    target: str
    """Path and query, as they were sent."""
    headers: Mapping[str, str]
    """With names in lower case."""
    body: bytes | None
    """None if its length was not announced or exceeds 1 MiB: such a body is not read."""

    @property
    def path(self) -> str:
        """The path, still encoded."""
        return self.target.partition("?")[0]

    @property
    def url(self) -> str:
        """The whole URL, as a request token names it."""
        return self.endpoint + self.target


@dataclass(frozen=True, slots=True)
class Response:
    """The answer, and what is to happen on sockets before it is given."""

    status: HTTPStatus
    document: Mapping[str, Any] | None = None
    """The JSON body, if there is one."""
    headers: Mapping[str, str] = field(default_factory=dict)
    effects: Sequence[Effect] = ()


def failure(error: WebPubSubError) -> Response:
    """The answer to a request that was refused."""
    document = {"code": error.code, "message": error.message, "target": error.target}
    headers = {"x-ms-error-code": error.code}
    if error.status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(error.status, document, headers)


class Query:
    """The query of a request."""

    def __init__(self, target: str) -> None:
        self._pairs = parse_qsl(target.partition("?")[2], keep_blank_values=True)

    def all(self, name: str) -> list[str]:
        """Every value of a parameter."""
        return [value for key, value in self._pairs if key == name]

    def one(self, name: str) -> str | None:
        """The value of a parameter that is given once, or None.

        Raises:
            BadRequestError: it is given more than once.
        """
        values = self.all(name)
        if len(values) > 1:
            raise BadRequestError(f"The parameter {name} is given more than once.", target=name)
        return values[0] if values else None

    def integer(self, name: str, least: int, greatest: int = 2**31 - 1) -> int | None:
        """A number between `least` and `greatest`, or None if the parameter is absent.

        Raises:
            BadRequestError: it is not such a number.
        """
        text = self.one(name)
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and least <= int(text) <= greatest):
            raise BadRequestError(f"Invalid {name}.", target=name)
        return int(text)


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was routed: the parts of its path are known and decoded."""

    request: Request
    query: Query
    hub: str
    """In lower case."""
    parts: Mapping[str, str]
    """Group, connection, user and permission, as far as the path has them."""

    @property
    def group(self) -> str:
        """The group in the path.

        Raises:
            BadRequestError: it is not the name of a group.
        """
        return names.group(self.parts["group"])

    @property
    def connection(self) -> str:
        """The connection id in the path."""
        return self.parts["connection"]

    @property
    def user(self) -> str:
        """The user id in the path."""
        return self.parts["user"]

    def ttl(self) -> int:
        """The parameter `messageTtlSeconds`; 0 keeps a message.

        Raises:
            BadRequestError: it is not between 0 and 300.
        """
        return self.query.integer("messageTtlSeconds", 0, MAXIMUM_TTL) or 0

    def data(self) -> Data:
        """The body, as the message that is to be sent.

        Raises:
            BadRequestError: it is too large, of unknown length, or not the JSON that it claims to be.
            UnsupportedMediaTypeError: it is of no type that can be sent.
            NotServedError: it has metadata.
        """
        if any(name.startswith(_METADATA_PREFIX) for name in self.request.headers):
            raise NotServedError("Message metadata is not served here.", target="X-WebPubSub-Metadata")
        body = self._body()
        content_type = self.request.headers.get("content-type", "application/octet-stream")
        media, charset = _content_type(content_type)
        if media not in _TYPES:
            raise UnsupportedMediaTypeError(f"The content type '{media}' is not supported.", target="Content-Type")
        kind = _TYPES[media]
        if kind is not DataType.BINARY:
            body = _in_utf8(body, charset)
        if kind is DataType.JSON:
            _check_json(body)
        return Data(kind, body)

    def document[T](self, shape: type[T]) -> T:
        """The body, as a JSON document of this shape.

        Raises:
            BadRequestError: it is not.
            UnsupportedMediaTypeError: it does not say that it is JSON.
        """
        media, _ = _content_type(self.request.headers.get("content-type", ""))
        if media != "application/json":
            raise UnsupportedMediaTypeError("The body must be application/json.", target="Content-Type")
        try:
            return msgspec.json.decode(self._body(), type=shape)
        except msgspec.DecodeError as error:
            raise BadRequestError(f"The request body is not valid: {error}") from error

    def _body(self) -> bytes:
        if self.request.body is None:
            raise BadRequestError("Invalid Content-Length header.", target="Content-Length")
        return self.request.body


def _content_type(header: str) -> tuple[str, str]:
    media, *parameters = (part.strip() for part in header.split(";"))
    charset = "utf-8"
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"')
    return media.lower(), charset


def _in_utf8(body: bytes, charset: str) -> bytes:
    try:
        if charset.lower() not in {"utf-8", "utf8", ""}:
            return body.decode(charset).encode()
    except (LookupError, UnicodeDecodeError) as error:
        raise UnsupportedMediaTypeError(f"The charset '{charset}' does not fit.", target="Content-Type") from error
    # A text frame must be UTF-8, or a simple client hangs up on it.
    return body.decode(errors="replace").encode()


def _check_json(body: bytes) -> None:
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequestError("The request body is not a valid JSON.") from error
