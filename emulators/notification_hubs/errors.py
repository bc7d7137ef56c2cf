"""What can go wrong, as the service reports it.

    NotificationHubsError      an answer to a request
    ├── BadRequestError        400  a header, a body or a tag expression that the service does not take
    │   └── NotServedError     400  the service has it, this one does not
    ├── UnauthorizedError      401  no token, or one that does not open this hub
    ├── NotFoundError          404  the installation, or what the path names, is not there
    ├── MethodNotAllowedError  405
    └── TooLargeError          413  a payload that no platform takes

Source: "Notification Hubs REST API Methods" and the bodies that its clients have reported:
`<Error><Code>…</Code><Detail>…TrackingId:…,TimeStamp:…</Detail></Error>`.
"""

import re
from datetime import datetime
from http import HTTPStatus
from typing import ClassVar
from xml.sax.saxutils import escape

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What a sentence may quote of a request, and no XML document may hold."""


class NotificationHubsError(Exception):
    """A refusal with the service's error shape.

    Args:
        detail: one sentence for a person.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail

    def document(self, tracking_id: str, at: datetime) -> str:
        """The XML body of the answer."""
        text = f"{self.detail}.TrackingId:{tracking_id},TimeStamp:{at.isoformat().replace('+00:00', 'Z')}"
        return f"<Error><Code>{self.status:d}</Code><Detail>{escape(_NOT_IN_XML.sub('\ufffd', text))}</Detail></Error>"


class BadRequestError(NotificationHubsError):
    """The request is malformed."""

    status = HTTPStatus.BAD_REQUEST


class NotServedError(BadRequestError):
    """The service can do this; the local one cannot.

    400 rather than 501: clients take any 5xx for a failure that passes, and would try again for hours.
    """


class UnauthorizedError(NotificationHubsError):
    """The token is missing, malformed, expired, signed with another key, or meant for another hub."""

    status = HTTPStatus.UNAUTHORIZED


class NotFoundError(NotificationHubsError):
    """What the request names does not exist."""

    status = HTTPStatus.NOT_FOUND


class MethodNotAllowedError(NotificationHubsError):
    """The path exists, but not with this method."""

    status = HTTPStatus.METHOD_NOT_ALLOWED


class TooLargeError(NotificationHubsError):
    """The payload has more bytes than the platforms take."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
