import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from shared.azure.notification_hubs import (
    BrowserChannel,
    Connection,
    Installation,
    NotificationHub,
    Platform,
    Urgency,
    add_tags,
    any_of,
    apple,
    browser,
    fcm_v1,
    remove_tags,
    tag,
)

NODE_TESTS = Path(__file__).parents[1] / "node"
STATUSES = {"PUT": 200, "GET": 200, "PATCH": 200, "DELETE": 204, "POST": 201}
INSTALLATION = b'{"installationId":"1","platform":"apns","pushChannel":"token"}'

OWN = {
    "user-agent",  # who asks
    "x-ms-azsdk-telemetry",  # the JavaScript client tells which of its methods was called
    "x-ms-client-request-id",  # different for each request
    "accept",
    "accept-encoding",
    "connection",  # the HTTP stacks' own
}


@dataclass(slots=True)
class Recorder:
    """A server that accepts all and remembers it."""

    url: str = ""
    requests: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    """Method, path and query, headers by lower-case name, and the body: decoded where it is JSON."""

    async def answer(self, request: web.Request) -> web.Response:
        """Remember a request."""
        content = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = json.loads(content) if content else None
        self.requests.append((request.method, request.raw_path, headers, body))
        return web.Response(status=STATUSES[request.method], body=INSTALLATION if request.method == "GET" else None)


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    """A recording server on this machine."""
    recording = Recorder()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", recording.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    recording.url = f"http://{host}:{port}/"
    yield recording
    await runner.cleanup()


def comparable(headers: dict[str, str]) -> dict[str, Any]:
    """The headers of which the service reads something, the token without what the time puts into it."""
    token = parse_qs(headers["authorization"].removeprefix("SharedAccessSignature "))
    lasting = {name: values for name, values in token.items() if name not in ("sig", "se")}
    read = {name: value for name, value in headers.items() if name not in OWN}
    if read.get("content-length") == "0":  # says what its absence says
        del read["content-length"]
    return read | {"authorization": (lasting, sorted(token))}


async def test_it_sends_what_the_official_client_sends(recorder: Recorder) -> None:
    """Method by method and header by header, @azure/notification-hubs for JavaScript and this client are the same."""
    await run_the_official_client(recorder.url)
    official, recorder.requests = recorder.requests, []
    await send_all(connection_to(recorder.url))
    own = recorder.requests
    assert len(own) == len(official) == 10
    for (method, path, headers, body), (their_method, their_path, their_headers, their_body) in zip(
        own, official, strict=True
    ):
        assert (method, path, body) == (their_method, their_path, their_body)
        theirs = comparable(their_headers)
        if method == "GET":
            del theirs["content-type"]  # there is no content
        assert comparable(headers) == theirs, (method, path)
        assert "x-ms-client-request-id" in headers


async def test_tokens_are_signed_as_the_official_client_signs_them(recorder: Recorder) -> None:
    """For the same second and key, the signatures of both are the same."""
    connection = connection_to(recorder.url)
    await run_the_official_client(recorder.url)
    assert recorder.requests
    for _, _, headers, _ in recorder.requests:
        token = headers["authorization"]
        second = int(parse_qs(token)["se"][0])
        assert connection.key.sign(connection.url, datetime.fromtimestamp(second, UTC)) == token


def connection_to(url: str) -> Connection:
    """To the recording server, with the key that `notification_hubs_requests.mjs` has."""
    return Connection.parse(f"Endpoint={url};SharedAccessKeyName=Send;SharedAccessKey=a/b=;UseDevelopmentEmulator=true")


async def run_the_official_client(url: str) -> None:
    """Have it send its requests to a server."""
    node = shutil.which("node")
    assert node, "needs Node.js"
    process = await asyncio.create_subprocess_exec(
        node,
        "notification_hubs_requests.mjs",
        url,
        cwd=NODE_TESTS,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


async def send_all(connection: Connection) -> None:
    """The requests of `notification_hubs_requests.mjs`, in its order."""
    subscription = BrowserChannel("https://push.example/1", "public", "secret")
    android = fcm_v1('{"message":{"notification":{"title":"Grüße"}}}'.encode())
    iphone = apple(
        b'{"aps":{"alert":"Hello"}}',
        collapse_id="disk:db-1",
        expiration=datetime.fromtimestamp(1_795_152_345, UTC),
    )
    tab = browser(b'{"title":"Hello"}', time_to_live=timedelta(minutes=1), urgency=Urgency.HIGH, topic="disk")
    async with NotificationHub(connection, "belfry") as hub:
        phone = Installation(
            installation_id="1", platform=Platform.APNS, push_channel="token", user_id="ada", tags=("a", "b")
        )
        await hub.put(phone)
        await hub.put(Installation(installation_id="2", platform=Platform.BROWSER, push_channel=subscription))
        await hub.get("1")
        await hub.patch("1", [*add_tags(["c"]), *remove_tags(["a"])])
        await hub.delete("1")
        await hub.send(android, any_of(["a"]))
        await hub.send(iphone, any_of(["a", "b"]) & ~tag("c"))
        await hub.broadcast(tab)
        await hub.send_direct(iphone, "token")
        await hub.send_direct(tab, subscription)
