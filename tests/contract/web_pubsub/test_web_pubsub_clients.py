import asyncio
from typing import Any

import aiohttp
import jwt
import pytest
from azure.messaging.webpubsubservice import WebPubSubServiceClient
from azure.messaging.webpubsubservice.aio import WebPubSubServiceClient as AsyncWebPubSubServiceClient

from emulators.web_pubsub.tokens import ACCESS_KEY
from tests.contract.web_pubsub.wire import PLAIN, RELIABLE, Connect, WireClient

ANY_GROUP = ["webpubsub.joinLeaveGroup", "webpubsub.sendToGroup"]


async def status(session: aiohttp.ClientSession, url: str, **named: Any) -> int:
    """The HTTP status with which a WebSocket is refused."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await session.ws_connect(url, **named)
    return refused.value.status


async def test_greeting(connect: Connect) -> None:
    """A new connection learns its id and user; only a reliable one learns how to recover."""
    reliable, plain = await connect("ada"), await connect(subprotocol=PLAIN)
    assert reliable.greeting == {
        "type": "system",
        "event": "connected",
        "userId": "ada",
        "connectionId": reliable.id,
        "reconnectionToken": reliable.reconnection_token,
    }
    assert plain.greeting == {"type": "system", "event": "connected", "userId": None, "connectionId": plain.id}


async def test_requests_are_acknowledged_and_repeats_recognised(connect: Connect) -> None:
    """Each request with an ackId is answered; one that was carried out is not carried out again."""
    ada = await connect("ada", subprotocol=PLAIN, roles=ANY_GROUP)
    assert await ada.ask(type="joinGroup", group="a", ackId=1) == {"type": "ack", "ackId": 1, "success": True}
    repeated = await ada.ask(type="joinGroup", group="a", ackId=1)
    assert (repeated["success"], repeated["error"]["name"]) == (False, "Duplicate")
    echo = await ada.ask(type="sendToGroup", group="a", dataType="binary", data="AP8=", ackId=2)
    expected = {"type": "message", "from": "group", "group": "a", "fromUserId": "ada", "dataType": "binary"}
    assert echo == expected | {"data": "AP8="}
    assert (await ada.next())["success"]
    silent = await ada.ask(type="sendToGroup", group="a", data={"x": 1}, noEcho=True, ackId=3)
    assert silent == {"type": "ack", "ackId": 3, "success": True}
    assert (await ada.ask(type="leaveGroup", group="a", ackId=4))["success"]
    assert (await ada.ask(type="sendToGroup", group="a", data=1, ackId=5))["type"] == "ack"


async def test_roles_limit_what_a_client_may_do(connect: Connect) -> None:
    """A role for one group or a pattern opens just those; what is not allowed is Forbidden."""
    roles = ["webpubsub.joinLeaveGroup.a", "webpubsub.sendToGroups.room.*"]
    ada = await connect("ada", subprotocol=PLAIN, roles=roles)
    assert (await ada.ask(type="joinGroup", group="a", ackId=1))["success"]
    assert (await ada.ask(type="joinGroup", group="b", ackId=2))["error"]["name"] == "Forbidden"
    assert (await ada.ask(type="sendToGroup", group="room.1", data=1, ackId=3))["success"]
    assert (await ada.ask(type="sendToGroup", group="room.1.2", data=1, ackId=4))["error"]["name"] == "Forbidden"


async def test_ping_is_answered_and_events_fail_without_a_handler(connect: Connect) -> None:
    """A ping has a pong; an event finds no handler, and its ack says that the server failed."""
    ada = await connect("ada")
    assert await ada.ask(type="ping") == {"type": "pong"}
    answer = await ada.ask(type="event", event="hello", dataType="text", data="x", ackId=1)
    assert (answer["success"], answer["error"]["name"]) == (False, "InternalServerError")
    assert await ada.ask(type="ping") == {"type": "pong"}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"type": "invoke"}', '{"type": "joinGroup", "group": " "}'])
async def test_what_is_not_the_subprotocol_ends_the_connection(
    connect: Connect, async_service: AsyncWebPubSubServiceClient, text: str
) -> None:
    """A message that is not of the subprotocol closes with 1007, for good."""
    ada = await connect("ada")
    await ada.websocket.send_str(text)
    assert (await ada.next())["event"] == "disconnected"
    assert await ada.end() == (1007, "The client message is not a valid JSON protocol message.")
    assert not await async_service.connection_exists(ada.id)


async def test_other_violations_end_the_connection(connect: Connect) -> None:
    """Binary frames on a JSON subprotocol close with 1003, frames that are too large with 1009."""
    binary, large = await connect("ada"), await connect("bob")
    await binary.websocket.send_bytes(b"x")
    assert (await binary.next())["event"] == "disconnected"
    assert (await binary.end())[0] == 1003
    await large.websocket.send_str("x" * (1024 * 1024 + 1))
    assert (await large.end())[0] == 1009


@pytest.mark.parametrize("code", [1000, 1001, 4000])
async def test_a_close_is_answered(connect: Connect, code: int) -> None:
    """A client that closes gets its close back, and so knows that it was clean."""
    ada = await connect("ada")
    await ada.websocket.close(code=code)
    assert ada.websocket.close_code == code


async def test_text_must_be_unicode(connect: Connect) -> None:
    """A text frame that is not UTF-8 is a violation of WebSocket."""
    simple = await connect("ada", subprotocol=None)
    await simple.websocket.send_frame(b"\xff", aiohttp.WSMsgType.TEXT)
    assert (await simple.end())[0] == 1007


async def test_simple_clients_receive_and_have_no_handler_to_send_to(connect: Connect) -> None:
    """Without an event handler a frame of a simple client ends it with 1011."""
    simple = await connect("ada", subprotocol=None)
    await simple.websocket.send_str("hello")
    assert (await simple.end())[0] == 1011


async def test_simple_clients_can_publish_to_a_group(
    connect: Connect, service: WebPubSubServiceClient, session: aiohttp.ClientSession
) -> None:
    """In the mode sendToGroup each frame of a simple client is published to its group, if its role allows it."""
    member = await connect("bob", groups=["a"], subprotocol=PLAIN)
    for roles, allowed in ((["webpubsub.sendToGroup.a"], True), (None, False)):
        url = service.get_client_access_token(user_id="ada", roles=roles)["url"]
        simple = await WireClient.open(session, f"{url}&webpubsub_mode=sendToGroup&group=a", None)
        await simple.websocket.send_str("hello")
        if allowed:
            message = await member.next()
            assert (message["data"], message["fromUserId"]) == ("hello", "ada")
        else:
            assert (await simple.end())[0] == 1008
        await simple.close()


async def test_a_subprotocol_of_its_own_is_confirmed(connect: Connect, service: WebPubSubServiceClient) -> None:
    """A client with its own subprotocol is a simple one; the subprotocol is confirmed and known to filters."""
    own = await connect("ada", subprotocol="acme.v1")
    assert own.websocket.protocol == "acme.v1"
    await asyncio.to_thread(service.send_to_all, "hello", content_type="text/plain", filter="protocol eq 'acme.v1'")
    assert (await own.frame()).data == "hello"


@pytest.mark.local_only(reason="it signs with the local service's key")
async def test_only_a_good_token_opens_a_connection(
    service: WebPubSubServiceClient, session: aiohttp.ClientSession, hub: str
) -> None:
    """No token, a wrong signature, another hub, an expired and a future token are refused with 401."""
    base = service.get_client_access_token()["baseUrl"]
    audience = base.replace("ws", "http", 1)
    good = {"aud": audience, "exp": 2**40}

    def signed(key: str = ACCESS_KEY, **claims: Any) -> str:
        return jwt.encode(good | claims, key, algorithm="HS256")

    bad = [signed("x" * 40), signed(aud=f"{audience}x"), signed(exp=1), signed(nbf=2**40), "rubbish"]
    assert [await status(session, f"{base}?access_token={token}") for token in bad] == [401] * len(bad)
    assert await status(session, base) == 401
    without_expiry = jwt.encode({"aud": audience}, ACCESS_KEY, algorithm="HS256")
    assert await status(session, f"{base}?access_token={without_expiry}") == 401
    for url, headers in (
        (f"{base}?access_token={signed()}", {}),
        (base, {"Authorization": f"Bearer {signed()}"}),
        (f"{base.removesuffix(f'hubs/{hub}')}?hub={hub}&access_token={signed()}", {}),
    ):
        websocket = await session.ws_connect(url, headers=headers)
        await websocket.close()


async def test_bad_wishes_are_refused(service: WebPubSubServiceClient, session: aiohttp.ClientSession) -> None:
    """A hub that cannot be, a mode that is unknown, and subprotocols that are not served do not open."""
    token = service.get_client_access_token()
    base, url = token["baseUrl"], token["url"]
    assert await status(session, base.rpartition("/")[0] + "/1wrong") == 400
    assert await status(session, f"{url}&webpubsub_mode=shout") == 400
    assert await status(session, f"{url}&webpubsub_mode=sendToGroup") == 400
    assert await status(session, url, protocols=["protobuf.webpubsub.azure.v1"]) == 501
    async with session.get(url.replace("ws", "http", 1)) as answer:
        assert answer.status == 400


async def test_the_best_of_several_subprotocols_is_taken(
    service: WebPubSubServiceClient, session: aiohttp.ClientSession
) -> None:
    """Of several subprotocols the first that is served is agreed on."""
    url = service.get_client_access_token()["url"]
    websocket = await session.ws_connect(url, protocols=["acme.v1", RELIABLE, PLAIN])
    assert websocket.protocol == RELIABLE
    await websocket.close()


async def test_hubs_are_apart_and_differ_not_by_case(connect: Connect, connection_string: str, hub: str) -> None:
    """A message to one hub does not reach another; a hub's name can be written in any case."""
    ada = await connect("ada")
    for name in (f"{hub}x", hub.upper()):
        async with AsyncWebPubSubServiceClient.from_connection_string(connection_string, name) as other:
            await other.send_to_all(name, content_type="text/plain")
    assert (await ada.next())["data"] == hub.upper()


@pytest.mark.parametrize("group", ["a/b", "ä ö", "100%", "a+b", "?x=1&y", "x" * 1024])
async def test_group_names_may_hold_anything(
    connect: Connect, async_service: AsyncWebPubSubServiceClient, group: str
) -> None:
    """Group names survive the way through URLs and tokens, whatever is in them."""
    ada = await connect("ada", groups=[group])
    assert await async_service.group_exists(group)
    await async_service.send_to_group(group, "hello", content_type="text/plain")
    assert (await ada.next())["group"] == group


async def test_a_client_that_does_not_read_holds_nobody_up(
    connect: Connect, async_service: AsyncWebPubSubServiceClient
) -> None:
    """Beyond 16 MiB that a client leaves unread it is closed; others receive every message meanwhile."""
    slow, quick = await connect("slow", subprotocol=None), await connect("quick", subprotocol=None)
    for _ in range(40):
        await async_service.send_to_all("x" * 1024 * 1024, content_type="text/plain")
        assert len((await quick.frame()).data) == 1024 * 1024
    assert not await async_service.user_exists("slow")
    assert await async_service.user_exists("quick")
    slow.cut()
