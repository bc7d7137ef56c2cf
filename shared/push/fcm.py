"""Android, through Firebase Cloud Messaging.

Source: the REST reference of FCM, version 1, `projects.messages`; "Non-collapsible and collapsible messages".
"""

from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import json

from shared.card import StoredAlert, format_moment
from shared.position import Position
from shared.push.fitting import fitted
from shared.push.message import (
    LONGEST_WAIT,
    MAXIMUM_BYTES,
    PRESSING,
    READ_UP_TO,
    Message,
    MessageType,
    Platform,
    lifetime,
)

CHANNEL: Final = "alerts-{severity}"
"""The notification channel, which decides on sound and display from Android 8 on. An app that has not made it shows
the notification in its default channel."""


def alert(stored: StoredAlert, now: datetime, badge: int | None = None) -> Message:
    """The message that shows an alert; see `shared.push`."""
    severity = stored.alert.severity
    pressing = severity in PRESSING
    shown: dict[str, Any] = {
        "tag": stored.card,  # replaces the card's notification; FCM does not look at the collapse key of one
        "channel_id": CHANNEL.format(severity=severity.value),
    }
    if pressing:
        shown["sound"] = "default"
    if badge is not None:
        shown["notification_count"] = badge

    def render(body: str, url: str | None) -> bytes:
        text = {"title": stored.alert.title, "body": body}
        message: dict[str, Any] = {
            "notification": {name: value for name, value in text.items() if value},
            "android": {
                "collapse_key": stored.card,
                "priority": "high" if pressing else "normal",
                "ttl": _seconds(lifetime(stored.alert.expires_at, now)),
                "notification": shown,
                "data": _data(MessageType.ALERT, stored.card, stored.position)
                | {"at": format_moment(stored.at), "severity": severity.value}
                | ({"url": url} if url else {}),
            },
        }
        return json.encode({"message": message})

    return Message(Platform.FCM_V1, fitted(render, stored.alert.body, stored.alert.url, MAXIMUM_BYTES))


def clear(card: str, position: Position, _now: datetime) -> Message:
    """The data message by which the app takes a card's notification away; see `shared.push`."""
    # Without a collapse key, for a phone has no more than four that wait; and not of high priority, which FCM takes
    # away from apps that show nothing for it.
    android = {
        "priority": "normal",
        "ttl": _seconds(LONGEST_WAIT),
        "data": _data(MessageType.CLEAR, card, position),
    }
    return Message(Platform.FCM_V1, json.encode({"message": {"android": android}}))


def clear_read(up_to: str, _now: datetime) -> Message:
    """The data message by which the app takes away what has been read; see `shared.push`."""
    android = {
        "collapse_key": READ_UP_TO,
        "priority": "normal",
        "ttl": _seconds(LONGEST_WAIT),
        "data": {"type": MessageType.CLEAR.value, "upTo": up_to},
    }
    return Message(Platform.FCM_V1, json.encode({"message": {"android": android}}))


def _data(kind: MessageType, card: str, position: Position) -> dict[str, str]:
    return {"type": kind.value, "card": card, "position": position}


def _seconds(duration: timedelta) -> str:
    return f"{duration // timedelta(seconds=1)}s"
