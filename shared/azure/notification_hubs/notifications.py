"""Notifications: what is sent, in the words of one platform.

A payload is passed on byte for byte: this package knows its size and its headers, and nothing of what is in it.

Source: "Send a … native notification" in the REST reference of Notification Hubs; the headers are those of "Sending
notification requests to APNs" and of RFC 8030.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final

from msgspec import Struct

MAXIMUM_PAYLOAD_BYTES: Final = 4096
"""The same on all three platforms."""
MAXIMUM_COLLAPSE_ID_BYTES: Final = 64

_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_TOPIC: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")


class Format(StrEnum):
    """The platform that a notification is written for, by the name it has in sends."""

    FCM_V1 = "fcmv1"
    APPLE = "apple"
    BROWSER = "browser"


class ApplePushType(StrEnum):
    """What a notification does on an Apple device."""

    ALERT = "alert"
    BACKGROUND = "background"


class ApplePriority(IntEnum):
    """When it is delivered to an Apple device."""

    CONSIDERATE = 5
    """As the device's power allows. The only one for background notifications."""
    IMMEDIATE = 10


class Urgency(StrEnum):
    """In which state a browser's device is woken (RFC 8030, section 5.3)."""

    VERY_LOW = "very-low"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


_HEADERS: Final[Mapping[Format, frozenset[str]]] = {
    Format.FCM_V1: frozenset(),
    Format.APPLE: frozenset({"apns-push-type", "apns-priority", "apns-collapse-id", "apns-expiration"}),
    Format.BROWSER: frozenset({"TTL", "Urgency", "Topic"}),
}


class Notification(Struct, frozen=True):
    """A payload and what the platform is told about it; `fcm_v1`, `apple` and `browser` make one.

    Raises:
        ValueError: the payload is empty or has more than 4,096 bytes, or a header is not of the platform.
    """

    format: Format
    payload: bytes
    """JSON in UTF-8, as the platform takes it."""
    headers: Mapping[str, str] = {}

    def __post_init__(self) -> None:
        if not 0 < len(self.payload) <= MAXIMUM_PAYLOAD_BYTES:
            raise ValueError(f"a payload has 1 to {MAXIMUM_PAYLOAD_BYTES:,} bytes, not {len(self.payload):,}")
        for name, value in self.headers.items():
            if name not in _HEADERS[self.format]:
                raise ValueError(f"a notification in the format {self.format.value} has no header {name!r}")
            if not _HEADER_VALUE.fullmatch(value):
                raise ValueError(f"not printable ASCII in the header {name}: {value!r}")
        collapse_id, topic = self.headers.get("apns-collapse-id", ""), self.headers.get("Topic", "-")
        if len(collapse_id) > MAXIMUM_COLLAPSE_ID_BYTES:
            raise ValueError(f"a collapse id has at most {MAXIMUM_COLLAPSE_ID_BYTES} bytes: {collapse_id!r}")
        if not _TOPIC.fullmatch(topic):
            raise ValueError(f"a topic is 1 to 32 characters of base64url, not {topic!r}")


def fcm_v1(payload: bytes) -> Notification:
    """A notification for Android through FCM: all it says, urgency and lifetime too, is in the payload.

    Args:
        payload: `{"message": {…}}` without a token, up to 4,096 bytes.

    Raises:
        ValueError: see `Notification`.
    """
    return Notification(Format.FCM_V1, payload)


def apple(
    payload: bytes,
    *,
    push_type: ApplePushType = ApplePushType.ALERT,
    priority: ApplePriority = ApplePriority.IMMEDIATE,
    collapse_id: str | None = None,
    expiration: datetime | None = None,
) -> Notification:
    """A notification for Apple's devices.

    Args:
        payload: `{"aps": {…}, …}`, up to 4,096 bytes.
        push_type: must tell the truth about the payload.
        priority: must be 5 for a background notification.
        collapse_id: of two notifications with the same one the device shows the later; up to 64 bytes.
        expiration: until when APNs tries, with a time zone; whole seconds count. None: APNs decides.

    Raises:
        ValueError: see `Notification`; or a background notification is to be immediate.
    """
    if push_type is ApplePushType.BACKGROUND and priority is not ApplePriority.CONSIDERATE:
        raise ValueError("APNs refuses a background notification of any priority but 5")
    headers = {"apns-push-type": push_type.value, "apns-priority": str(priority.value)}
    if collapse_id is not None:
        headers["apns-collapse-id"] = collapse_id
    if expiration is not None:
        headers["apns-expiration"] = str(int(expiration.timestamp()))
    return Notification(Format.APPLE, payload, headers)


def browser(
    payload: bytes,
    *,
    time_to_live: timedelta,
    urgency: Urgency = Urgency.NORMAL,
    topic: str | None = None,
) -> Notification:
    """A notification for browsers through Web Push.

    Args:
        payload: what the app's service worker reads, up to 4,096 bytes. The service encrypts it.
        time_to_live: how long the vendor's push service keeps it for a browser that is away; whole seconds count.
        urgency: in which state a device is woken for it.
        topic: of two that wait with the same one the later is kept; up to 32 characters of base64url.

    Raises:
        ValueError: see `Notification`; or the time to live is negative.
    """
    seconds = time_to_live // timedelta(seconds=1)
    if seconds < 0:
        raise ValueError("a time to live is not negative")
    headers = {"TTL": str(seconds), "Urgency": urgency.value}
    if topic is not None:
        headers["Topic"] = topic
    return Notification(Format.BROWSER, payload, headers)
