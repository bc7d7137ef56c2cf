r"""Shared access signatures: who may call.

    Authorization: SharedAccessSignature sr=<resource>&sig=<signature>&se=<expiry>&skn=<key name>

`sr` is the URL of the namespace, a hub or anything in it, lower-cased and percent-encoded; `sig` is the HMAC-SHA256 of
`<sr as it was sent>\n<se>`, keyed with the UTF-8 bytes of the key, in base64; `se` is in seconds since 1970.

Source: "Shared Access Signature Authentication with Service Bus", and the official JavaScript and .NET packages (which
encode differently: only the text that was sent can be verified).
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus, urlsplit

from emulators.notification_hubs.errors import UnauthorizedError

KEY_NAME = "RootManageSharedAccessKey"
ACCESS_KEY = "SAS_KEY_VALUE"
"""The public key of Microsoft's emulators for Service Bus and Event Hubs."""

_SCHEME = "SharedAccessSignature "
_FIELDS = ("sr", "sig", "se", "skn")
_SCHEMES = {"http", "https", "sb"}
"""Clients sign for the scheme of the connection string or that of the call; the service compares neither."""


@dataclass(frozen=True, slots=True)
class SharedAccessKey:
    """The one key of the namespace; it may do everything."""

    name: str = KEY_NAME
    value: str = ACCESS_KEY

    def check(self, authorization: str, host: str, path: str, now: float) -> None:
        """Check the token of a request.

        Args:
            authorization: the header; empty if there is none.
            host: `host:port`, as the client has it.
            path: of the request, decoded.
            now: seconds since 1970.

        Raises:
            UnauthorizedError: the token does not allow this request.
        """
        if not authorization:
            raise UnauthorizedError("MissingToken: The request has no authorization header")
        fields = _fields(authorization)
        expected = self.signature(fields["sr"], fields["se"])
        if unquote(fields["skn"]) != self.name or not hmac.compare_digest(
            unquote(fields["sig"]).encode(), expected.encode()
        ):
            raise UnauthorizedError("InvalidSignature: The token has an invalid signature")
        if now >= int(fields["se"]):
            raise UnauthorizedError("ExpiredToken: The token is expired")
        if not _covers(unquote_plus(fields["sr"]), host, path):
            raise UnauthorizedError("InvalidAudience: The token was issued for another resource")

    def signature(self, resource: str, expiry: str) -> str:
        """The signature of a token, in base64, of the resource as it is sent and the expiry."""
        digest = hmac.digest(self.value.encode(), f"{resource}\n{expiry}".encode(), hashlib.sha256)
        return base64.b64encode(digest).decode()


def _fields(authorization: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in authorization.removeprefix(_SCHEME).split("&"))
    fields = {name: value for name, _, value in pairs}
    complete = authorization.startswith(_SCHEME) and all(fields.get(name) for name in _FIELDS)
    if not (complete and fields["se"].isascii() and fields["se"].isdigit()):
        raise UnauthorizedError(
            "MalformedToken: The authorization header is not 'SharedAccessSignature sr=…&sig=…&se=…&skn=…'"
        )
    return fields


def _covers(resource: str, host: str, path: str) -> bool:
    """Whether the URL that was signed is that of the request, or of something that it is in."""
    try:
        signed = urlsplit(resource.lower())
    except ValueError:
        return False
    signed_path = signed.path.rstrip("/")
    return (
        signed.scheme in _SCHEMES
        and signed.netloc == host.lower()
        and f"{path.lower().rstrip('/')}/".startswith(f"{signed_path}/")
    )
