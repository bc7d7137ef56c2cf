"""An installation: one device, how it is reached, whose it is, and the tags by which it is chosen.

Source: "Create or overwrite an installation" and the official JavaScript package (`models/installation`).
"""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from emulators.notification_hubs.errors import BadRequestError, NotServedError
from emulators.notification_hubs.tag_expressions import check_tag, installation_tag, user_tag

MOST_TAGS = 60
NEVER = "9999-12-31T23:59:59.9999999Z"
"""The expiry of an installation that has none."""
LOCAL_HOSTS = frozenset({"localhost"})
"""Names of this machine to which a browser's endpoint may point; its addresses may be written, too."""

_INSTALLATION_ID = re.compile(r"[^\s{}/?#\x00-\x1f]{1,256}")
_USER_ID = re.compile(r"[A-Za-z0-9_@#.:=|+~-]{1,128}")
_POINT_BYTES = 65
_SECRET_BYTES = 16
_ELSEWHERE = {"wns", "mpns", "gcm", "adm", "baidu", "xiaomi"}


class Platform(StrEnum):
    """Whose push service reaches the device."""

    APPLE = "apns"
    ANDROID = "fcmv1"
    BROWSER = "browser"


class BrowserChannel(msgspec.Struct, frozen=True):
    """A browser's push subscription."""

    endpoint: str
    """URL of the push service that the browser has chosen."""
    p256dh: str
    """The browser's public key: an uncompressed point on P-256, in base64url."""
    auth: str
    """16 secret bytes, in base64url."""

    @property
    def public_key(self) -> bytes:
        """The bytes of `p256dh`."""
        return decoded(self.p256dh)

    @property
    def secret(self) -> bytes:
        """The bytes of `auth`."""
        return decoded(self.auth)

    def check(self) -> None:
        """Check what a push service and the encryption need.

        Raises:
            BadRequestError: a key is none, or the endpoint no URL.
        """
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.public_key)
            right = len(self.public_key) == _POINT_BYTES and len(self.secret) == _SECRET_BYTES
        except ValueError:
            right = False
        if not right:
            raise BadRequestError("The push channel needs p256dh, a point on P-256, and auth, 16 bytes, in base64url")
        _host(self.endpoint)

    def check_reach(self, hosts: frozenset[str]) -> None:
        """Check that a notification may be posted there.

        Args:
            hosts: names, besides this machine's, to which the endpoint may point.

        Raises:
            NotServedError: it points elsewhere.
        """
        host = _host(self.endpoint)
        if not (_is_local(host) or host in hosts):
            raise NotServedError(
                f"The endpoint is at {host}, and this service posts to this machine only; "
                f"--allow-endpoint {host} allows it"
            )


type PushChannel = str | BrowserChannel


@dataclass(frozen=True, slots=True)
class Installation:
    """A registered device."""

    id: str
    platform: Platform
    push_channel: PushChannel
    updated_at: datetime
    """When it was written last."""
    user_id: str | None = None
    tags: tuple[str, ...] = ()
    """Without repetitions, in the order in which they were given."""
    expires_at: datetime | None = None
    """From then on it does not exist; None: never."""

    def all_tags(self) -> frozenset[str]:
        """Its tags, and those that the service gives it."""
        own = {installation_tag(self.id)} | ({user_tag(self.user_id)} if self.user_id else set())
        return frozenset(self.tags) | own

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now

    def document(self) -> dict[str, Any]:
        """The installation as the service shows it."""
        shown: dict[str, Any] = {
            "installationId": self.id,
            "platform": self.platform.value,
            "pushChannel": msgspec.to_builtins(self.push_channel),
            "pushChannelExpired": False,
            "expirationTime": _written(self.expires_at) if self.expires_at else NEVER,
            "lastUpdate": _written(self.updated_at),
        }
        if self.user_id:
            shown["userId"] = self.user_id
        if self.tags:
            shown["tags"] = list(self.tags)
        return shown


class _Written(msgspec.Struct, rename="camel"):
    """The body of a PUT. Other members, such as the read-only ones that a GET has shown, are ignored by the service."""

    installation_id: str
    platform: str
    push_channel: str | BrowserChannel
    user_id: str | None = None
    tags: list[str] | None = None
    expiration_time: str | None = None
    templates: dict[str, Any] | None = None
    secondary_tiles: dict[str, Any] | None = None
    push_variables: dict[str, Any] | None = None


def read(body: bytes | Any, installation_id: str, now: datetime) -> Installation:
    """The installation in the body of a PUT.

    Args:
        body: JSON, or a document that was decoded already.
        installation_id: as the path has it.
        now: becomes the time of its last update.

    Raises:
        BadRequestError: it is not an installation, or not this one.
    """
    try:
        document = msgspec.json.decode(body) if isinstance(body, bytes) else body
        written = msgspec.convert(document, _Written)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadRequestError(f"The installation is not valid: {error}") from error
    if written.installation_id != installation_id:
        raise BadRequestError(f"The installationId '{written.installation_id}' is not that of the path")
    if written.templates or written.secondary_tiles or written.push_variables:
        raise NotServedError("Templates, secondary tiles and push variables are not served here")
    platform = _platform(written.platform)
    return Installation(
        id=check_id(written.installation_id),
        platform=platform,
        push_channel=_channel(platform, written.push_channel),
        user_id=_user(written.user_id),
        tags=_tags(written.tags or []),
        expires_at=_time(written.expiration_time),
        updated_at=now,
    )


def check_id(installation_id: str) -> str:
    """The installation id itself.

    Raises:
        BadRequestError: it could not stand in a path or in `$InstallationId:{…}`.
    """
    if not _INSTALLATION_ID.fullmatch(installation_id):
        raise BadRequestError(f"'{installation_id}' is not an installation id")
    return installation_id


def _host(endpoint: str) -> str:
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in {"http", "https"}:
        raise BadRequestError(f"The endpoint '{endpoint}' is not an http(s) URL")
    return host


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host in LOCAL_HOSTS


def decoded(text: str) -> bytes:
    """The bytes of base64url, padded or not.

    Raises:
        ValueError: it is not base64url.
    """
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def _platform(name: str) -> Platform:
    if name.lower() in _ELSEWHERE:
        raise NotServedError(f"The platform '{name}' is not served here; there are {', '.join(Platform)}")
    try:
        return Platform(name.lower())
    except ValueError:
        raise BadRequestError(f"'{name}' is not a platform") from None


def _channel(platform: Platform, channel: PushChannel) -> PushChannel:
    if isinstance(channel, BrowserChannel) != (platform is Platform.BROWSER):
        shape = "{endpoint, p256dh, auth}" if platform is Platform.BROWSER else "a string"
        raise BadRequestError(f"The pushChannel of the platform '{platform}' is {shape}")
    if isinstance(channel, BrowserChannel):
        channel.check()
    elif not channel.strip():
        raise BadRequestError("The pushChannel is empty")
    return channel


def _user(user_id: str | None) -> str | None:
    if user_id and not _USER_ID.fullmatch(user_id):
        raise BadRequestError(f"'{user_id}' is not a userId")
    return user_id or None


def _tags(tags: list[str]) -> tuple[str, ...]:
    unique = tuple(dict.fromkeys(check_tag(tag) for tag in tags))
    if len(unique) > MOST_TAGS:
        raise BadRequestError(f"An installation has at most {MOST_TAGS} tags, this one {len(unique)}")
    return unique


def _time(text: str | None) -> datetime | None:
    if text is None or text.startswith("9999-12-31"):
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRequestError(f"The expirationTime '{text}' is not a time") from error
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _written(time: datetime) -> str:
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")
