import base64
import os
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared import push
from shared.alert import Severity
from shared.azure.notification_hubs import (
    BrowserChannel,
    Format,
    Installation,
    Notification,
    NotificationHub,
    Platform,
    tag,
)
from shared.push import alert_message, clear_message
from tests.contract.notification_hubs_client.local import Received
from tests.unit.shared.fakes import OFFICE, stored

pytestmark = pytest.mark.local_only(reason="what a device was sent cannot be asked of a real hub")


class PushService:
    """A browser vendor's push service: takes up to 4,096 bytes, and keeps what it was told."""

    def __init__(self) -> None:
        self.url = ""
        self.headers: list[Mapping[str, str]] = []
        self.sizes: list[int] = []
        self.gone = False

    async def take(self, request: web.Request) -> web.Response:
        """A message for the browser."""
        body = await request.read()
        self.headers.append(request.headers)
        self.sizes.append(len(body))
        if self.gone:
            return web.Response(status=410)
        return web.Response(status=201 if len(body) <= 4096 else 413)


@pytest.fixture
async def push_service() -> AsyncIterator[PushService]:
    """One on this machine."""
    service = PushService()
    application = web.Application()
    application.router.add_post("/{path:.*}", service.take)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    service.url = f"http://{host}:{port}"
    yield service
    await runner.cleanup()


def subscription(push_service: PushService, name: str) -> BrowserChannel:
    """What a browser gives to a site that may notify."""
    point = (
        ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    )
    p256dh, auth = (base64.urlsafe_b64encode(secret).rstrip(b"=").decode() for secret in (point, os.urandom(16)))
    return BrowserChannel(f"{push_service.url}/{name}", p256dh, auth)


async def test_the_largest_alert_gets_through_a_push_service(
    hub: NotificationHub, received: Received, push_service: PushService, unique: str
) -> None:
    """Encrypted it has no more than 4,096 bytes; time to live, urgency and topic reach the push service."""
    channel = subscription(push_service, unique)
    await hub.put(Installation(installation_id=unique, platform=Platform.BROWSER, push_channel=channel, tags=(unique,)))
    known = await hub.get(unique)
    assert known is not None
    assert known.push_channel == channel
    now = datetime.now(UTC)
    alert = stored("disk", 1, OFFICE, title="Disk full", body="x" * 4000, severity=Severity.CRITICAL)
    for pushed in (
        alert_message(push.Platform.BROWSER, alert, now),
        clear_message(push.Platform.BROWSER, alert.card, alert.position, now),
    ):
        await hub.send(Notification(Format.BROWSER, pushed.payload, pushed.headers), tag(unique))
    cleared, shown = await received(unique, 2)
    assert (shown["outcome"], cleared["outcome"]) == ("delivered", "delivered")
    assert (shown["title"], shown["payload"]["silent"]) == ("Disk full", False)
    assert cleared["payload"]["type"] == "clear"
    assert max(push_service.sizes) == 4096
    first, second = sorted(push_service.headers, key=lambda headers: headers["Urgency"])
    assert (first["Urgency"], second["Urgency"]) == ("high", "normal")
    assert (first["TTL"], first["Topic"], second["Topic"]) == ("259200", "disk", "disk")


async def test_a_browser_that_has_left_is_forgotten(
    hub: NotificationHub, received: Received, push_service: PushService, unique: str
) -> None:
    """Its push service says so, and the hub removes the installation."""
    channel = subscription(push_service, unique)
    push_service.gone = True
    await hub.put(Installation(installation_id=unique, platform=Platform.BROWSER, push_channel=channel))
    pushed = alert_message(push.Platform.BROWSER, stored(), datetime.now(UTC))
    await hub.send_direct(Notification(Format.BROWSER, pushed.payload, pushed.headers), channel)
    await received(unique, 1)
    assert await hub.get(unique) is None
