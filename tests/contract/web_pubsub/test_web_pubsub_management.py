import asyncio
from typing import Any

import aiohttp
import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.rest import HttpRequest
from azure.messaging.webpubsubservice import WebPubSubServiceClient
from azure.messaging.webpubsubservice.aio import WebPubSubServiceClient as AsyncWebPubSubServiceClient

from tests.contract.web_pubsub.wire import PLAIN, Connect, WireClient

TEXT: dict[str, Any] = {"content_type": "text/plain"}


async def received(client: WireClient, service: AsyncWebPubSubServiceClient) -> list[Any]:
    """The data of all messages that the client has been sent up to now."""
    await service.send_to_connection(client.id, "end", **TEXT)
    data: list[Any] = []
    while True:
        message = await client.next()
        if message["data"] == "end":
            return data
        data.append(message["data"])


async def test_groups_follow_connections_and_users(
    connect: Connect, async_service: AsyncWebPubSubServiceClient
) -> None:
    """Connections and users can be put into groups and taken out of them."""
    ada = await connect("ada")
    assert not await async_service.group_exists("a")
    await async_service.add_connection_to_group("a", ada.id)
    await async_service.add_user_to_group("b", "ada")
    await async_service.add_user_to_group("c", "ada")
    assert await async_service.group_exists("a")
    for group in "abc":
        await async_service.send_to_group(group, group, **TEXT)
    assert await received(ada, async_service) == ["a", "b", "c"]
    await async_service.remove_connection_from_group("a", ada.id)
    await async_service.remove_user_from_group("b", "ada")
    for group in "abc":
        await async_service.send_to_group(group, group, **TEXT)
    assert await received(ada, async_service) == ["c"]
    await async_service.remove_user_from_all_groups("ada")
    assert not await async_service.group_exists("c")
    await async_service.add_connection_to_group("a", ada.id)
    await async_service.remove_connection_from_all_groups(ada.id)
    assert not await async_service.group_exists("a")


async def test_existence_follows_connections(connect: Connect, async_service: AsyncWebPubSubServiceClient) -> None:
    """Connections, users and groups exist while somebody is connected."""
    ada = await connect("ada", groups=["a"])
    assert await async_service.connection_exists(ada.id)
    assert await async_service.user_exists("ada")
    assert await async_service.group_exists("a")
    await ada.close()
    async with asyncio.timeout(5):
        while await async_service.connection_exists(ada.id):
            pass
    assert not await async_service.user_exists("ada")
    assert not await async_service.group_exists("a")


async def test_who_is_not_there_cannot_join(async_service: AsyncWebPubSubServiceClient) -> None:
    """To add a connection or user that does not exist to a group is an error; to remove them is none."""
    with pytest.raises(ResourceNotFoundError) as missing:
        await async_service.add_connection_to_group("a", "nobody")
    assert missing.value.error is None or missing.value.error.code == "Error.Connection.NotExisted"
    with pytest.raises(ResourceNotFoundError):
        await async_service.add_user_to_group("a", "nobody")
    await async_service.remove_connection_from_group("a", "nobody")
    await async_service.remove_user_from_group("a", "nobody")
    await async_service.remove_user_from_all_groups("nobody")
    await async_service.remove_connection_from_all_groups("nobody")


async def test_filtered_connections_join_and_leave_groups(
    connect: Connect, async_service: AsyncWebPubSubServiceClient, hub: str
) -> None:
    """Connections that a filter selects join and leave groups in one call."""
    ada, bob = await connect("ada"), await connect("bob")
    change = {"groups": ["a", "b"], "filter": "userId eq 'ada'"}
    added = await async_service.send_request(
        HttpRequest("POST", f"/api/hubs/{hub}/:addToGroups?api-version=2024-12-01", json=change)
    )
    assert added.status_code == 200
    await async_service.send_to_group("b", "joined", **TEXT)
    assert await received(ada, async_service) == ["joined"]
    assert await received(bob, async_service) == []
    removed = await async_service.send_request(
        HttpRequest("POST", f"/api/hubs/{hub}/:removeFromGroups?api-version=2024-12-01", json={"groups": ["b"]})
    )
    assert removed.status_code == 200
    assert await async_service.group_exists("a")
    assert not await async_service.group_exists("b")


async def test_members_of_a_group_are_listed_page_by_page(
    connect: Connect, async_service: AsyncWebPubSubServiceClient
) -> None:
    """A listing names every member once, whatever the size of its pages."""
    expected = {(await connect(f"user{number}", groups=["a"])).id: f"user{number}" for number in range(5)}
    listed = [member async for member in async_service.list_connections(group="a", maxpagesize=2)]
    assert {member.connection_id: member.user_id for member in listed} == expected
    assert len(listed) == len(expected)
    assert len([member async for member in async_service.list_connections(group="a", top=3, maxpagesize=2)]) == 3
    assert [member async for member in async_service.list_connections(group="nobody")] == []


