import asyncio
import threading
from typing import Any

import aiohttp
import pytest
from azure.messaging.webpubsubclient import WebPubSubClient
from azure.messaging.webpubsubclient.aio import WebPubSubClient as AsyncWebPubSubClient
from azure.messaging.webpubsubclient.aio import WebPubSubClientCredential as AsyncCredential
from azure.messaging.webpubsubclient.models import (
    CallbackType,
    OnConnectedArgs,
    OnGroupDataMessageArgs,
    OnServerDataMessageArgs,
    WebPubSubDataType,
)
from azure.messaging.webpubsubservice import WebPubSubServiceClient
from azure.messaging.webpubsubservice.aio import WebPubSubServiceClient as AsyncWebPubSubServiceClient

from emulators.children import Child
from emulators.web_pubsub.tokens import ACCESS_KEY
from tests.contract.web_pubsub.relay import Relay
from tests.contract.web_pubsub.wire import PATIENCE, RELIABLE, Connect, WireClient

TEXT: dict[str, Any] = {"content_type": "text/plain"}


async def recovered(session: aiohttp.ClientSession, service: WebPubSubServiceClient, lost: WireClient) -> WireClient:
    """A new socket for a connection."""
    base = service.get_client_access_token()["baseUrl"]
    return await WireClient.open(session, base + lost.recovery(), RELIABLE)


async def test_a_broken_connection_goes_on_with_what_it_missed(
    connect: Connect,
    session: aiohttp.ClientSession,
    service: WebPubSubServiceClient,
    async_service: AsyncWebPubSubServiceClient,
) -> None:
    """After a recovery everything unacknowledged is sent again, in order; groups and permissions are kept."""
    ada = await connect("ada", groups=["a"], roles=["webpubsub.sendToGroup.a"])
    for number in (1, 2, 3):
        await async_service.send_to_group("a", str(number), **TEXT)
    assert [(await ada.next())["sequenceId"] for _ in range(3)] == [1, 2, 3]
    await ada.send(type="sequenceAck", sequenceId=1)
    assert await ada.ask(type="ping") == {"type": "pong"}
    ada.cut()
    await async_service.send_to_group("a", "4", **TEXT)
    assert await async_service.user_exists("ada")
    again = await recovered(session, service, ada)
    frames = [await again.next() for _ in range(3)]
    assert [(frame["sequenceId"], frame["data"]) for frame in frames] == [(2, "2"), (3, "3"), (4, "4")]
    echo = await again.ask(type="sendToGroup", group="a", dataType="text", data="5", ackId=1)
    assert (echo["sequenceId"], echo["data"]) == (5, "5")
    await again.close()


async def test_a_recovery_replaces_a_socket_that_seems_alive(
    connect: Connect, session: aiohttp.ClientSession, service: WebPubSubServiceClient
) -> None:
    """The client knows better than the service that a socket is dead: recovering drops the old one."""
    ada = await connect("ada")
    again = await recovered(session, service, ada)
    assert (await ada.frame()).type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
    assert await again.ask(type="ping") == {"type": "pong"}
    await again.close()


async def test_what_cannot_be_recovered_is_closed_with_1008(
    connect: Connect, session: aiohttp.ClientSession, service: WebPubSubServiceClient
) -> None:
    """A wrong token, an unknown connection, one that was closed and one in another hub open, and close with 1008."""
    ada, other, closed = await connect("ada"), await connect("bob"), await connect("eve")
    await closed.close()
    base = service.get_client_access_token()["baseUrl"]
    for url in (
        f"{base}?awps_connection_id={ada.id}&awps_reconnection_token={other.reconnection_token}",
        f"{base}?awps_connection_id={ada.id}",
        f"{base}?awps_connection_id=nobody&awps_reconnection_token={ada.reconnection_token}",
        f"{base}x{ada.recovery()}",
        f"{base}{closed.recovery()}",
    ):
        client = await WireClient.open(session, url, RELIABLE)
        assert (await client.end())[0] == 1008
    assert await ada.ask(type="ping") == {"type": "pong"}


async def test_only_a_normal_close_ends_a_reliable_connection(
    connect: Connect, session: aiohttp.ClientSession, service: WebPubSubServiceClient
) -> None:
    """A browser that goes away (1001) can come back."""
    ada = await connect("ada")
    await ada.websocket.close(code=1001)
    again = await recovered(session, service, ada)
    assert await again.ask(type="ping") == {"type": "pong"}
    await again.close()


