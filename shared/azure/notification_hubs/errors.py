"""What the service's answers mean.

RefusedError               it will answer the same next time (see `REFUSED`)
└── InstallationGoneError  the hub does not know the device: put the whole installation
TransientError             a later attempt may succeed: all other answers, and none
"""

import html
import re
from http import HTTPStatus
from typing import Final

from azure.core.exceptions import HttpResponseError
from azure.core.rest import AsyncHttpResponse

from shared.errors import RefusedError

SERVICE: Final = "Notification Hubs"

REFUSED: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.GONE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})
"""400: malformed, or not offered in the hub's tier. 410: what is addressed is gone for good. 413: too large.

Not 401 (wrong key), 403 (quota used up, or too many calls for the tier) and 404 (no such hub): those an operator, or
time, will mend while notifications wait. 429 and what begins with 5 pass by themselves.
"""

_DETAIL: Final = re.compile(r"<Detail>(.*?)</Detail>", re.DOTALL)


class InstallationGoneError(RefusedError):
    """The hub does not know the device: it was never put, has expired, or its platform has rejected it."""


def check(response: AsyncHttpResponse, expected: HTTPStatus) -> None:
    """Return if the service did what it was asked to do.

    Raises:
        RefusedError: it never will.
        HttpResponseError: it may another time.
    """
    if response.status_code == expected:
        return
    # One element of a document whose shape is fixed: not worth an XML parser, and what can be done to one.
    found = _DETAIL.search(response.content.decode(errors="replace"))
    detail = " ".join(html.unescape(found[1]).split()) if found else response.reason or ""
    if response.status_code in REFUSED:
        raise RefusedError(f"{SERVICE} answered {response.status_code}: {detail[:300]}")
    raise HttpResponseError(message=detail, response=response)
