"""Pushes: what phones and closed browsers are told of a card, and whether they are told at all. Nothing here does I/O.

A message names its card and position, so a client drops what it has already and shows a card once: the platforms
replace a card's notification by that of its later revision. From `warning` on it makes a sound and wakes the device.

What an app or a service worker reads: the `data` on Android, what is beside `aps` on iPhones, the whole in browsers.

    {"type": "alert", "card", "position", "at", "severity", "url"?}   show it; browsers: with `title`, `body`, `silent`
    {"type": "clear", "card", "position"}   take the card's notification away, unless its position is higher
    {"type": "clear", "upTo"}               take away all notifications whose `at` is not later

`at` and `upTo` are moments in UTC with milliseconds, so that they sort as text.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from shared.card import StoredAlert
from shared.position import Position
from shared.push import apns, browser, fcm
from shared.push.message import Message, Platform

__all__ = ["Message", "Platform", "alert_message", "clear_message", "clear_read_message"]

_ALERT: Final[Mapping[Platform, Callable[[StoredAlert, datetime, int | None], Message]]] = {
    Platform.FCM_V1: fcm.alert,
    Platform.APNS: apns.alert,
    Platform.BROWSER: browser.alert,
}
_CLEAR: Final[Mapping[Platform, Callable[[str, Position, datetime], Message]]] = {
    Platform.FCM_V1: fcm.clear,
    Platform.APNS: apns.clear,
    Platform.BROWSER: browser.clear,
}
_CLEAR_READ: Final[Mapping[Platform, Callable[[str, datetime], Message]]] = {
    Platform.FCM_V1: fcm.clear_read,
    Platform.APNS: apns.clear_read,
    Platform.BROWSER: browser.clear_read,
}


def alert_message(platform: Platform, stored: StoredAlert, now: datetime, *, badge: int | None = None) -> Message:
    """The message that shows an alert on a platform's devices.

    Args:
        platform: which devices.
        stored: an alert that is not withdrawn. Its body is cut where there is not room for all of it.
        now: with a time zone; the message waits for a device until the alert expires, three days at the most.
        badge: what the app's icon counts, for one person's devices; None: it stays as it is.
    """
    return _ALERT[platform](stored, now, badge)


def clear_message(platform: Platform, card: str, position: Position, now: datetime) -> Message:
    """The message that takes a card's notification off a platform's devices.

    Args:
        platform: which devices.
        card: which card.
        position: of the revision that was read or withdrawn; the notification of a later one stays.
        now: with a time zone; the message waits for a device for three days.
    """
    return _CLEAR[platform](card, position, now)


def clear_read_message(platform: Platform, up_to: str, now: datetime) -> Message:
    """The message that takes the notifications of all that was stored up to a moment off a platform's devices.

    Args:
        platform: which devices.
        up_to: the moment, as in `readUpTo`.
        now: with a time zone; the message waits for a device for three days, or until there is a later one.
    """
    return _CLEAR_READ[platform](up_to, now)
