"""A client of the wire, independent of the code under test, and a browser that can be pushed to."""

import asyncio
import base64
import hashlib
import hmac
import json
import struct
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

WAIT_SECONDS = 10.0
"""Deadline of everything that a test waits for."""


def token(url: str) -> str:
    """A shared access signature for everything below a URL, with the public key of the emulators."""
    resource, expires = quote(url.lower(), safe=""), int(time.time()) + 60
    digest = hmac.digest(b"SAS_KEY_VALUE", f"{resource}\n{expires}".encode(), hashlib.sha256)
    signature = quote(base64.b64encode(digest), safe="")
    return f"SharedAccessSignature sr={resource}&sig={signature}&se={expires}&skn=RootManageSharedAccessKey"


@dataclass(frozen=True)
class Hub:
    """One hub of a running service."""

    service: str
    name: str
    http: aiohttp.ClientSession

    @classmethod
    def fresh(cls, service: str, http: aiohttp.ClientSession) -> Self:
        """One that nobody else uses."""
        return cls(service, f"hub-{uuid.uuid4().hex}", http)

    async def call(
        self, method: str, path: str, body: object = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """The status and the body of an answer."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        separator = "&" if "?" in path else "?"
        async with self.http.request(
            method,
            f"{self.service}/{self.name}/{path}{separator}api-version=2020-06",
            data=content,
            headers={"Authorization": token(self.service), **(headers or {})},
        ) as response:
            return response.status, await response.text()

    async def register(self, installation_id: str, channel: object, platform: str = "fcmv1", *tags: str) -> None:
        """Write an installation."""
        installation = {
            "installationId": installation_id,
            "platform": platform,
            "pushChannel": channel,
            "tags": list(tags),
        }
        status, body = await self.call("PUT", f"installations/{installation_id}", installation)
        assert status == 200, body

    async def send(self, payload: object, kind: str = "fcmv1", **headers: str) -> None:
        """Send to all, or as the headers say; underscores in their names stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        status, body = await self.call("POST", "messages/", payload, {"ServiceBusNotification-Format": kind, **named})
        assert status == 201, body

    async def device(self, installation_id: str) -> dict[str, Any]:
        """What is seen of a device."""
        async with self.http.get(f"{self.service}/_devices", params={"installation": installation_id}) as response:
            [device] = (each for each in (await response.json())["devices"] if each["hub"] == self.name)
            return dict(device)

    async def settled(self, installation_id: str) -> dict[str, Any]:
        """The device, once nothing is on its way to it any more."""
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                device = await self.device(installation_id)
                if all(each["outcome"] != "pending" for each in device["notifications"]):
                    return device
                await asyncio.sleep(0.01)


@dataclass
class Browser:
    """A browser's subscription, and the push service that it has chosen. Use it as a context manager."""

    status: int = 201
    """What the push service answers."""
    port: int = 0
    received: list[str] = field(default_factory=list)
    """What its service worker got, decrypted."""
    headers: list[dict[str, str]] = field(default_factory=list)
    """Those of each request, with names in lower case."""

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self._secret = uuid.uuid4().bytes
        self._arrived = asyncio.Event()

    @property
    def channel(self) -> dict[str, str]:
        """The subscription as JavaScript has it."""
        return {
            "endpoint": f"http://127.0.0.1:{self.port}/push",
            "p256dh": _encoded(self._point),
            "auth": _encoded(self._secret),
        }

    async def arrived(self, count: int) -> None:
        """Wait until the push service was called so often."""
        async with asyncio.timeout(WAIT_SECONDS):
            while len(self.headers) < count:
                self._arrived.clear()
                await self._arrived.wait()

    async def _push(self, request: web.Request) -> web.Response:
        self.received.append(self._opened(await request.read()))
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self._arrived.set()
        return web.Response(status=self.status)

    def _opened(self, message: bytes) -> str:
        """RFC 8291 and RFC 8188 from the browser's side."""
        salt, (_, length) = message[:16], struct.unpack("!IB", message[16:21])
        sender, record = message[21 : 21 + length], message[21 + length :]
        shared = self._key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        info = b"WebPush: info\0" + self._point + sender
        material = HKDF(hashes.SHA256(), 32, self._secret, info).derive(shared)
        key = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(material)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(material)
        return AESGCM(key).decrypt(nonce, record, None).removesuffix(b"\x02").decode()

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_post("/push", self._push)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()


def origin(url: str) -> str:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
