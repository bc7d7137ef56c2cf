"""Apple's devices, through the Apple Push Notification service.

Source: "Generating a remote notification", "Sending notification requests to APNs" and "Pushing background updates to
your App" in Apple's documentation.
"""

import re
from datetime import datetime
from typing import Any, Final

from msgspec import json

from shared.alert import Severity
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
    collapse_id,
    lifetime,
)

# `critical` would need an entitlement that Apple grants to an app.
INTERRUPTION: Final = {
    Severity.INFO: "passive",
    Severity.SUCCESS: "passive",
    Severity.WARNING: "active",
    Severity.CRITICAL: "time-sensitive",
}
"""How much a notification disturbs: from a line in the list to breaking through a Focus."""

_COLLAPSE_ID: Final = re.compile(r"[\x21-\x7e]{1,64}")


def alert(stored: StoredAlert, now: datetime, badge: int | None = None) -> Message:
    """The notification that shows an alert; see `shared.push`."""
    severity = stored.alert.severity
    pressing = severity in PRESSING
    manner: dict[str, Any] = {"interruption-level": INTERRUPTION[severity]}
    if pressing:
        manner["sound"] = "default"
    if badge is not None:
        manner["badge"] = badge

    def render(body: str, url: str | None) -> bytes:
        text = {"title": stored.alert.title, "body": body}
        return json.encode(
            {
                "aps": {"alert": {name: value for name, value in text.items() if value}, **manner},
                "type": MessageType.ALERT,
                "card": stored.card,
                "position": stored.position,
                "at": format_moment(stored.at),
                "severity": severity,
                **({"url": url} if url else {}),
            }
        )

    return Message(
        Platform.APNS,
        fitted(render, stored.alert.body, stored.alert.url, MAXIMUM_BYTES),
        _headers("alert", "10" if pressing else "5", stored.card, now + lifetime(stored.alert.expires_at, now)),
    )


def clear(card: str, position: Position, now: datetime) -> Message:
    """The background notification by which the app takes a card's notification away; see `shared.push`."""
    payload = {"aps": {"content-available": 1}, "type": MessageType.CLEAR, "card": card, "position": position}
    # The alert's collapse id: a device that was away gets the clear in the alert's place.
    return Message(Platform.APNS, json.encode(payload), _headers("background", "5", card, now + LONGEST_WAIT))


def clear_read(up_to: str, now: datetime) -> Message:
    """The background notification by which the app takes away what has been read; see `shared.push`."""
    payload = {"aps": {"content-available": 1}, "type": MessageType.CLEAR, "upTo": up_to}
    return Message(Platform.APNS, json.encode(payload), _headers("background", "5", READ_UP_TO, now + LONGEST_WAIT))


def _headers(push_type: str, priority: str, card: str, expires: datetime) -> dict[str, str]:
    return {
        "apns-push-type": push_type,
        "apns-priority": priority,
        "apns-collapse-id": collapse_id(card, _COLLAPSE_ID),
        "apns-expiration": str(int(expires.timestamp())),
    }
