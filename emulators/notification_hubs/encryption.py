"""The payload of a web push, encrypted so that only the browser can read it.

One record of `aes128gcm` (RFC 8188) under a key agreed with the browser (RFC 8291). It is made of the primitives of
`cryptography`: the packages that do it, http-ece and pywebpush, have no types, and bring more than this page replaces.
"""

import os
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_SALT_BYTES = 16
_KEY_BYTES = 16
_NONCE_BYTES = 12
_TAG_BYTES = 16
_RECORD_SIZE = 4096
_LAST_RECORD = b"\x02"
"""Delimiter after the last plaintext; there is no padding after it."""


@dataclass(frozen=True, slots=True)
class Ephemeral:
    """What is made anew for each message."""

    private_key: ec.EllipticCurvePrivateKey
    salt: bytes

    @classmethod
    def generate(cls) -> "Ephemeral":
        """A fresh key on P-256 and a fresh salt of 16 bytes."""
        return cls(ec.generate_private_key(ec.SECP256R1()), os.urandom(_SALT_BYTES))


def encrypt(plaintext: bytes, public_key: bytes, secret: bytes, ephemeral: Ephemeral) -> bytes:
    """The body of a push message.

    Args:
        plaintext: the payload.
        public_key: the browser's, an uncompressed point on P-256.
        secret: the browser's authentication secret, 16 bytes.
        ephemeral: of this message only.
    """
    sender = public_bytes(ephemeral.private_key.public_key())
    browser = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
    shared = ephemeral.private_key.exchange(ec.ECDH(), browser)
    material = _derived(shared, secret, b"WebPush: info\x00" + public_key + sender, 32)
    key = _derived(material, ephemeral.salt, b"Content-Encoding: aes128gcm\x00", _KEY_BYTES)
    nonce = _derived(material, ephemeral.salt, b"Content-Encoding: nonce\x00", _NONCE_BYTES)
    record = AESGCM(key).encrypt(nonce, plaintext + _LAST_RECORD, None)
    # A push message is one record; a larger payload than usual needs a larger one.
    size = max(_RECORD_SIZE, len(plaintext) + len(_LAST_RECORD) + _TAG_BYTES)
    return ephemeral.salt + struct.pack("!IB", size, len(sender)) + sender + record


def public_bytes(key: ec.EllipticCurvePublicKey) -> bytes:
    """The key as an uncompressed point, 65 bytes."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(material)
