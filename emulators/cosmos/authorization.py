"""The master-key signature of a request.

Source: https://learn.microsoft.com/rest/api/cosmos-db/access-control-on-cosmosdb-resources
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, unquote

from emulators.cosmos.errors import ForbiddenError, UnauthorizedError
from emulators.cosmos.wire import Request

WELL_KNOWN_KEY = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="
"""The public key of Microsoft's own emulator."""
WINDOW_SECONDS = 15 * 60
"""How far the date of a request may be from ours."""


def check(request: Request, key: bytes, now: float) -> None:
    """Accept a request that was signed with the master key, not long ago.

    Raises:
        UnauthorizedError: no signature, or not one of this request with this key.
        ForbiddenError: the date is missing, no date, or outside the window.
    """
    token = request.headers.get("authorization")
    if not token:
        raise UnauthorizedError
    parts = dict(parse_qsl(unquote(token).replace("+", "%2B"), keep_blank_values=True))
    if parts.get("type") != "master" or parts.get("ver") != "1.0":
        raise UnauthorizedError("The input authorization token can't serve the request: only master keys are served.")
    payload = signed_payload(request)
    signature = base64.b64encode(hmac.digest(key, payload.encode(), "sha256"))
    if not hmac.compare_digest(signature, parts.get("sig", "").encode()):
        shown = payload.replace("\n", "\\n")
        raise UnauthorizedError(
            "The input authorization token can't serve the request. The wrong key is being used or the expected "
            f"payload is not built as per the protocol. Server used the following payload to sign: '{shown}'"
        )
    if abs(_date(request) - now) > WINDOW_SECONDS:
        raise ForbiddenError


def signed_payload(request: Request) -> str:
    """The text that is signed: verb, type and link of the resource, and date."""
    resource_type, link = _resource(request.segments)
    utc = request.headers.get("x-ms-date", "")
    date = "" if utc else request.headers.get("date", "")
    return f"{request.method.lower()}\n{resource_type}\n{link}\n{utc.lower()}\n{date.lower()}\n"


def _resource(segments: Sequence[str]) -> tuple[str, str]:
    """A feed signs its parent's link: `dbs/x/colls` is the type `colls` below `dbs/x`."""
    if len(segments) % 2:
        return segments[-1], "/".join(segments[:-1])
    return (segments[-2] if segments else ""), "/".join(segments)


def _date(request: Request) -> float:
    try:
        date = parsedate_to_datetime(request.headers.get("x-ms-date") or request.headers.get("date", ""))
    except ValueError:
        raise ForbiddenError("The date header is missing or is not a date as in RFC 7231.") from None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
