"""The tokens of the service: JSON Web Tokens signed with the access key (HS256).

Three kinds. A *request token* allows one REST call: its audience is the URL of the call. A *client token* opens a
WebSocket: its audience is `http(s)://host/client/hubs/<hub>`, its claims say who connects and what they may do. A
*reconnection token* lets a client take up its broken reliable connection: its audience is the connection's id.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import jwt

from emulators.web_pubsub.errors import UnauthorizedError

ACCESS_KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH"
"""The public key of Microsoft's own emulator."""
ISSUER = "https://webpubsub.azure.com"
"""Issuer of reconnection tokens."""
SHORTEST_KEY = 32
"""Bytes that HS256 needs."""
CLOCK_SKEW = 5 * 60
"""Seconds by which the clocks of both sides may differ, as the service has it."""
RECONNECTION_LIFETIME = 7 * 24 * 3600
"""Seconds during which a reconnection token is good; the recovery window ends long before."""

_SIGNATURE_ONLY: Any = {
    f"verify_{claim}": False for claim in ("aud", "exp", "iat", "iss", "jti", "nbf", "sub")
}  # PyJWT reads the system clock; times are checked here, against ours


@dataclass(frozen=True, slots=True)
class ClientClaims:
    """What a client token says about the connection."""

    user: str | None = None
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    """Joined at connect, whatever the roles."""


class Credentials:
    """The access key, and everything that is signed with it.

    Args:
        key: the access key, at least 32 bytes.
        clock: seconds since 1970.

    Raises:
        ValueError: the key is too short to sign with.
    """

    def __init__(self, key: str, clock: Callable[[], float]) -> None:
        if len(key.encode()) < SHORTEST_KEY:
            raise ValueError(f"an access key has at least {SHORTEST_KEY} bytes")
        self._key = key
        self._clock = clock

    def check_request(self, token: str, url: str) -> None:
        """Check a request token.

        Args:
            token: as in the Authorization header.
            url: of the request, with its query.

        Raises:
            UnauthorizedError: the token does not allow this request.
        """
        claims = self._verified(token)
        # Client libraries differ: some sign the query with the path, some encode what others leave as it is.
        wanted = {_comparable(url), _comparable(url.partition("?")[0])}
        if not any(_comparable(audience) in wanted for audience in _texts(claims.get("aud"))):
            raise UnauthorizedError("The token was issued for another URL.", target="Authorization")

    def check_client(self, token: str, endpoint: str, hub: str) -> ClientClaims:
        """Check a client token.

        Args:
            token: as in the query or the Authorization header.
            endpoint: `http(s)://host` as the client sees it.
            hub: the hub that it wants to connect to.

        Raises:
            UnauthorizedError: the token does not open this hub.
        """
        claims = self._verified(token)
        wanted = _comparable(client_audience(endpoint, hub))
        if not any(_comparable(audience) == wanted for audience in _texts(claims.get("aud"))):
            raise UnauthorizedError("The token was issued for another hub.", target="access_token")
        user = claims.get("sub")
        return ClientClaims(
            user=None if user is None else str(user),
            roles=tuple(_texts(claims.get("role"))),
            groups=tuple(_texts(claims.get("webpubsub.group"))),
        )

    def issue_client(self, endpoint: str, hub: str, claims: ClientClaims, minutes: int) -> str:
        """A client token for `hub` that is good for `minutes`."""
        now = int(self._clock())
        payload: dict[str, Any] = {"aud": client_audience(endpoint, hub), "nbf": now, "exp": now + 60 * minutes}
        if claims.user:
            payload["sub"] = claims.user
        if claims.roles:
            payload["role"] = list(claims.roles)
        if claims.groups:
            payload["webpubsub.group"] = list(claims.groups)
        return self._signed(payload)

    def issue_reconnection(self, connection_id: str) -> str:
        """A token with which the client of this connection can recover it."""
        now = int(self._clock())
        return self._signed({"iss": ISSUER, "aud": connection_id, "nbf": now, "exp": now + RECONNECTION_LIFETIME})

    def recovers(self, token: str, connection_id: str) -> bool:
        """Whether `token` is a reconnection token of this connection."""
        try:
            claims = self._verified(token)
        except UnauthorizedError:
            return False
        return claims.get("iss") == ISSUER and claims.get("aud") == connection_id

    def _signed(self, payload: dict[str, Any]) -> str:
        return jwt.encode(payload, self._key, algorithm="HS256")

    def _verified(self, token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(token, self._key, algorithms=["HS256"], options=_SIGNATURE_ONLY)
        except jwt.InvalidTokenError as error:
            raise UnauthorizedError("The token is not signed with the access key.", target="Authorization") from error
        now = self._clock()
        expires, starts = claims.get("exp"), claims.get("nbf", 0)
        if not isinstance(expires, int | float) or now >= expires + CLOCK_SKEW:
            raise UnauthorizedError("The token has expired.", target="Authorization")
        if not isinstance(starts, int | float) or now < starts - CLOCK_SKEW:
            raise UnauthorizedError("The token is not valid yet.", target="Authorization")
        return claims


def client_audience(endpoint: str, hub: str) -> str:
    """The audience of a client token: the URL that clients of this hub connect to, without its query."""
    return f"{endpoint}/client/hubs/{quote(hub, safe='')}"


def _comparable(url: str) -> str:
    return unquote(url).lower()


def _texts(claim: object) -> list[str]:
    """A claim that may be absent, one value, or a list of them."""
    if claim is None:
        return []
    return [str(value) for value in claim] if isinstance(claim, list) else [str(claim)]
