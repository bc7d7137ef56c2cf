"""Notifications to browsers: the headers of Web Push, and what is likely to be shown.

The push service sees only the headers; the payload is encrypted for the browser (`encryption`), and the site's service
worker decides what to do with it. Where it is a JSON object with a title, it is taken to be shown as that.

Source: RFC 8030 §5.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from emulators.notification_hubs.errors import BadRequestError
from emulators.notification_hubs.notifications import Appearance, Kind

HEADERS = frozenset({"ttl", "urgency", "topic"})
"""What is handed on to the push service."""
DEFAULT_TTL = "2419200"
"""Seconds, four weeks: as long as push services keep a message for a browser that is closed."""
_URGENCIES = {"very-low", "low", "normal", "high"}
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")


def appearance(payload: bytes, headers: Mapping[str, str]) -> Appearance:
    """What a browser shows.

    Args:
        payload: anything; usually `{"title", "body", "tag", …}`.
        headers: of `HEADERS`, with names in lower case.

    Raises:
        BadRequestError: a push service would refuse the headers.
    """
    if not re.fullmatch(r"[0-9]+", headers.get("ttl", DEFAULT_TTL)):
        raise BadRequestError(f"The header TTL is wrong: '{headers['ttl']}'")
    urgency, topic = headers.get("urgency", "normal"), headers.get("topic", "")
    if urgency not in _URGENCIES:
        raise BadRequestError(f"The header Urgency is wrong: '{urgency}'")
    if topic and not _TOPIC.fullmatch(topic):
        raise BadRequestError(f"The header Topic is wrong: '{topic}'; it has 1 to 32 characters of base64url")
    document = _document(payload)
    title, body, tag = (str(document.get(name) or "") for name in ("title", "body", "tag"))
    kind = Kind.ALERT if title or body else Kind.SILENT
    return Appearance(kind, title, body, tag or topic, headers.get("urgency", ""))


def _document(payload: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(payload, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return {}
