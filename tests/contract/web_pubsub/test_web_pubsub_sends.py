import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from azure.core.exceptions import HttpResponseError
from azure.messaging.webpubsubservice import WebPubSubServiceClient
from azure.messaging.webpubsubservice.aio import WebPubSubServiceClient as AsyncWebPubSubServiceClient

from tests.contract.web_pubsub.wire import PLAIN, RELIABLE, Connect

type Send = Callable[[WebPubSubServiceClient], None]

JSON: dict[str, Any] = {"content_type": "application/json"}


async def in_thread(call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call the synchronous client without stopping the clients of the test."""
    return await asyncio.to_thread(call, *arguments, **named)


async def test_json_sent_to_a_group_reaches_its_members_as_from_the_group(
    connect: Connect, service: WebPubSubServiceClient
) -> None:
    """A member of a group receives what is sent to it, numbered; others do not."""
    member, other = await connect("ada", groups=["alerts"]), await connect("bob")
    await in_thread(service.send_to_group, "alerts", {"title": "Disk full"}, **JSON)
    await in_thread(service.send_to_all, "all of you", content_type="text/plain")
    assert await member.next() == {
        "type": "message",
        "from": "group",
        "group": "alerts",
        "fromUserId": None,
        "dataType": "json",
        "data": {"title": "Disk full"},
        "sequenceId": 1,
    }
    expected = {"type": "message", "from": "server", "dataType": "text", "data": "all of you"}
    assert await member.next() == expected | {"sequenceId": 2}
    assert await other.next() == expected | {"sequenceId": 1}


async def test_a_user_has_many_connections(connect: Connect, async_service: AsyncWebPubSubServiceClient) -> None:
    """What is sent to a user reaches all their connections and nobody else's."""
    phone, laptop = await connect("ada"), await connect("ada", subprotocol=PLAIN)
    stranger = await connect("bob", subprotocol=PLAIN)
    await async_service.send_to_user("ada", "hello", content_type="text/plain")
    await async_service.send_to_connection(stranger.id, {"only": "you"}, **JSON)
    assert (await phone.next())["data"] == "hello"
    assert await laptop.next() == {"type": "message", "from": "server", "dataType": "text", "data": "hello"}
    assert (await stranger.next())["data"] == {"only": "you"}


async def test_binary_is_base64_in_json_and_bare_on_a_simple_client(
    connect: Connect, service: WebPubSubServiceClient
) -> None:
    """Bytes arrive as base64 in a frame of the subprotocol, and as a binary frame on a simple WebSocket."""
    framed, simple = await connect("ada"), await connect("bob", subprotocol=None)
    await in_thread(service.send_to_all, b"\x00\xff", content_type="application/octet-stream")
    await in_thread(service.send_to_all, {"a": 1}, **JSON)
    assert (await framed.next())["data"] == "AP8="
    first, second = await simple.frame(), await simple.frame()
    assert (first.type, first.data) == (aiohttp.WSMsgType.BINARY, b"\x00\xff")
    assert (second.type, second.data) == (aiohttp.WSMsgType.TEXT, '{"a": 1}')


@pytest.mark.parametrize("subprotocol", [PLAIN, RELIABLE])
async def test_filters_and_exclusions_narrow_a_send(
    connect: Connect, service: WebPubSubServiceClient, subprotocol: str
) -> None:
    """Only connections that the filter selects and that are not excluded receive a message."""
    ada = await connect("ada", groups=["a", "b"], subprotocol=subprotocol)
    bob = await connect("bob", groups=["a"], subprotocol=subprotocol)
    await in_thread(service.send_to_group, "a", "1", content_type="text/plain", filter="'b' in groups")
    await in_thread(service.send_to_group, "a", "2", content_type="text/plain", excluded=[ada.id])
    await in_thread(service.send_to_all, "3", content_type="text/plain", filter="userId in ('ada', 'eve')")
    await in_thread(service.send_to_user, "bob", "4", content_type="text/plain", filter=f"protocol eq '{subprotocol}'")
    await in_thread(service.send_to_all, "end", content_type="text/plain")
    assert [(await ada.next())["data"] for _ in range(3)] == ["1", "3", "end"]
    assert [(await bob.next())["data"] for _ in range(3)] == ["2", "4", "end"]


async def test_a_wrong_filter_is_refused_with_a_sentence(service: WebPubSubServiceClient) -> None:
    """A filter that does not parse or type is a bad request that says where."""
    with pytest.raises(HttpResponseError) as refused:
        await in_thread(service.send_to_all, "x", content_type="text/plain", filter="not length(userId) gt 5")
    assert refused.value.status_code == 400
    response: Any = refused.value.response
    assert response.headers["x-ms-error-code"] == "Error.BadRequest"
    expected = "Invalid syntax for 'not length(userId)': Type 'null', expect 'bool'. (Parameter 'filter')"
    assert response.json() == {"code": "Error.BadRequest", "message": expected, "target": "filter"}


async def test_sends_succeed_when_nobody_is_there(service: WebPubSubServiceClient) -> None:
    """The service accepts messages for groups, users and connections that do not exist."""
    await in_thread(service.send_to_group, "nobody", {"a": 1}, **JSON)
    await in_thread(service.send_to_user, "nobody", {"a": 1}, **JSON)
    await in_thread(service.send_to_connection, "nobody", {"a": 1}, **JSON)
    await in_thread(service.send_to_all, {"a": 1}, **JSON)


async def test_the_lifetime_of_a_message_is_checked(async_service: AsyncWebPubSubServiceClient) -> None:
    """A time to live between 0 and 300 seconds is taken, another is refused."""
    await async_service.send_to_all({"a": 1}, **JSON, params={"messageTtlSeconds": "300"})
    with pytest.raises(HttpResponseError) as refused:
        await async_service.send_to_all({"a": 1}, **JSON, params={"messageTtlSeconds": "301"})
    assert refused.value.status_code == 400