@pytest.mark.local_only(reason="the real service waits longer for a broken connection")
async def test_the_recovery_window_ends(connect: Connect, async_service: AsyncWebPubSubServiceClient) -> None:
    """A broken connection that nobody recovers stops existing."""
    ada = await connect("ada")
    ada.cut()
    async with asyncio.timeout(PATIENCE):
        while await async_service.connection_exists(ada.id):
            pass
    assert not await async_service.user_exists("ada")


@pytest.mark.local_only(reason="it starts the service with options of its own")
async def test_a_thousand_unacknowledged_messages_end_a_connection() -> None:
    """The 1,001st message that a client does not acknowledge closes its connection with 1008."""
    hub = "hub"
    with Child("emulators.web_pubsub", ["--port", "0"]) as child:
        string = f"Endpoint={child.url};AccessKey={ACCESS_KEY}"
        async with (
            AsyncWebPubSubServiceClient.from_connection_string(string, hub) as service,
            aiohttp.ClientSession() as session,
        ):
            url = (await service.get_client_access_token(user_id="ada"))["url"]
            ada = await WireClient.open(session, url, RELIABLE)
            for number in range(1001):
                await service.send_to_user("ada", str(number), **TEXT)
            assert [(await ada.next())["sequenceId"] for _ in range(1000)] == list(range(1, 1001))
            assert await ada.end() == (1008, "The reliable message buffer is full.")
            assert not await service.user_exists("ada")


async def test_the_official_asynchronous_client_recovers(connection_string: str, hub: str) -> None:
    """azure-messaging-webpubsubclient.aio survives a broken network: same connection, nothing lost, nothing twice."""
    endpoint = connection_string.partition(";")[0].removeprefix("Endpoint=")
    async with (
        Relay(endpoint) as relay,
        AsyncWebPubSubServiceClient.from_connection_string(connection_string, hub) as service,
        AsyncWebPubSubServiceClient.from_connection_string(
            connection_string.replace(endpoint, relay.url), hub
        ) as negotiator,
    ):

        async def url() -> str:
            token = await negotiator.get_client_access_token(user_id="ada", groups=["a"])
            return str(token["url"])

        connections: list[str] = []
        messages: asyncio.Queue[str] = asyncio.Queue()

        async def on_connected(event: OnConnectedArgs) -> None:
            connections.append(event.connection_id)

        async def on_message(event: OnGroupDataMessageArgs) -> None:
            await messages.put(str(event.data))

        client = AsyncWebPubSubClient(AsyncCredential(url))
        await client.subscribe(CallbackType.CONNECTED, on_connected)
        await client.subscribe(CallbackType.GROUP_MESSAGE, on_message)
        async with client:
            await service.send_to_group("a", "1", **TEXT)
            assert await asyncio.wait_for(messages.get(), PATIENCE) == "1"
            relay.cut()
            await service.send_to_group("a", "2", **TEXT)
            await service.send_to_group("a", "3", **TEXT)
            relay.mend()
            received = [await asyncio.wait_for(messages.get(), PATIENCE) for _ in range(2)]
            assert sorted(received) == ["2", "3"]
            assert len(connections) == 1
            assert await service.connection_exists(connections[0])
        assert messages.empty()


def test_the_official_synchronous_client_publishes_and_receives(service: WebPubSubServiceClient) -> None:
    """azure-messaging-webpubsubclient joins, publishes, and receives from groups and from the server."""
    roles = ["webpubsub.joinLeaveGroup", "webpubsub.sendToGroup"]
    url = service.get_client_access_token(user_id="ada", roles=roles)["url"]
    # The client waits for what may have come already, and then waits out its whole timeout (30 s by default).
    client = WebPubSubClient(url, start_timeout=3, ack_timeout=3)
    from_group: list[OnGroupDataMessageArgs] = []
    from_server: list[OnServerDataMessageArgs] = []
    both = threading.Barrier(3, timeout=PATIENCE)

    def on_group(event: OnGroupDataMessageArgs) -> None:
        from_group.append(event)
        both.wait()

    def on_server(event: OnServerDataMessageArgs) -> None:
        from_server.append(event)
        both.wait()

    client.subscribe(CallbackType.GROUP_MESSAGE, on_group)
    client.subscribe(CallbackType.SERVER_MESSAGE, on_server)
    with client:
        client.join_group("a")
        client.send_to_group("a", {"hello": "world"}, WebPubSubDataType.JSON)
        service.send_to_user("ada", "from the server", **TEXT)
        both.wait()
    assert (from_group[0].group, from_group[0].from_user_id, from_group[0].data) == ("a", "ada", {"hello": "world"})
    assert from_server[0].data == "from the server"
