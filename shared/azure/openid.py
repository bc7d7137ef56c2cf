"""The issuer's discovery document and keys, over HTTP."""

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import msgspec

from shared.errors import TransientError

SECONDS: Final = 5.0


class OpenIdKeys:
    """The key set of an OpenID Connect issuer: a `KeySource`.

    Args:
        issuer: its URL; discovery is found below it.
    """

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    async def fetch(self) -> dict[str, Any]:
        """See `KeySource`."""
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        try:
            # Once an hour: a session is not worth keeping open.
            async with aiohttp.ClientSession(timeout=timeout) as session:
                discovery = await _get(session, self._issuer.rstrip("/") + "/.well-known/openid-configuration")
                if discovery.get("issuer") != self._issuer:
                    raise TransientError(f"{self._issuer} names itself {discovery.get('issuer')!r}")
                address = str(discovery.get("jwks_uri"))
                if urlsplit(address).scheme != urlsplit(self._issuer).scheme:
                    raise TransientError(f"{self._issuer} keeps its keys at {address!r}")
                return await _get(session, address)
        except TimeoutError as error:
            raise TransientError(f"{self._issuer} did not answer within {SECONDS:g} s") from error
        except (aiohttp.ClientError, msgspec.DecodeError) as error:
            raise TransientError(f"{self._issuer}: {error}") from error


async def _get(session: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    async with session.get(url) as response:
        if response.status != HTTPStatus.OK:
            raise TransientError(f"{url} answered {response.status}")
        content = await response.read()
    document = msgspec.json.decode(content)
    if not isinstance(document, dict):
        raise TransientError(f"{url} answered something else than a JSON object")
    return document
