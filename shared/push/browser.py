"""Browsers, through Web Push: what the web client's service worker reads.

Source: RFC 8030 for the headers, RFC 8291 for the size.
"""

import re
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import json

from shared.card import StoredAlert, format_moment
from shared.position import Position
from shared.push.fitting import fitted
from shared.push.message import (
    LONGEST_WAIT,
    PRESSING,
    READ_UP_TO,
    Message,
    MessageType,
    Platform,
    collapse_id,
    lifetime,
)

MAXIMUM_BYTES: Final = 3993
"""Push services take 4,096 bytes, of which the encryption needs 103."""

_TOPIC: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")


def alert(stored: StoredAlert, now: datetime, badge: int | None = None) -> Message:
    """The message by which the service worker shows an alert; see `shared.push`."""
    severity = stored.alert.severity
    pressing = severity in PRESSING
    rest: dict[str, Any] = {"silent": not pressing}
    if badge is not None:
        rest["badge"] = badge

    def render(body: str, url: str | None) -> bytes:
        text = {"title": stored.alert.title, "body": body, "url": url}
        return json.encode(
            {
                "type": MessageType.ALERT,
                "card": stored.card,
                "position": stored.position,
                "at": format_moment(stored.at),
                "severity": severity,
                **{name: value for name, value in text.items() if value},
                **rest,
            }
        )

    return Message(
        Platform.BROWSER,
        fitted(render, stored.alert.body, stored.alert.url, MAXIMUM_BYTES),
        _headers(lifetime(stored.alert.expires_at, now), "high" if pressing else "normal", stored.card),
    )


def clear(card: str, position: Position, _now: datetime) -> Message:
    """The message by which the service worker takes a card's notification away; see `shared.push`."""
    payload = {"type": MessageType.CLEAR, "card": card, "position": position}
    # The alert's topic: a browser that was away gets the clear in the alert's place.
    return Message(Platform.BROWSER, json.encode(payload), _headers(LONGEST_WAIT, "normal", card))


def clear_read(up_to: str, _now: datetime) -> Message:
    """The message by which the service worker takes away what has been read; see `shared.push`."""
    payload = {"type": MessageType.CLEAR, "upTo": up_to}
    return Message(Platform.BROWSER, json.encode(payload), _headers(LONGEST_WAIT, "normal", READ_UP_TO))


def _headers(time_to_live: timedelta, urgency: str, card: str) -> dict[str, str]:
    return {
        "TTL": str(time_to_live // timedelta(seconds=1)),
        "Urgency": urgency,
        "Topic": collapse_id(card, _TOPIC),
    }
