"""Connection strings, and the tokens that are made of them."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self
from urllib.parse import quote, urlsplit

from shared.errors import SettingsError

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class SharedAccessKey:
    """A named key of a namespace or a hub."""

    name: str
    """Name of the access policy that the key belongs to."""
    key: str = field(repr=False)
    """Its text is the key: it looks like base64, and is not decoded."""

    def sign(self, resource: str, expires: datetime) -> str:
        """A token for a resource, as the value of an `Authorization` header.

        Args:
            resource: a URL; the token is good for everything below it.
            expires: until when, with a time zone; whole seconds count.

        Source: "Shared Access Signature authentication" in the REST reference of Notification Hubs.
        """
        encoded = quote(resource.lower(), safe="")
        second = int(expires.timestamp())
        digest = hmac.digest(self.key.encode(), f"{encoded}\n{second}".encode(), hashlib.sha256)
        signature = quote(base64.b64encode(digest), safe="")
        return f"SharedAccessSignature sr={encoded}&sig={signature}&se={second}&skn={quote(self.name, safe='')}"


@dataclass(frozen=True, slots=True)
class Connection:
    """Where a namespace is, and the key to it."""

    url: str
    """Base URL, with a slash at its end."""
    key: SharedAccessKey

    @classmethod
    def parse(cls, text: str) -> Self:
        """What a connection string says.

        It is `Endpoint=sb://<host>/;SharedAccessKeyName=<name>;SharedAccessKey=<key>`. With
        `UseDevelopmentEmulator=true` the host is reached without TLS; it must be this machine then.

        Raises:
            SettingsError: a part is missing or wrong. The message names the part and never its value.
        """
        parts = {
            name.strip().lower(): value.strip()
            for name, separator, value in (part.partition("=") for part in text.split(";"))
            if separator
        }
        missing = [
            name for name in ("Endpoint", "SharedAccessKeyName", "SharedAccessKey") if not parts.get(name.lower())
        ]
        if missing:
            raise SettingsError(f"the Notification Hubs connection string has no {' and no '.join(missing)}")
        try:
            address = urlsplit(parts["endpoint"])
            host, port = address.hostname, address.port
        except ValueError as error:
            raise SettingsError("Endpoint in the Notification Hubs connection string is not a URL") from error
        if not host:
            raise SettingsError("Endpoint in the Notification Hubs connection string is not a URL")
        local = parts.get("usedevelopmentemulator", "").lower() == "true"
        if local and host not in _LOOPBACK:
            raise SettingsError("UseDevelopmentEmulator in the Notification Hubs connection string is for this machine")
        name = f"[{host}]" if ":" in host else host
        url = f"{'http' if local else 'https'}://{name}{f':{port}' if port else ''}/"
        return cls(url, SharedAccessKey(parts["sharedaccesskeyname"], parts["sharedaccesskey"]))
