"""What all platforms have in common: the message, how long it waits, and the id by which it replaces another."""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

from shared.alert import Severity

MAXIMUM_BYTES: Final = 4096
"""Of a payload, on every platform."""

READ_UP_TO: Final = "/read"
"""Stands where else the card does in the id of the message by which all that was read is taken away: no card is called
so. Of several that wait for a device the last one is enough."""

LONGEST_WAIT: Final = timedelta(days=3)
"""How long a platform keeps a message for a device that is away: a weekend. What is older the inbox will tell."""

PRESSING: Final = frozenset({Severity.WARNING, Severity.CRITICAL})
"""The severities that wake a device and make a sound."""


class Platform(StrEnum):
    """What a device is reached through, by the name that its installation has for it."""

    FCM_V1 = "fcmv1"
    APNS = "apns"
    BROWSER = "browser"


class MessageType(StrEnum):
    """What a client is to do with a message; stands in it as `type`."""

    ALERT = "alert"
    """Show the card's notification, in place of an older one of the same card."""
    CLEAR = "clear"
    """With `card` and `position`: take the card's notification away, unless its position is higher. With `upTo`: take
    away all whose `at` is not later, for they have been read."""


class Message(Struct, frozen=True):
    """What a platform is to deliver."""

    platform: Platform
    payload: bytes
    """JSON in UTF-8, up to 4,096 bytes."""
    headers: Mapping[str, str] = {}
    """What the platform is told besides, by the names that the platform has for it."""


def lifetime(expires_at: datetime | None, now: datetime) -> timedelta:
    """How long a platform is to keep an alert's message, in whole seconds; zero: deliver it at once or not at all."""
    if expires_at is None:
        return LONGEST_WAIT
    left = max(expires_at - now, timedelta())
    return min(timedelta(seconds=left // timedelta(seconds=1)), LONGEST_WAIT)


def collapse_id(card: str, allowed: re.Pattern[str]) -> str:
    """The card itself where the platform allows that, else a hash of it: 32 characters of base64url."""
    if allowed.fullmatch(card):
        return card
    return urlsafe_b64encode(hashlib.sha256(card.encode()).digest()[:24]).decode()
