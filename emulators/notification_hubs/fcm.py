"""Payloads of Firebase Cloud Messaging, version 1, as that service checks them.

    {"message": {"notification": {…}, "data": {…}, "android": {…}}}

The hub adds the device's token. Names are in snake case, and unknown ones are refused, as FCM does.

Source: the REST reference of `projects.messages`, "About FCM messages".
"""

import re
from typing import Any, Literal

import msgspec

from emulators.notification_hubs.errors import BadRequestError
from emulators.notification_hubs.notifications import Appearance, Kind, read_document

_TTL = re.compile(r"(\d+)(\.\d{1,9})?s")
_LONGEST_TTL = 4 * 7 * 24 * 3600
"""Seconds that FCM keeps a message."""
_RESERVED_DATA = re.compile(r"from|message_type|google\..*|gcm\.notification\..*")


class _Shown(msgspec.Struct, forbid_unknown_fields=True):
    title: str = ""
    body: str = ""
    image: str = ""


class _AndroidShown(_Shown):
    icon: str = ""
    color: str = ""
    sound: str = ""
    tag: str = ""
    click_action: str = ""
    body_loc_key: str = ""
    body_loc_args: list[str] = []
    title_loc_key: str = ""
    title_loc_args: list[str] = []
    channel_id: str = ""
    ticker: str = ""
    sticky: bool = False
    event_time: str = ""
    local_only: bool = False
    notification_priority: Literal[
        "PRIORITY_UNSPECIFIED", "PRIORITY_MIN", "PRIORITY_LOW", "PRIORITY_DEFAULT", "PRIORITY_HIGH", "PRIORITY_MAX"
    ] = "PRIORITY_UNSPECIFIED"
    default_sound: bool = False
    default_vibrate_timings: bool = False
    default_light_settings: bool = False
    vibrate_timings: list[str] = []
    visibility: Literal["VISIBILITY_UNSPECIFIED", "PRIVATE", "PUBLIC", "SECRET"] = "VISIBILITY_UNSPECIFIED"
    notification_count: int | None = None
    light_settings: dict[str, Any] = {}
    bypass_proxy_notification: bool = False
    proxy: Literal["PROXY_UNSPECIFIED", "ALLOW", "DENY", "IF_PRIORITY_LOWERED"] = "PROXY_UNSPECIFIED"


class _Android(msgspec.Struct, forbid_unknown_fields=True):
    collapse_key: str = ""
    priority: Literal["normal", "high", "NORMAL", "HIGH"] = "normal"
    ttl: str = ""
    restricted_package_name: str = ""
    data: dict[str, str] = {}
    notification: _AndroidShown | None = None
    fcm_options: dict[str, str] = {}
    direct_boot_ok: bool = False


class _Message(msgspec.Struct, forbid_unknown_fields=True):
    data: dict[str, str] = {}
    notification: _Shown | None = None
    android: _Android = msgspec.field(default_factory=_Android)
    apns: dict[str, Any] = {}
    webpush: dict[str, Any] = {}
    fcm_options: dict[str, str] = {}


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    message: _Message


def appearance(payload: bytes) -> Appearance:
    """What an Android phone shows.

    Raises:
        BadRequestError: FCM would answer INVALID_ARGUMENT.
    """
    try:
        message = msgspec.convert(read_document(payload), _Envelope).message
    except msgspec.ValidationError as error:
        raise BadRequestError(f"The FCM v1 payload is not valid: {error}") from error
    android = message.android
    _check_ttl(android.ttl)
    _check_data({**message.data, **android.data})
    shown = android.notification
    if message.notification is None and shown is None:
        return Appearance(Kind.SILENT, collapse_id=android.collapse_key, priority=android.priority.lower())
    general = message.notification or _Shown()
    own = shown or _AndroidShown()
    return Appearance(
        Kind.ALERT,
        title=own.title or general.title,
        body=own.body or general.body,
        collapse_id=own.tag or android.collapse_key,
        priority=android.priority.lower(),
    )


def _check_ttl(ttl: str) -> None:
    match = _TTL.fullmatch(ttl)
    if ttl and (match is None or int(match[1]) > _LONGEST_TTL):
        raise BadRequestError(
            f"The FCM v1 payload is not valid: the ttl '{ttl}' is not seconds such as '3.5s', or above"
        )


def _check_data(data: dict[str, str]) -> None:
    for name in data:
        if _RESERVED_DATA.fullmatch(name):
            raise BadRequestError(f"The FCM v1 payload is not valid: the data key '{name}' is reserved")
