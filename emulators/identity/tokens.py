"""Access tokens (RFC 9068) and ID tokens (OpenID Connect Core §2): made and read."""

import hashlib
import uuid
from enum import StrEnum
from typing import Any

import jwt
from jwt.utils import base64url_encode

from emulators.identity.errors import InvalidTokenError
from emulators.identity.grants import Consent
from emulators.identity.keys import ALGORITHM, Clock, KeyRing
from emulators.identity.people import Person

ACCESS_SECONDS = 3600


class TokenType(StrEnum):
    """The header `typ`, which keeps one kind of token from being taken for the other."""

    ACCESS = "at+jwt"
    ID = "JWT"


class Tokens:
    """Makes and reads the tokens of one issuer.

    Args:
        issuer: the URL that clients know it by, letter for letter.
        keys: sign and verify.
        clock: the time that tokens are issued and checked at.
    """

    def __init__(self, issuer: str, keys: KeyRing, clock: Clock) -> None:
        self._issuer = issuer
        self._keys = keys
        self._clock = clock

    def access(
        self, person: Person, *, audience: str, client_id: str, scope: str = "", seconds: int = ACCESS_SECONDS
    ) -> str:
        """A token for an API.

        Args:
            person: whose it is.
            audience: the API.
            client_id: who uses it on the person's behalf.
            scope: what was granted; "" leaves the claim out.
            seconds: how long it is valid; with a negative number it expired that long ago.
        """
        claims = {"aud": audience, "client_id": client_id, "jti": str(uuid.uuid4())}
        if scope:
            claims["scope"] = scope
        return self._sign(TokenType.ACCESS, person, claims, seconds)

    def identity(self, consent: Consent, access_token: str, *, nonce: str | None) -> str:
        """A token that tells the client who signed in, when, and for which access token."""
        digest = hashlib.sha256(access_token.encode()).digest()
        claims = {
            "aud": consent.client_id,
            "auth_time": consent.authenticated_at,
            "at_hash": base64url_encode(digest[: len(digest) // 2]).decode(),
            "sid": consent.id,
        }
        if nonce is not None:
            claims["nonce"] = nonce
        return self._sign(TokenType.ID, consent.person, claims, ACCESS_SECONDS)

    def read(self, token: str, expected: TokenType, *, expired: bool = False) -> dict[str, Any]:
        """The claims of one of our own tokens.

        Args:
            token: as it was given.
            expected: the kind that it has to be.
            expired: accept one that has expired, as the hint at sign-out may have.

        Raises:
            InvalidTokenError: it is not such a token.
        """
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys.find(header.get("kid", ""))
            if key is None or header.get("typ") != expected:
                raise InvalidTokenError("The token is not one of this provider's, or of another kind.")
            claims = jwt.decode(
                token,
                key.private.public_key(),
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                # The time is checked below, by our clock; the audience is whichever was asked for.
                options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as error:
            raise InvalidTokenError(f"The token is not valid: {error}.") from error
        if not expired and claims["exp"] <= self._clock():
            raise InvalidTokenError("The token has expired.")
        return claims

    def _sign(self, kind: TokenType, person: Person, claims: dict[str, Any], seconds: int) -> str:
        now = int(self._clock())
        issued = min(now, now + seconds)
        everyone = {
            "iss": self._issuer,
            "sub": person.id,
            "oid": person.id,
            "name": person.name,
            "roles": list(person.roles),
            "iat": issued,
            "nbf": issued,
            "exp": now + seconds,
        }
        key = self._keys.current
        return jwt.encode(everyone | claims, key.private, ALGORITHM, headers={"kid": key.kid, "typ": kind})
