"""Who asks: bearer tokens of any OpenID Connect issuer.

Signature, issuer, audience, expiry and not-before are checked on every call; only asymmetric algorithms are taken, so
that a public key can never serve as the secret of a forged signature.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import jwt
from msgspec import Struct

from shared.audience import NAME, USER
from shared.errors import BelfryError, TransientError

log = logging.getLogger(__name__)

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
KEYS_SECONDS: Final = 3600.0
"""How long signing keys are trusted before they are asked for again."""
REFRESH_SECONDS: Final = 10.0
"""The least time between two looks at the issuer, so that forged key ids cannot be used to flood it."""
FIRST_SECONDS: Final = 1.0
"""The same, as long as there are no keys at all."""
LEEWAY_SECONDS: Final = 5.0
"""How far the clocks of issuer and host may differ."""
MAXIMUM_TOKEN_CHARACTERS: Final = 16 * 1024

_USER = re.compile(USER)
_NAME = re.compile(NAME)


class Person(Struct, frozen=True):
    """Who a token speaks for."""

    user: str
    roles: frozenset[str]


class NotAuthenticatedError(BelfryError):
    """The request needs a bearer token that is valid."""


class KeySource(Protocol):
    """Where an issuer's signing keys are found."""

    async def fetch(self) -> dict[str, Any]:
        """The issuer's JSON Web Key Set. Raises `TransientError` when it cannot be had."""


class Authenticator:
    """Tells who a request is from.

    Args:
        keys: the issuer's keys.
        issuer: what `iss` must be.
        audience: what `aud` must be, or contain.
        user_claim: the claim with the user's id; None: `oid`, else `sub`.
        roles_claim: the claim with the roles, a list.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        keys: KeySource,
        *,
        issuer: str,
        audience: str,
        user_claim: str | None,
        roles_claim: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = keys
        self._issuer = issuer
        self._audience = audience
        self._user_claim = user_claim
        self._roles_claim = roles_claim
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = float("-inf")
        self._asked = float("-inf")
        self._fetching = asyncio.Lock()

    async def authenticate(self, authorization: str | None) -> Person:
        """The person that an Authorization header speaks for.

        Raises:
            NotAuthenticatedError: there is no token, or it is not valid; says why.
            TransientError: the issuer's keys cannot be had.
        """
        token = _bearer(authorization)
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                raise NotAuthenticatedError(f"the token's algorithm {header.get('alg')!r} is not accepted")
            key = await self._key(str(header.get("kid", "")))
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name] if key.algorithm_name in ALGORITHMS else [],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )
        except jwt.InvalidTokenError as error:
            raise NotAuthenticatedError(f"the token is not valid: {error}") from error
        return self._person(claims)

    async def _key(self, key_id: str) -> jwt.PyJWK:
        if self._clock() - self._fetched > KEYS_SECONDS or key_id not in self._keys:
            await self._refresh()
        key = self._keys.get(key_id)
        if key is None and not self._keys:
            raise TransientError("the issuer's signing keys cannot be had")
        if key is None:
            raise NotAuthenticatedError("the token is signed with a key that its issuer does not have")
        return key

    async def _refresh(self) -> None:
        async with self._fetching:
            if self._clock() - self._asked < (REFRESH_SECONDS if self._keys else FIRST_SECONDS):
                return
            self._asked = self._clock()
            try:
                key_set = await self._source.fetch()
            except TransientError as error:
                # Known keys go on being trusted: an issuer that is away must not lock everyone out.
                log.warning("signing keys: %s", error)
                return
            keys = _usable_keys(key_set)
            if not keys:  # an outage as well, not a revocation of everything
                log.warning("signing keys: the issuer names none that can be used")
                return
            self._keys = keys
            self._fetched = self._clock()

    def _person(self, claims: Mapping[str, Any]) -> Person:
        names = [self._user_claim] if self._user_claim else ["oid", "sub"]
        user = next((claims[name] for name in names if claims.get(name)), None)
        if not isinstance(user, str) or not _USER.fullmatch(user):
            raise NotAuthenticatedError(f"the token's claim {' or '.join(names)} is not a user id")
        roles = claims.get(self._roles_claim)
        listed = roles if isinstance(roles, list) else [roles]
        # A role that no audience can be named after belongs to another application.
        return Person(user, frozenset(role for role in listed if isinstance(role, str) and _NAME.fullmatch(role)))


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticatedError
    if len(token) > MAXIMUM_TOKEN_CHARACTERS:
        raise NotAuthenticatedError("the token is too long")
    if not token.isascii():
        raise NotAuthenticatedError("the token is not valid: it has other characters than a token can have")
    return token.strip()


def _usable_keys(key_set: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    """The signing keys of a key set, by their id; kinds that are not known here are left out."""
    keys: dict[str, jwt.PyJWK] = {}
    listed = key_set.get("keys")
    for item in listed if isinstance(listed, list) else ():
        if not isinstance(item, dict) or item.get("use", "sig") != "sig":
            continue
        try:
            keys[str(item.get("kid", ""))] = jwt.PyJWK.from_dict(item)
        except jwt.PyJWTError as error:
            log.info("signing key %r is left out: %s", item.get("kid"), error)
    return keys
