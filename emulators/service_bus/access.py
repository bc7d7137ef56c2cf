"""Who may reach what: shared access signatures, and the paths that they open.

https://learn.microsoft.com/azure/service-bus-messaging/service-bus-sas
"""

import base64
import hashlib
import hmac
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from emulators.service_bus.errors import InvalidTokenError, UnauthorizedError

_NEVER: Final = 1 << 62
_PREFIX: Final = "SharedAccessSignature "
_TOKEN_TYPES: Final = frozenset({"servicebus.windows.net:sastoken", "jwt"})
"""The Python client names the type `jwt` for a shared access signature too."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A path that is open, with all below it, until the token expires."""

    path: str
    """Lower case; empty: the whole namespace."""
    expires_at: int
    """Milliseconds since 1970."""

    def covers(self, path: str) -> bool:
        """Whether the grant opens that path."""
        path = path.lower()
        return not self.path or path == self.path or path.startswith(self.path + "/")


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """The one shared access policy of the namespace; it may send, listen and manage."""

    key_name: str
    key: str

    def grant(self, audience: str, token_type: str, token: str, now: int) -> Grant:
        """What a token opens that was put for an audience.

        Args:
            audience: URI of an entity, such as `sb://localhost/alerts`.
            token_type: what the client says the token is.
            token: `SharedAccessSignature sr=…&sig=…&se=…&skn=…`.
            now: milliseconds since 1970.

        Raises:
            InvalidTokenError: the token is malformed, signed by another key, expired, or for something else.
        """
        if token_type not in _TOKEN_TYPES or not token.startswith(_PREFIX):
            raise InvalidTokenError("The token is no shared access signature.")
        parts = dict(part.partition("=")[::2] for part in token.removeprefix(_PREFIX).split("&"))
        if missing := {"sr", "sig", "se", "skn"} - parts.keys():
            raise InvalidTokenError(f"MalformedToken: the token lacks {', '.join(sorted(missing))}.")
        if not self._signed(parts):
            raise InvalidTokenError("InvalidSignature: The token has an invalid signature.")
        if not parts["se"].isascii() or not parts["se"].isdigit():
            raise InvalidTokenError("MalformedToken: the expiry is no number of seconds.")
        grant = Grant(path_of(urllib.parse.unquote_plus(parts["sr"])), 1000 * int(parts["se"]))
        if grant.expires_at <= now:
            raise InvalidTokenError(f"ExpiredToken: The token is expired. Expiration: {parts['se']}.")
        if not grant.covers(path_of(audience)):
            raise InvalidTokenError(f"InvalidAudience: The token is not for '{audience}'.")
        return grant

    def allows(self, name: str, password: str) -> bool:
        """Whether these are the policy's name and key."""
        return name == self.key_name and hmac.compare_digest(password.encode(), self.key.encode())

    def _signed(self, parts: dict[str, str]) -> bool:
        if urllib.parse.unquote_plus(parts["skn"]) != self.key_name:
            return False
        digest = hmac.digest(self.key.encode(), f"{parts['sr']}\n{parts['se']}".encode(), hashlib.sha256)
        return hmac.compare_digest(base64.b64encode(digest), urllib.parse.unquote(parts["sig"]).encode())


def path_of(address: str) -> str:
    """The path of an entity within the namespace, from its path or from a URI of it; lower case, no outer slashes."""
    if "://" in address:
        address = urllib.parse.urlsplit(address).path
    return address.strip("/").lower()


class Grants:
    """What one connection was granted.

    Args:
        policy: checks the tokens.
        clock: milliseconds since 1970.
    """

    def __init__(self, policy: AccessPolicy, clock: Callable[[], int]) -> None:
        self._policy = policy
        self._clock = clock
        self._grants: dict[str, Grant] = {}

    def put_token(self, audience: str, token_type: str, token: str) -> None:
        """Open what the token is for.

        Raises:
            InvalidTokenError: it opens nothing.
        """
        grant = self._policy.grant(audience, token_type, token, self._clock())
        self._grants[grant.path] = grant

    def put_password(self, name: str, password: str) -> bool:
        """Open everything if these are the policy's name and key; returns whether they are."""
        if not self._policy.allows(name, password):
            return False
        self._grants[""] = Grant("", _NEVER)
        return True

    def covers(self, path: str) -> bool:
        """Whether the path is open now."""
        now = self._clock()
        return any(grant.covers(path) and grant.expires_at > now for grant in self._grants.values())

    def require(self, path: str) -> None:
        """Make sure that the path is open.

        Raises:
            UnauthorizedError: it is not.
        """
        if not self.covers(path):
            raise UnauthorizedError(
                f"Unauthorized access. 'Send', 'Listen' or 'Manage' claims are required to perform this operation. "
                f"Resource: '{path}'."
            )

    def next_expiry(self) -> int | None:
        """When the next grant expires, in milliseconds since 1970."""
        now = self._clock()
        return min((grant.expires_at for grant in self._grants.values() if grant.expires_at > now), default=None)