async def test_synchronous_listing(connect: Connect, service: WebPubSubServiceClient) -> None:
    """The synchronous client lists, too."""
    ada = await connect("ada", groups=["a"])
    (member,) = await asyncio.to_thread(lambda: list(service.list_connections(group="a")))
    assert (member.connection_id, member.user_id) == (ada.id, "ada")


async def test_closing_tells_the_reason_and_closes_normally(
    connect: Connect, async_service: AsyncWebPubSubServiceClient
) -> None:
    """A closed client is told why in a last frame; its WebSocket closes with 1000 and no reason."""
    ada, simple = await connect("ada"), await connect("bob", subprotocol=None)
    await async_service.close_connection(ada.id, reason="moved")
    assert await ada.next() == {"type": "system", "event": "disconnected", "message": "moved"}
    assert await ada.end() == (1000, "")
    await async_service.close_all_connections(reason="good night")
    assert await simple.end() == (1000, "")
    await async_service.close_connection("nobody")


async def test_closing_groups_and_users_spares_the_excluded(
    connect: Connect, async_service: AsyncWebPubSubServiceClient
) -> None:
    """Closing a group, a user or a hub leaves out the connections that it names."""
    one, two = await connect("ada", groups=["a"]), await connect("ada", groups=["a"])
    other = await connect("bob", groups=["b"])
    await async_service.close_group_connections("a", excluded=[two.id])
    await async_service.close_user_connections("bob")
    await async_service.close_all_connections(excluded=[two.id])
    assert [(await one.next())["event"], (await other.next())["event"]] == ["disconnected"] * 2
    assert await received(two, async_service) == []
    assert not await async_service.user_exists("bob")


@pytest.mark.parametrize("permission", ["sendToGroup", "joinLeaveGroup"])
async def test_permissions_are_granted_and_revoked_while_connected(
    connect: Connect, async_service: AsyncWebPubSubServiceClient, permission: str
) -> None:
    """A grant works at once, for one group; so does its end."""
    ada = await connect("ada", subprotocol=PLAIN)
    action: dict[str, Any] = {"type": "joinGroup", "group": "a"}
    if permission == "sendToGroup":
        action = {"type": "sendToGroup", "group": "a", "dataType": "text", "data": "x"}
    assert not await async_service.has_permission(permission, ada.id, target_name="a")
    assert (await ada.ask(**action, ackId=1))["error"]["name"] == "Forbidden"
    await async_service.grant_permission(permission, ada.id, target_name="a")
    assert await async_service.has_permission(permission, ada.id, target_name="a")
    assert not await async_service.has_permission(permission, ada.id, target_name="b")
    assert (await ada.ask(**action, ackId=2))["success"]
    await async_service.revoke_permission(permission, ada.id, target_name="a")
    assert not await async_service.has_permission(permission, ada.id, target_name="a")
    assert not (await ada.ask(**action, ackId=3))["success"]


async def test_permissions_need_a_connection_and_a_group(async_service: AsyncWebPubSubServiceClient) -> None:
    """A permission without a group is a bad request, for a connection that is not there it is not found."""
    with pytest.raises(HttpResponseError) as refused:
        await async_service.grant_permission("sendToGroup", "nobody")
    assert refused.value.status_code == 400
    with pytest.raises(ResourceNotFoundError):
        await async_service.grant_permission("sendToGroup", "nobody", target_name="a")
    await async_service.revoke_permission("sendToGroup", "nobody", target_name="a")
    assert not await async_service.has_permission("sendToGroup", "nobody", target_name="a")


async def test_tokens_issued_by_the_service_open_connections(
    async_service: AsyncWebPubSubServiceClient, hub: str, session: aiohttp.ClientSession
) -> None:
    """A token from `:generateToken` carries user, roles and groups."""
    path = f"/api/hubs/{hub}/:generateToken?api-version=2024-12-01"
    query = "&userId=ada&role=webpubsub.sendToGroup&group=a&group=b&minutesToExpire=5"
    answer = await async_service.send_request(HttpRequest("POST", path + query))
    answer.raise_for_status()
    url = (await async_service.get_client_access_token())["baseUrl"]
    client = await WireClient.open(session, f"{url}?access_token={answer.json()['token']}", PLAIN)
    assert client.greeting["userId"] == "ada"
    assert (await client.ask(type="sendToGroup", group="b", dataType="text", data="x"))["fromUserId"] == "ada"
    await client.close()
