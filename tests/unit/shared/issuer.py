"""An issuer of tokens that is ours, and the tokens that it and others make."""

import asyncio
import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from shared.errors import TransientError
from shared.identity import Authenticator

ISSUER = "https://issuer.example"
AUDIENCE = "api://belfry"
RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
type PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def public(key: PrivateKey, key_id: str, **fields: Any) -> dict[str, Any]:
    """The public half as a JSON Web Key."""
    match key:
        case rsa.RSAPrivateKey():
            written = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        case ec.EllipticCurvePrivateKey():
            written = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        case _:
            written = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return (
        {name: value for name, value in written.items() if name != "key_ops"} | {"kid": key_id, "use": "sig"} | fields
    )


class Issuer:
    """A `KeySource` that counts, and can be away."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.document: dict[str, Any] = {"keys": list(keys)}
        self.away = False
        self.asked = 0

    async def fetch(self) -> dict[str, Any]:
        """See `KeySource`."""
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise TransientError("the issuer is away")
        return self.document


class Seconds:
    """A monotonic clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The seconds that were set."""
        return self.now


def build(issuer: Issuer, seconds: Seconds, user_claim: str | None = None, roles_claim: str = "roles") -> Authenticator:
    """An authenticator for the issuer and the audience of these tests."""
    return Authenticator(
        issuer, issuer=ISSUER, audience=AUDIENCE, user_claim=user_claim, roles_claim=roles_claim, clock=seconds
    )


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a good token, with changes; None takes a claim away."""
    now = int(time.time())
    good = {"iss": ISSUER, "aud": AUDIENCE, "exp": now + 600, "nbf": now - 60, "iat": now - 60, "sub": "ada"}
    return {name: value for name, value in (good | changes).items() if value is not None}


def token(*, key: Any = RSA, algorithm: str = "RS256", headers: Mapping[str, Any] | None = None, **changes: Any) -> str:
    """An Authorization header with a signed token."""
    return "Bearer " + jwt.encode(claims(**changes), key, algorithm, headers=dict(headers or {"kid": "rsa"}))


def segment(value: Any) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
