"""Installations: the devices that a hub knows.

Source: "Create or overwrite an installation" and "Update an installation" in the REST reference of Notification Hubs.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct, field

from shared.azure.notification_hubs.notifications import Format
from shared.azure.notification_hubs.tags import checked_id, checked_tag

MAXIMUM_TAGS_OF_A_DEVICE: Final = 60

_FRACTION: Final = re.compile(r"\.(\d{1,6})\d*")
_NEVER: Final = 9999
"""The year in which installations expire that never do."""


class Platform(StrEnum):
    """What a device is reached through. Installations have it by this name."""

    FCM_V1 = "fcmv1"
    APNS = "apns"
    BROWSER = "browser"

    @property
    def notification_format(self) -> Format:
        """The format of notifications for such devices."""
        return Format.APPLE if self is Platform.APNS else Format(self.value)


class BrowserChannel(Struct, frozen=True):
    """A browser's push subscription, in base64url as `PushSubscription.toJSON()` gives it."""

    endpoint: str
    """URL of the browser vendor's push service."""
    p256dh: str
    """The browser's public key."""
    auth: str
    """The secret that it shares with its senders."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(endpoint={self.endpoint!r})"


type PushChannel = str | BrowserChannel
"""A device's address at its platform: the token that FCM or APNs gave it, or a browser's subscription."""


class Installation(Struct, frozen=True, kw_only=True):
    """A device and the tags by which it is reached.

    Raises:
        ValueError: the id is none, a tag is none, there are more than 60, or the channel is not of the platform's kind.
    """

    installation_id: str
    platform: Platform
    push_channel: PushChannel
    user_id: str | None = None
    tags: tuple[str, ...] = ()
    expiration_time: datetime | None = None
    """When the service forgets it, with a time zone; None: never."""
    push_channel_expired: bool = False
    """Only read: the platform has rejected the push channel, and nothing is sent to it any more."""

    def __post_init__(self) -> None:
        checked_id(self.installation_id)
        if self.user_id is not None:
            checked_id(self.user_id)
        for name in self.tags:
            checked_tag(name)
        if len(self.tags) > MAXIMUM_TAGS_OF_A_DEVICE:
            raise ValueError(f"a device has at most {MAXIMUM_TAGS_OF_A_DEVICE} tags, not {len(self.tags)}")
        if isinstance(self.push_channel, BrowserChannel) is not (self.platform is Platform.BROWSER):
            raise ValueError(f"this is no push channel of the platform {self.platform.value}")
        if not self.push_channel:
            raise ValueError("the push channel is empty")
        if self.expiration_time is not None and self.expiration_time.tzinfo is None:
            raise ValueError("the expiration time has no time zone")

    def encode(self) -> bytes:
        """JSON as the service takes it."""
        document: dict[str, Any] = {
            "installationId": self.installation_id,
            "platform": self.platform,
            "pushChannel": self.push_channel,
        }
        if self.user_id is not None:
            document["userId"] = self.user_id
        if self.tags:
            document["tags"] = self.tags
        if self.expiration_time is not None:
            document["expirationTime"] = self.expiration_time.astimezone(UTC)
        return msgspec.json.encode(document)


class _Answer(Struct, frozen=True, rename="camel", kw_only=True):
    """What is read of an installation in the service's answers; they have more."""

    installation_id: str
    platform: str
    push_channel: str | BrowserChannel
    user_id: str | None = None
    tags: tuple[str, ...] | None = None
    expiration_time: str | None = None
    push_channel_expired: bool | None = None


def decode_installation(content: bytes) -> Installation:
    """The installation in an answer of the service.

    Raises:
        ValueError: it is not JSON of that shape, or of a platform that is not served here.
    """
    answer = msgspec.json.decode(content, type=_Answer)
    return Installation(
        installation_id=answer.installation_id,
        platform=Platform(answer.platform.lower()),
        push_channel=answer.push_channel,
        user_id=answer.user_id or None,
        tags=answer.tags or (),
        expiration_time=_moment(answer.expiration_time) if answer.expiration_time else None,
        push_channel_expired=bool(answer.push_channel_expired),
    )


def _moment(text: str) -> datetime | None:
    # The service counts in tenths of a microsecond, and may leave the time zone out.
    moment = datetime.fromisoformat(_FRACTION.sub(r".\1", text))
    if moment.year == _NEVER:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Patch(Struct, frozen=True, omit_defaults=True):
    """One change to an installation (JSON Patch, RFC 6902); made by the functions below.

    What they do not offer the service does not document in one way only: put the whole installation then.
    """

    operation: Literal["add", "remove"] = field(name="op")
    path: str
    value: str | None = None


def add_tags(names: Iterable[str]) -> tuple[Patch, ...]:
    """Add tags to those that there are; raises ValueError where one is none."""
    return tuple(Patch("add", "/tags", checked_tag(name)) for name in names)


def remove_tags(names: Iterable[str]) -> tuple[Patch, ...]:
    """Remove tags; raises ValueError where one is none."""
    return tuple(Patch("remove", f"/tags/{checked_tag(name)}") for name in names)


def change_push_channel(token: str) -> tuple[Patch, ...]:
    """Replace the token that FCM or APNs gave to the device."""
    return (Patch("add", "/pushChannel", token),)


def change_user(user_id: str) -> tuple[Patch, ...]:
    """Give the device to another user; raises ValueError where the id is none."""
    return (Patch("add", "/userId", checked_id(user_id)),)
