"""The signing keys: the newest signs, and all of them verify."""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from jwt.utils import base64url_encode

ALGORITHM = "RS256"
"""The one algorithm that every OpenID Connect client must understand (Core §15.1)."""

_KEY_BITS = 2048
_PUBLIC_EXPONENT = 65537

Clock = Callable[[], float]
"""Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One RSA key pair."""

    kid: str
    """Its thumbprint (RFC 7638), so that equal keys have equal ids."""
    private: rsa.RSAPrivateKey

    def public_document(self) -> dict[str, Any]:
        """The public half as a JSON Web Key."""
        return {**_public_members(self.private), "kid": self.kid, "use": "sig", "alg": ALGORITHM}


class KeyRing:
    """All signing keys, kept in the database; the first is made when there is none.

    Args:
        database: of `emulators.identity.database`.
        clock: says when a key is made, which orders them.
    """

    def __init__(self, database: sqlite3.Connection, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        rows = database.execute("SELECT kid, pem FROM signing_key ORDER BY created_at, rowid")
        self._keys = [SigningKey(kid, _from_pem(pem)) for kid, pem in rows]
        if not self._keys:
            self.rotate()

    @property
    def current(self) -> SigningKey:
        """The key that signs."""
        return self._keys[-1]

    def find(self, kid: str) -> SigningKey | None:
        """The key with this id."""
        return next((key for key in self._keys if key.kid == kid), None)

    def rotate(self) -> SigningKey:
        """Make a new key, which signs from now on; the old ones still verify what they signed."""
        private = rsa.generate_private_key(_PUBLIC_EXPONENT, _KEY_BITS)
        key = SigningKey(_thumbprint(private), private)
        self._database.execute("INSERT INTO signing_key VALUES (?, ?, ?)", (key.kid, _to_pem(private), self._clock()))
        self._keys.append(key)
        return key

    def document(self) -> dict[str, list[dict[str, Any]]]:
        """The JSON Web Key Set, newest key first."""
        return {"keys": [key.public_document() for key in reversed(self._keys)]}


def _public_members(private: rsa.RSAPrivateKey) -> dict[str, Any]:
    document = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return {name: document[name] for name in ("e", "kty", "n")}


def _thumbprint(private: rsa.RSAPrivateKey) -> str:
    canonical = json.dumps(_public_members(private), sort_keys=True, separators=(",", ":"))
    return base64url_encode(hashlib.sha256(canonical.encode()).digest()).decode()


def _to_pem(private: rsa.RSAPrivateKey) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _from_pem(pem: bytes) -> rsa.RSAPrivateKey:
    private = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError("The stored signing key is not an RSA key.")
    return private
