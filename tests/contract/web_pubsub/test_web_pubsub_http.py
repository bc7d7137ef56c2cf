import asyncio
import io
import time
from typing import Any

import aiohttp
import jwt
import pytest
from azure.core.exceptions import HttpResponseError
from azure.messaging.webpubsubservice.aio import WebPubSubServiceClient

from emulators.children import Child
from emulators.web_pubsub.tokens import ACCESS_KEY
from tests.contract.web_pubsub.conftest import RETRIES
from tests.contract.web_pubsub.wire import PLAIN, Connect

pytestmark = pytest.mark.local_only(reason="it signs with the local service's key")


@pytest.fixture
def endpoint(connection_string: str) -> str:
    """`http://host` of the service."""
    return connection_string.partition(";")[0].removeprefix("Endpoint=")


def bearer(audience: str, key: str = ACCESS_KEY, lifetime: float = 60) -> dict[str, str]:
    """A request token."""
    token = jwt.encode({"aud": audience, "exp": time.time() + lifetime}, key, algorithm="HS256")
    return {"Authorization": f"Bearer {token}"}


async def test_health_needs_no_token(session: aiohttp.ClientSession, endpoint: str) -> None:
    """Health answers 200 to GET and HEAD."""
    for method in ("GET", "HEAD"):
        async with session.request(method, f"{endpoint}/api/health") as answer:
            assert answer.status == 200


async def test_only_a_good_request_token_allows_a_call(session: aiohttp.ClientSession, endpoint: str) -> None:
    """No token, a wrong key, another URL and an expired token are 401, with the service's error shape."""
    url = f"{endpoint}/api/hubs/hub/:send?api-version=2024-12-01"
    text = {"Content-Type": "text/plain"}
    for headers in ({}, bearer(url, "x" * 40), bearer(f"{endpoint}/api/hubs/other/:send"), bearer(url, lifetime=-600)):
        async with session.post(url, data="x", headers=text | headers) as answer:
            assert answer.status == 401
            document: dict[str, Any] = await answer.json()
            assert document["code"] == answer.headers["x-ms-error-code"] == "Error.Unauthorized"
            assert set(document) == {"code", "message", "target"}
    for audience in (url, url.partition("?")[0]):
        async with session.post(url, data="x", headers=text | bearer(audience)) as answer:
            assert answer.status == 202


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("POST", "/api/hubs/1wrong/:send", 400),
        ("POST", "/api/hubs/hub/:send?api-version=2019-01-01", 400),
        ("POST", "/api/hubs/hub/groups/%20/:send", 400),
        ("POST", f"/api/hubs/hub/groups/{'x' * 1025}/:send", 400),
        ("POST", "/api/hubs/hub/:generateToken?clientType=MQTT", 501),
        ("POST", "/api/hubs/hub/:generateToken?minutesToExpire=0", 400),
        ("GET", "/api/hubs/hub/groups/a/connections?maxpagesize=201", 400),
        ("GET", "/api/hubs/hub/groups/a/connections?continuationToken=x", 400),
        ("PUT", "/api/hubs/hub/permissions/fly/connections/x?targetName=a", 400),
        ("GET", "/api/hubs/hub/:send", 405),
        ("POST", "/api/hubs/hub/:fly", 404),
    ],
)
async def test_wrong_requests_are_refused(
    session: aiohttp.ClientSession, endpoint: str, method: str, target: str, status: int
) -> None:
    """A name, a version, a parameter, a method or a path that the service does not take is refused."""
    url = endpoint + target
    headers = bearer(url) | {"Content-Type": "text/plain"}
    async with session.request(method, url, data=b"x", headers=headers) as answer:
        assert answer.status == status
        assert (await answer.json())["code"] == answer.headers["x-ms-error-code"]


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"NaN", "application/json", 400),
        (b"\xff", "text/plain", 202),
        (b'{"a": 1}', "application/json; charset=utf-8", 202),
        ("grün".encode("latin-1"), "text/plain; charset=latin-1", 202),
        (b"x", "text/plain; charset=nonsense", 415),
        (b"<x/>", "application/xml", 415),
        (b"x" * (1024 * 1024), "text/plain", 202),
        (b"x" * (1024 * 1024 + 1), "text/plain", 400),
    ],
)
async def test_bodies_are_checked(
    session: aiohttp.ClientSession, endpoint: str, body: bytes, content_type: str, status: int
) -> None:
    """A message is valid JSON, text or bytes, of at most 1 MiB."""
    url = f"{endpoint}/api/hubs/hub/:send"
    headers = bearer(url) | {"Content-Type": content_type}
    async with session.post(url, data=io.BytesIO(body), headers=headers) as answer:
        assert answer.status == status


async def test_metadata_is_refused_rather_than_lost(async_service: WebPubSubServiceClient) -> None:
    """What the local service would drop silently it refuses."""
    with pytest.raises(HttpResponseError) as refused:
        await async_service.send_to_all("x", content_type="text/plain", headers={"X-WebPubSub-Metadata-A": "1"})
    assert refused.value.status_code == 501


async def test_text_in_another_charset_arrives_as_written(
    connect: Connect, session: aiohttp.ClientSession, endpoint: str, hub: str
) -> None:
    """The charset of a text is honoured."""
    ada = await connect("ada", subprotocol=PLAIN)
    url = f"{endpoint}/api/hubs/{hub}/:send"
    headers = bearer(url) | {"Content-Type": "text/plain; charset=latin-1"}
    async with session.post(url, data="grün".encode("latin-1"), headers=headers) as answer:
        assert answer.status == 202
    assert (await ada.next())["data"] == "grün"


async def test_operators_see_what_is_called_and_sent(session: aiohttp.ClientSession) -> None:
    """The statistics count operations, frames and connections, and can be set back."""
    with Child("emulators.web_pubsub", ["--port", "0"]) as child:
        string = f"Endpoint={child.url};AccessKey={ACCESS_KEY}"
        async with WebPubSubServiceClient.from_connection_string(string, "hub", **RETRIES) as service:
            url = (await service.get_client_access_token())["url"]
            async with session.ws_connect(url, protocols=[PLAIN]) as websocket:
                await service.send_to_all("x", content_type="text/plain")
                assert (await websocket.receive_json())["event"] == "connected"
                assert (await websocket.receive_json())["data"] == "x"
                async with session.get(f"{child.url}/_statistics") as answer:
                    assert await answer.json() == {
                        "operations": {"send_to_all": 1},
                        "framesSent": 2,
                        "openConnections": 1,
                        "recoveringConnections": 0,
                    }
                async with session.post(f"{child.url}/_statistics/reset") as answer:
                    assert answer.status == 204
                async with session.get(f"{child.url}/_statistics") as answer:
                    assert (await answer.json())["operations"] == {}


async def test_a_stopping_service_says_goodbye(session: aiohttp.ClientSession) -> None:
    """When the process ends, open WebSockets are closed with 1001."""
    child = Child("emulators.web_pubsub", ["--port", "0"])
    child.start()
    string = f"Endpoint={child.url};AccessKey={ACCESS_KEY}"
    async with WebPubSubServiceClient.from_connection_string(string, "hub", **RETRIES) as service:
        url = (await service.get_client_access_token())["url"]
    async with session.ws_connect(url) as websocket:
        stopping = asyncio.create_task(asyncio.to_thread(child.stop))
        message = await websocket.receive(5)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
        assert await stopping == 0
