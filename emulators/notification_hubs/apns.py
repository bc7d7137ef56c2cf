"""Payloads and headers of the Apple Push Notification service, as that service and the phone check them.

Source: "Generating a remote notification", "Sending notification requests to APNs".
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from emulators.notification_hubs.errors import BadRequestError
from emulators.notification_hubs.notifications import Appearance, Kind, read_document

HEADERS = frozenset({"apns-push-type", "apns-priority", "apns-collapse-id", "apns-expiration", "apns-topic", "apns-id"})
"""What is handed on to APNs."""
_LONGEST_COLLAPSE_ID = 64
"""Bytes."""
_BACKGROUND = "background"
_PUSH_TYPES = {
    "alert",
    _BACKGROUND,
    "location",
    "voip",
    "complication",
    "fileprovider",
    "mdm",
    "liveactivity",
    "pushtotalk",
    "widgets",
    "controls",
}
_PRIORITIES = {"10", "5", "1"}
_SOON = "10"


class _Alert(msgspec.Struct, rename="kebab"):
    title: str = ""
    subtitle: str = ""
    body: str = ""
    launch_image: str = ""
    title_loc_key: str = ""
    title_loc_args: list[str] = []
    subtitle_loc_key: str = ""
    subtitle_loc_args: list[str] = []
    loc_key: str = ""
    loc_args: list[str] = []


class _Sound(msgspec.Struct):
    critical: Literal[0, 1] = 0
    name: str = "default"
    volume: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0


class _Aps(msgspec.Struct, rename="kebab"):
    alert: str | _Alert | None = None
    badge: Annotated[int, msgspec.Meta(ge=0)] | None = None
    sound: str | _Sound | None = None
    thread_id: str = ""
    category: str = ""
    content_available: Literal[0, 1] = 0
    mutable_content: Literal[0, 1] = 0
    target_content_id: str = ""
    interruption_level: Literal["passive", "active", "time-sensitive", "critical"] = "active"
    relevance_score: float | None = None
    filter_criteria: str = ""


def appearance(payload: bytes, headers: Mapping[str, str]) -> Appearance:
    """What an iPhone shows.

    Args:
        payload: JSON with an `aps` dictionary.
        headers: of `HEADERS`, with names in lower case.

    Raises:
        BadRequestError: APNs would refuse it, or the phone drop it.
    """
    aps = _aps(read_document(payload))
    _check_headers(headers, aps)
    priority = headers.get("apns-priority", "")
    collapse_id = headers.get("apns-collapse-id", "")
    if aps.alert is None:
        return Appearance(Kind.SILENT, collapse_id=collapse_id, priority=priority)
    alert = _Alert(body=aps.alert) if isinstance(aps.alert, str) else aps.alert
    body = "\n".join(filter(None, (alert.subtitle, alert.body)))
    return Appearance(Kind.ALERT, alert.title, body, collapse_id, priority)


def _aps(document: dict[str, Any]) -> _Aps:
    try:
        return msgspec.convert(document.get("aps"), _Aps)
    except msgspec.ValidationError as error:
        raise BadRequestError(f"The APNs payload is not valid, in 'aps': {error}") from error


def _check_headers(headers: Mapping[str, str], aps: _Aps) -> None:
    push_type, priority = headers.get("apns-push-type", "alert"), headers.get("apns-priority", "")
    if push_type not in _PUSH_TYPES:
        raise BadRequestError(f"The header apns-push-type is wrong: '{push_type}'")
    if priority and priority not in _PRIORITIES:
        raise BadRequestError(f"The header apns-priority is wrong: '{priority}'")
    if push_type == _BACKGROUND:
        # APNs takes such a request, and the phone never sees it.
        if priority == _SOON:
            raise BadRequestError("A background notification has the apns-priority 5")
        if not aps.content_available or aps.alert is not None or aps.badge is not None or aps.sound is not None:
            raise BadRequestError("A background notification has content-available, and no alert, badge or sound")
    if len(headers.get("apns-collapse-id", "").encode()) > _LONGEST_COLLAPSE_ID:
        raise BadRequestError(f"The header apns-collapse-id has more than {_LONGEST_COLLAPSE_ID} bytes")
    expiration = headers.get("apns-expiration", "0")
    if not re.fullmatch(r"[0-9]+", expiration):
        raise BadRequestError(f"The header apns-expiration is wrong: '{expiration}'")
