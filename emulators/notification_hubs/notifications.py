"""A notification: what was sent, and what a device makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from emulators.notification_hubs.errors import BadRequestError, NotServedError, TooLargeError
from emulators.notification_hubs.installations import Platform

MOST_BYTES = 4096
"""Of a payload, on each of the platforms."""


class Format(StrEnum):
    """The platform's own format in which a notification is written."""

    APPLE = "apple"
    ANDROID = "fcmv1"
    BROWSER = "browser"

    @property
    def platform(self) -> Platform:
        """The devices that understand it."""
        return _PLATFORMS[self]


_PLATFORMS = {
    Format.APPLE: Platform.APPLE,
    Format.ANDROID: Platform.ANDROID,
    Format.BROWSER: Platform.BROWSER,
}
_ELSEWHERE = {"template", "windows", "windowsphone", "gcm", "adm", "baidu", "xiaomi", "nokiax"}


class Kind(StrEnum):
    """What a device does with it."""

    ALERT = "alert"
    """Shows it."""
    SILENT = "silent"
    """Hands it to the app, which may act on it: count, fetch, or put something away."""


class Appearance(msgspec.Struct, frozen=True):
    """A notification as a device shows it."""

    kind: Kind
    title: str = ""
    body: str = ""
    collapse_id: str = ""
    """A later notification with the same one takes its place; empty: none does."""
    priority: str = ""
    """In the platform's own words; empty: the platform's default."""


@dataclass(frozen=True, slots=True)
class Notification:
    """What was sent, checked as the platform would."""

    format: Format
    payload: bytes
    """JSON on phones, anything in browsers."""
    headers: Mapping[str, str]
    """Those that are handed on to the platform, with names in lower case."""
    appearance: Appearance


def read_format(name: str) -> Format:
    """The format of a send.

    Raises:
        BadRequestError: there is none of such a name.
        NotServedError: it is a format of the service, but not served here.
    """
    if name.lower() in _ELSEWHERE:
        raise NotServedError(f"The notification format '{name}' is not served here; there are {', '.join(Format)}")
    try:
        return Format(name.lower())
    except ValueError:
        raise BadRequestError(f"The header ServiceBusNotification-Format is missing or wrong: '{name}'") from None


def check_size(payload: bytes) -> None:
    """Check the size of a payload.

    Raises:
        BadRequestError: there is none.
        TooLargeError: it has more than 4,096 bytes.
    """
    if not payload:
        raise BadRequestError("The notification has no body")
    if len(payload) > MOST_BYTES:
        raise TooLargeError(f"The payload has {len(payload)} bytes, and a notification may have {MOST_BYTES}")


def read_document(payload: bytes) -> dict[str, Any]:
    """The payload as a JSON object.

    Raises:
        BadRequestError: it is none.
    """
    try:
        return msgspec.json.decode(payload, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadRequestError(f"The payload is not a JSON object: {error}") from error
