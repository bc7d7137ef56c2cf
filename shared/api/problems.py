"""Everything that can go wrong with a request: one table, one shape (RFC 9457), codes that never change."""

from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus
from typing import Annotated, Final

from msgspec import Meta, Struct

from shared.api.http import Response, json_response
from shared.errors import BelfryError

MEDIA_TYPE: Final = "application/problem+json"


class Code(Enum):
    """A stable code, its HTTP status and its title."""

    INVALID_ALERT = ("invalid-alert", HTTPStatus.BAD_REQUEST, "The alert is not valid.")
    INVALID_BODY = ("invalid-body", HTTPStatus.BAD_REQUEST, "The body is not valid.")
    INVALID_PARAMETER = ("invalid-parameter", HTTPStatus.BAD_REQUEST, "A parameter is not valid.")
    UNAUTHENTICATED = ("unauthenticated", HTTPStatus.UNAUTHORIZED, "A valid bearer token is needed.")
    FORBIDDEN = ("forbidden", HTTPStatus.FORBIDDEN, "The token does not allow this.")
    TOPIC_CLOSED = ("topic-closed", HTTPStatus.FORBIDDEN, "The topic is not open to this person.")
    CARD_NOT_FOUND = ("card-not-found", HTTPStatus.NOT_FOUND, "There is no such card in this person's inbox.")
    CARD_REVISED = ("card-revised", HTTPStatus.CONFLICT, "The card has a newer revision.")
    TOO_MANY_SUBSCRIPTIONS = ("too-many-subscriptions", HTTPStatus.CONFLICT, "There are as many as there can be.")
    TOO_MANY_TAGS = (
        "too-many-tags",
        HTTPStatus.CONFLICT,
        "The person has more audiences, mutes and quiet hours than a device can have tags for.",
    )
    SYNC_EXPIRED = ("sync-expired", HTTPStatus.GONE, "Load the history again: the changes since are not complete.")
    TOO_LARGE = ("too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large.")
    UNSUPPORTED_MEDIA_TYPE = (
        "unsupported-media-type",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The body must be JSON or CloudEvents.",
    )
    INTERNAL = ("internal", HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here.")
    PUSH_OFF = ("push-off", HTTPStatus.NOT_IMPLEMENTED, "This deployment sends no pushes.")
    UNAVAILABLE = ("unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "A service behind this one does not answer.")

    def __init__(self, code: str, status: HTTPStatus, title: str) -> None:
        self.code = code
        self.status = status
        self.title = title


class Problem(Struct, frozen=True, omit_defaults=True):
    """A problem document (RFC 9457)."""

    type: Annotated[str, Meta(pattern=r"^urn:belfry:problem:[a-z-]+$(?!\n)")]
    title: str
    """What kind of problem it is, always in the same words."""
    status: Annotated[int, Meta(ge=400, le=599)]
    """As in the response."""
    code: Annotated[str, Meta(pattern=r"^[a-z-]+$(?!\n)")]
    """What programs go by: it never changes."""
    detail: str
    """A sentence for people about this occurrence; its wording may change."""
    field: str = ""
    """Path of the field, or name of the parameter, that it is about."""


class ProblemError(BelfryError):
    """A request cannot be served.

    Args:
        code: what kind of problem it is.
        detail: a sentence about this occurrence.
        field: the field or parameter it is about.
        headers: added to the response.
    """

    def __init__(
        self, code: Code, detail: str = "", *, field: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail or code.title)
        self.code = code
        self.field = field
        self.headers = headers or {}

    def response(self) -> Response:
        """The problem document."""
        problem = Problem(
            type=f"urn:belfry:problem:{self.code.code}",
            title=self.code.title,
            status=self.code.status,
            code=self.code.code,
            detail=str(self),
            field=self.field,
        )
        return json_response(problem, self.code.status, media_type=MEDIA_TYPE, headers=self.headers)
