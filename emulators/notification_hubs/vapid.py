"""Voluntary identification to push services (RFC 8292): a browser's subscription is bound to this key.

A site subscribes with the public key; each push message carries a token signed with the private one.
"""

import base64
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from emulators.notification_hubs.encryption import public_bytes
from emulators.notification_hubs.installations import decoded

SUBJECT = "mailto:belfry@localhost"
"""Whom a push service would write to."""
LIFETIME = 12 * 3600
"""Seconds a token is good for; push services refuse more than 24 hours."""

_SCALAR_BYTES = 32
_SUBJECT = re.compile(r"(mailto:|https://)\S+")


@dataclass(frozen=True, slots=True)
class Vapid:
    """The key pair and the subject of this hub.

    Args:
        private_key: on P-256.
        subject: a `mailto:` or `https:` address.
    """

    private_key: ec.EllipticCurvePrivateKey
    subject: str = SUBJECT

    @property
    def public_key(self) -> str:
        """What `PushManager.subscribe` takes as `applicationServerKey`: the point in base64url."""
        return _encoded(public_bytes(self.private_key.public_key()))

    def authorization(self, endpoint: str, now: float) -> str:
        """The Authorization header of a push message.

        Args:
            endpoint: of the subscription.
            now: seconds since 1970.
        """
        parts = urlsplit(endpoint)
        claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(now) + LIFETIME, "sub": self.subject}
        return f"vapid t={jwt.encode(claims, self.private_key, algorithm='ES256')}, k={self.public_key}"


def generate_key() -> ec.EllipticCurvePrivateKey:
    """A new private key."""
    return ec.generate_private_key(ec.SECP256R1())


def read_key(text: str) -> ec.EllipticCurvePrivateKey:
    """The private key as Azure has it: 32 bytes in base64url.

    Raises:
        ValueError: it is none.
    """
    try:
        scalar = decoded(text)
        if len(scalar) == _SCALAR_BYTES:
            return ec.derive_private_key(int.from_bytes(scalar), ec.SECP256R1())
    except ValueError:
        pass
    raise ValueError(f"a VAPID private key is a number on P-256: {_SCALAR_BYTES} bytes in base64url")


def written_key(key: ec.EllipticCurvePrivateKey) -> str:
    """The opposite of `read_key`."""
    return _encoded(key.private_numbers().private_value.to_bytes(_SCALAR_BYTES))


def read_subject(text: str) -> str:
    """The subject itself.

    Raises:
        ValueError: it is neither a `mailto:` nor an `https:` address.
    """
    if not _SUBJECT.fullmatch(text):
        raise ValueError("a VAPID subject is a mailto: or https: address")
    return text


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
