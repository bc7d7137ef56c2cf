"""The sync token: up to where a person has heard, in every feed that concerns them.

Opaque, bound to the person, and tamper-evident: what it says about other audiences than the person's own would be
refused anyway, but a forged position could make a hole that nobody sees.
"""

import base64
import binascii
import hashlib
import hmac
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from shared.errors import BelfryError
from shared.inbox.membership import Membership

LIFETIME: Final = timedelta(days=30)
"""Of a token. What is forgotten or erased leaves no trace in the feeds, so an old client must begin anew at last."""
MAXIMUM_CHARACTERS: Final = 8_000
"""It is sent in the query, and the platform takes request lines of up to 8 KiB."""
_MAC_BYTES: Final = 16
_VERSION: Final = b"1"


class SyncExpiredError(BelfryError):
    """The sync token is too old, from before the person's audiences changed, or not theirs: load the history again."""


class SyncPoint(Struct, frozen=True, array_like=True):
    """What a token says."""

    issued: int
    """Milliseconds since 1970."""
    containers: tuple[str, str]
    """Identity of the alerts' and of the people's container: positions of others mean nothing."""
    person: int
    """Position in the feed of the person's own partition."""
    audiences: dict[str, int]
    """Position in the feed of each audience."""
    unread: Annotated[int, Meta(ge=0)]
    """The unread count at that point: as long as nothing changed it holds."""
    until: int = 0
    """When the next alert expires that is counted in it, seconds since 1970; 0: none does."""


def seal(point: SyncPoint, user: str, key: bytes) -> str:
    """The token for a point."""
    payload = zlib.compress(msgspec.msgpack.encode(point), 9)
    return base64.urlsafe_b64encode(_VERSION + _mac(payload, user, key) + payload).rstrip(b"=").decode()


def unseal(token: str, user: str, key: bytes) -> SyncPoint:
    """The point that a token stands for.

    Raises:
        SyncExpiredError: it was not made with this key for this user.
    """
    if len(token) > MAXIMUM_CHARACTERS:
        raise SyncExpiredError
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise SyncExpiredError from error
    version, mac, payload = sealed[:1], sealed[1 : 1 + _MAC_BYTES], sealed[1 + _MAC_BYTES :]
    if version != _VERSION or not hmac.compare_digest(mac, _mac(payload, user, key)):
        raise SyncExpiredError
    return msgspec.msgpack.decode(zlib.decompress(payload), type=SyncPoint)


def check(
    point: SyncPoint, memberships: Sequence[Membership], containers: tuple[str, str], now: datetime
) -> Mapping[str, int]:
    """The positions of a point, if an answer that goes on from there can be complete.

    Raises:
        SyncExpiredError: it cannot.
    """
    expired = point.issued < milliseconds(now - LIFETIME)
    # Also of a topic that was left and joined again: what went with it before may be there by another audience.
    joined = any(membership.since and milliseconds(membership.since) > point.issued for membership in memberships)
    others = point.audiences.keys() != {str(membership.audience) for membership in memberships}
    if expired or joined or others or point.containers != containers:
        raise SyncExpiredError
    return point.audiences


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


def _mac(payload: bytes, user: str, key: bytes) -> bytes:
    return hmac.digest(key, _VERSION + user.encode() + b"\n" + payload, hashlib.sha256)[:_MAC_BYTES]
