"""What can go wrong, as the service reports it.

    WebPubSubError                 an answer to a REST call, or to a WebSocket handshake
    ├── BadRequestError            400  a parameter, a body or a filter that the service does not take
    │   └── FilterError            400  an OData filter that does not parse or does not type
    ├── UnauthorizedError          401  no token, or one that was not meant for this request
    ├── NotFoundError              404  the connection, group, user or permission is not there
    ├── MethodNotAllowedError      405
    ├── ConflictError              409  one more permission than a connection can hold
    ├── UnsupportedMediaTypeError  415
    └── NotServedError             501  the service has it, this one does not
    ClientMessageError             what a client sent does not follow its subprotocol: the connection is closed

Source of codes and statuses: the data-plane specification (`ErrorDetail`, header `x-ms-error-code`) and Microsoft's
own emulator.
"""

from http import HTTPStatus
from typing import ClassVar


class WebPubSubError(Exception):
    """A refusal with the service's error shape.

    Args:
        message: one sentence for a person.
        target: the part of the request that is at fault.
        code: the service's error code; each class has its own default.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    default_code: ClassVar[str] = "Error.InternalServerError"

    def __init__(self, message: str, *, target: str = "Request", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.target = target
        self.code = code or self.default_code


class BadRequestError(WebPubSubError):
    """The request is malformed."""

    status = HTTPStatus.BAD_REQUEST
    default_code = "Error.BadRequest"


class FilterError(BadRequestError):
    """The filter does not parse, or a part of it has the wrong type."""

    def __init__(self, expression: str, detail: str) -> None:
        super().__init__(f"Invalid syntax for '{expression}': {detail} (Parameter 'filter')", target="filter")


class UnauthorizedError(WebPubSubError):
    """The token is missing, expired, signed with another key, or meant for another URL."""

    status = HTTPStatus.UNAUTHORIZED
    default_code = "Error.Unauthorized"


class NotFoundError(WebPubSubError):
    """What the request names does not exist."""

    status = HTTPStatus.NOT_FOUND
    default_code = "Error.NotFound"


class MethodNotAllowedError(WebPubSubError):
    """The path exists, but not with this method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    default_code = "Error.MethodNotAllowed"


class ConflictError(WebPubSubError):
    """The connection holds as many permissions as it can."""

    status = HTTPStatus.CONFLICT
    default_code = "Error.Connection.Conflict"


class UnsupportedMediaTypeError(WebPubSubError):
    """The body is neither JSON, nor plain text, nor an octet stream."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    default_code = "Error.UnsupportedMediaType"


class NotServedError(WebPubSubError):
    """The service can do this; the local one cannot."""

    status = HTTPStatus.NOT_IMPLEMENTED
    default_code = "NotImplemented"


class ClientMessageError(Exception):
    """A client's message does not follow its subprotocol."""
