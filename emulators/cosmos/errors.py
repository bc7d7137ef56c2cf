"""What can go wrong, as the service says it.

    ConfigurationError                  the file given at start is wrong
    ServiceError                        has a status, a code and a sub-status, and becomes the answer
    ├── BadRequestError            400
    │   ├── QueryError             400  the text of the query is wrong, or asks for more than is served
    │   ├── CrossPartitionError    400  1004: the client has to fetch the query plan and try again
    │   ├── PartitionKeyError      400  1001: the key in the header does not fit the item or the container
    │   └── RecreatedError         400  1024: the client remembers a container that was replaced
    ├── UnauthorizedError          401
    ├── ForbiddenError             403
    ├── NotFoundError              404
    │   └── SessionError           404  1002: the session token is ahead of this container
    ├── MethodNotAllowedError      405
    ├── ConflictError              409
    ├── PreconditionFailedError    412
    ├── EntityTooLargeError        413
    └── TooManyRequestsError       429  3200

A docstring is the default message. Shapes of the answers: https://learn.microsoft.com/rest/api/cosmos-db/http-status-codes-for-cosmosdb
"""

import json
from http import HTTPStatus
from typing import ClassVar


class ConfigurationError(Exception):
    """The file of databases and containers is wrong; the message names the file and the key."""


class ServiceError(Exception):
    """The service refused the request."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    code: ClassVar[str] = "InternalServerError"
    substatus: ClassVar[int] = 0

    def __init__(self, message: str = "") -> None:
        self.message = message or (type(self).__doc__ or "")
        super().__init__(self.message)

    @property
    def detail(self) -> str:
        """What stands after `Message: `, which is JSON itself."""
        return json.dumps({"Errors": [self.message]}, ensure_ascii=False)

    @property
    def additional(self) -> str | None:
        """The member `additionalErrorInfo` of the answer; None leaves it out."""
        return None


class BadRequestError(ServiceError):
    """One of the specified inputs is invalid."""

    status = HTTPStatus.BAD_REQUEST
    code = "BadRequest"


class QueryError(BadRequestError):
    """Syntax error, invalid query."""

    def __init__(self, message: str, start: int = 0, end: int = 0, number: str = "SC1001") -> None:
        super().__init__(message)
        self._start = start
        self._end = end
        self._number = number

    @property
    def detail(self) -> str:
        """The compiler's shape: severity, location in the text, and code of the error."""
        location = {"start": self._start, "end": self._end}
        error = {"severity": "Error", "location": location, "code": self._number, "message": self.message}
        return json.dumps({"errors": [error]}, ensure_ascii=False)


class CrossPartitionError(BadRequestError):
    """The provided cross partition query can not be directly served by the gateway."""

    substatus = 1004

    def __init__(self, plan: str) -> None:
        super().__init__()
        self._plan = plan

    @property
    def additional(self) -> str:
        """The query plan, for clients that do not ask for it."""
        return self._plan


class PartitionKeyError(BadRequestError):
    """PartitionKey extracted from document doesn't match the one specified in the header."""

    substatus = 1001


class RecreatedError(BadRequestError):
    """The requested resource is no longer the one with the collection rid that the client remembers."""

    substatus = 1024


class UnauthorizedError(ServiceError):
    """Required Header authorization is missing. Ensure a valid Authorization token is passed."""

    status = HTTPStatus.UNAUTHORIZED
    code = "Unauthorized"


class ForbiddenError(ServiceError):
    """The authorization token is not valid at the current time."""

    status = HTTPStatus.FORBIDDEN
    code = "Forbidden"


class NotFoundError(ServiceError):
    """Resource Not Found."""

    status = HTTPStatus.NOT_FOUND
    code = "NotFound"


class SessionError(NotFoundError):
    """The read session is not available for the input session token."""

    substatus = 1002


class MethodNotAllowedError(ServiceError):
    """The requested verb is not supported."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "MethodNotAllowed"


class ConflictError(ServiceError):
    """Resource with specified id or name already exists."""

    status = HTTPStatus.CONFLICT
    code = "Conflict"


class PreconditionFailedError(ServiceError):
    """One of the specified pre-condition is not met."""

    status = HTTPStatus.PRECONDITION_FAILED
    code = "PreconditionFailed"


class EntityTooLargeError(ServiceError):
    """Request size is too large."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "RequestEntityTooLarge"


class TooManyRequestsError(ServiceError):
    """The request rate is too large. Please retry after sometime."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "429"
    substatus = 3200

    def __init__(self, retry_after: float) -> None:
        super().__init__()
        self.retry_after = retry_after
        """Seconds after which there is room."""
