import json
import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import AioHttpTransport
from hypothesis import given
from hypothesis import strategies as st

from shared.azure.notification_hubs import (
    ApplePriority,
    ApplePushType,
    BrowserChannel,
    Connection,
    Installation,
    InstallationGoneError,
    NotificationHub,
    Platform,
    Receipt,
    Urgency,
    add_tags,
    any_of,
    apple,
    browser,
    change_push_channel,
    change_user,
    fcm_v1,
    remove_tags,
    tag,
)
from shared.errors import RefusedError, SettingsError, TransientError
from tests.unit.shared.fakes import NOON, SetClock
from tests.unit.shared.memory_transport import MemoryResponse, MemoryTransport

KEY = "not-base64/=="
CONNECTION = Connection.parse(
    f"Endpoint=sb://Ring.servicebus.windows.net/;SharedAccessKeyName=Send;SharedAccessKey={KEY}"
)
HELLO = b'{"message":{"notification":{"title":"Hello"}}}'
SUBSCRIPTION = BrowserChannel("https://push.example/1", "public", "secret")
PHONE = Installation(
    installation_id="1", platform=Platform.FCM_V1, push_channel="token", user_id="ada", tags=("a", "b")
)


def hub(
    *answers: MemoryResponse | Exception, clock: Callable[[], datetime] = lambda: NOON
) -> tuple[NotificationHub, MemoryTransport]:
    """A hub named `belfry`, and the transport that answers for it."""
    transport = MemoryTransport(*answers)
    return NotificationHub(CONNECTION, "belfry", clock=clock, transport=transport), transport


def created(headers: Mapping[str, str] | None = None) -> MemoryResponse:
    """The service's answer to a send."""
    return MemoryResponse(201, headers=headers)


def refusal(status: int, detail: str = "No.", retry_after: str | None = None) -> MemoryResponse:
    """The service's answer to what it does not do."""
    body = f"<Error><Code>{status}</Code><Detail>{detail}</Detail></Error>".encode()
    return MemoryResponse(status, body, {"Retry-After": retry_after} if retry_after else None)


async def test_a_send_is_the_request_that_the_service_reads() -> None:
    """Format, tags and payload go where the REST reference wants them."""
    client, transport = hub(created())
    await client.send(fcm_v1(HELLO), any_of(["a", "b"]))
    (request,), (headers,) = transport.requests, transport.headers
    assert request.method == "POST"
    assert request.url == "https://ring.servicebus.windows.net/belfry/messages/?api-version=2020-06"
    assert request.content == HELLO
    assert headers["Content-Type"] == "application/json;charset=utf-8"
    assert headers["ServiceBusNotification-Format"] == "fcmv1"
    assert headers["ServiceBusNotification-Tags"] == "a || b"
    assert headers["x-ms-version"] == "2020-06"
    assert headers["User-Agent"].startswith("azsdk-python-belfry-notification-hubs/")


async def test_what_apple_is_told_stands_in_headers() -> None:
    """Push type, priority, collapse id, and the expiration in seconds since 1970."""
    client, transport = hub(created())
    notification = apple(
        b'{"aps":{"content-available":1}}',
        push_type=ApplePushType.BACKGROUND,
        priority=ApplePriority.CONSIDERATE,
        collapse_id="disk:db-1",
        expiration=NOON,
    )
    await client.send(notification, tag("a"))
    sent = transport.headers[0]
    assert sent["ServiceBusNotification-Format"] == "apple"
    assert {name: value for name, value in sent.items() if name.startswith("apns-")} == {
        "apns-push-type": "background",
        "apns-priority": "5",
        "apns-collapse-id": "disk:db-1",
        "apns-expiration": str(int(NOON.timestamp())),
    }


async def test_what_push_services_of_browsers_are_told_stands_in_headers() -> None:
    """Time to live in seconds, urgency, and topic."""
    client, transport = hub(created())
    await client.broadcast(browser(b"{}", time_to_live=timedelta(minutes=2), urgency=Urgency.HIGH, topic="disk_db-1"))
    sent = transport.headers[0]
    assert (sent["TTL"], sent["Urgency"], sent["Topic"]) == ("120", "high", "disk_db-1")
    assert "ServiceBusNotification-Tags" not in sent


async def test_a_direct_send_names_its_device() -> None:
    """A token is the device's handle; a browser's subscription comes in three headers."""
    client, transport = hub(created(), created())
    await client.send_direct(fcm_v1(HELLO), "token")
    await client.send_direct(browser(b"{}", time_to_live=timedelta()), SUBSCRIPTION)
    assert all(parse_qs(urlsplit(request.url).query)["direct"] == ["true"] for request in transport.requests)
    assert transport.headers[0]["ServiceBusNotification-DeviceHandle"] == "token"
    sent = transport.headers[1]
    assert sent["ServiceBusNotification-DeviceHandle"] == "https://push.example/1"
    assert (sent["P256DH"], sent["Auth"]) == ("public", "secret")


async def test_a_direct_send_to_the_wrong_kind_of_device_is_not_sent() -> None:
    """A browser has no token, and a phone no subscription."""
    client, transport = hub()
    with pytest.raises(ValueError, match="no push channel for the format browser"):
        await client.send_direct(browser(b"{}", time_to_live=timedelta()), "token")
    with pytest.raises(ValueError, match="no push channel for the format apple"):
        await client.send_direct(apple(b"{}"), SUBSCRIPTION)
    assert not transport.requests


@given(st.binary(min_size=1, max_size=4096))
async def test_a_payload_is_sent_byte_for_byte(payload: bytes) -> None:
    """Whatever it is: nothing else of the request depends on it."""
    client, transport = hub(created(), created())
    for content in (payload, b"{}"):
        await client.send(apple(content), tag("a"))
    assert transport.requests[0].content == payload
    differing = {"Content-Length", "x-ms-client-request-id"}
    first, second = ({k: v for k, v in sent.items() if k not in differing} for sent in transport.headers)
    assert first == second


@pytest.mark.parametrize(
    ("headers", "receipt"),
    [
        ({}, Receipt(None, None)),
        ({"TrackingId": "t"}, Receipt(None, "t")),
        (
            {"Location": "https://ring.servicebus.windows.net/belfry/messages/42-a?api-version=2020-06"},
            Receipt("42-a", None),
        ),
        ({"Location": "https://ring.servicebus.windows.net/belfry/messages/?api-version=2020-06"}, Receipt(None, None)),
        ({"Location": "elsewhere"}, Receipt(None, None)),
    ],
    ids=str,
)
async def test_a_send_returns_what_the_service_says_of_it(headers: dict[str, str], receipt: Receipt) -> None:
    """The notification's id, in the tiers that have one, and the id of the request."""
    client, _ = hub(created(headers))
    assert await client.send(fcm_v1(HELLO), tag("a")) == receipt


async def test_installations_are_put_read_changed_and_deleted() -> None:
    """Each by the method and the body that the REST reference has for it."""
    known = PHONE.encode()[:-1] + b',"pushChannelExpired":false,"expirationTime":"9999-12-31T23:59:59.9999999Z"}'
    client, transport = hub(MemoryResponse(200), MemoryResponse(200, known), MemoryResponse(200), MemoryResponse(204))
    await client.put(PHONE)
    assert await client.get("1") == PHONE
    await client.patch(
        "1", [*add_tags(["c", "d"]), *remove_tags(["a"]), *change_push_channel("new"), *change_user("bob")]
    )
    await client.delete("1")
    assert [request.method for request in transport.requests] == ["PUT", "GET", "PATCH", "DELETE"]
    for request in transport.requests:
        assert request.url == "https://ring.servicebus.windows.net/belfry/installations/1?api-version=2020-06"
    assert json.loads(transport.requests[0].content) == {
        "installationId": "1",
        "platform": "fcmv1",
        "pushChannel": "token",
        "userId": "ada",
        "tags": ["a", "b"],
    }
    assert json.loads(transport.requests[2].content) == [
        {"op": "add", "path": "/tags", "value": "c"},
        {"op": "add", "path": "/tags", "value": "d"},
        {"op": "remove", "path": "/tags/a"},
        {"op": "add", "path": "/pushChannel", "value": "new"},
        {"op": "add", "path": "/userId", "value": "bob"},
    ]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_device_that_the_hub_does_not_know_is_none(status: int) -> None:
    """It can be asked for, but not changed."""
    client, _ = hub(refusal(status), refusal(status))
    assert await client.get("1") is None
    with pytest.raises(InstallationGoneError, match="does not know the device"):
        await client.patch("1", add_tags(["a"]))


@pytest.mark.parametrize(
    "answer", [b"<html>", b"{}", b'{"installationId":"1","platform":"wns","pushChannel":"https://example.com"}']
)
async def test_an_installation_that_cannot_be_read_is_refused(answer: bytes) -> None:
    """Of another platform, put by someone else, or no installation at all."""
    client, _ = hub(MemoryResponse(200, answer))
    with pytest.raises(RefusedError, match="not served here"):
        await client.get("1")


@pytest.mark.parametrize("ask", ["get", "delete"])
@pytest.mark.parametrize("name", ["../messages", "..", "."])
async def test_an_id_cannot_lead_elsewhere(ask: str, name: str) -> None:
    """What is no id is not put into an address."""
    client, transport = hub()
    with pytest.raises(ValueError, match="not the id"):
        await getattr(client, ask)(name)
    assert not transport.requests


@pytest.mark.parametrize("status", [400, 410, 413])
async def test_what_will_be_the_same_next_time_is_refused(status: int) -> None:
    """With the service's own sentence, and not tried again."""
    client, transport = hub(refusal(status, "The tag\n expression is wrong. &lt;x&gt; TrackingId:7"))
    with pytest.raises(RefusedError, match=f"answered {status}: The tag expression is wrong. <x> TrackingId:7"):
        await client.send(fcm_v1(HELLO), tag("a"))
    assert len(transport.requests) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 409, 429, 501])
async def test_what_time_or_an_operator_mends_is_passing(status: int) -> None:
    """A wrong key, a quota that is used up, a hub that is not there yet; none is tried again at once."""
    client, transport = hub(refusal(status))
    with pytest.raises(TransientError, match=f"Notification Hubs answered {status}: No."):
        await client.send(fcm_v1(HELLO), tag("a"))
    assert len(transport.requests) == 1


@pytest.mark.parametrize("status", [500, 503, 504])
async def test_what_passes_is_tried_once_more(status: int) -> None:
    """The second attempt succeeds, or the caller waits."""
    client, transport = hub(refusal(status), created(), refusal(status), MemoryResponse(status))
    await client.send(fcm_v1(HELLO), tag("a"))
    with pytest.raises(TransientError, match=f"answered {status}: reason {status}"):
        await client.send(fcm_v1(HELLO), tag("a"))
    assert len(transport.requests) == 4


@pytest.mark.parametrize("status", [403, 429, 503])
async def test_a_short_wait_that_the_service_asks_for_is_waited(status: int) -> None:
    """`Retry-After` counts for any answer that has it."""
    client, transport = hub(refusal(status, retry_after="2"), created())
    await client.send(fcm_v1(HELLO), tag("a"))
    assert transport.sleeps == [2]


@pytest.mark.parametrize("after", ["3", "3600", "Fri, 20 Nov 2099 12:00:00 GMT", "soon"])
async def test_a_long_wait_is_left_to_the_caller(after: str) -> None:
    """A call does not hold up a batch of alerts."""
    client, transport = hub(refusal(429, retry_after=after))
    with pytest.raises(TransientError, match="answered 429"):
        await client.send(fcm_v1(HELLO), tag("a"))
    assert transport.sleeps == []


@pytest.mark.parametrize("error", [ServiceRequestError("no route"), ServiceResponseError("cut off")])
async def test_a_send_of_which_nothing_is_known_is_left_to_the_caller(error: Exception) -> None:
    """It may have reached its devices: it is not the client that sends it twice."""
    client, transport = hub(error)
    with pytest.raises(TransientError, match=str(error)):
        await client.send(fcm_v1(HELLO), tag("a"))
    assert len(transport.requests) == 1


async def test_a_token_is_used_until_shortly_before_its_end() -> None:
    """One signature serves many requests, and none is sent with a token that is about to expire."""
    clock = SetClock()
    client, transport = hub(*[MemoryResponse(204) for _ in range(4)], clock=clock)
    for minutes in (0, 49, 50, 99):
        clock.now = NOON + timedelta(minutes=minutes)
        await client.delete("1")
        token = parse_qs(transport.headers[-1]["Authorization"].removeprefix("SharedAccessSignature "))
        assert clock.now + timedelta(minutes=10) < datetime.fromtimestamp(int(token["se"][0]), UTC)
    tokens = [sent["Authorization"] for sent in transport.headers]
    assert tokens[0] == tokens[1] != tokens[2] == tokens[3]
    assert unquote(parse_qs(tokens[0])["SharedAccessSignature sr"][0]) == "https://ring.servicebus.windows.net/"


async def test_neither_key_nor_token_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Not at the most talkative level either; nor does what is printed of a client or a channel hold a secret."""
    caplog.set_level(logging.DEBUG)
    client, transport = hub(refusal(401), created())
    with pytest.raises(TransientError) as told:
        await client.send_direct(browser(b"{}", time_to_live=timedelta()), SUBSCRIPTION)
    await client.send(fcm_v1(HELLO), tag("a"))
    assert "ServiceBusNotification-Format" in caplog.text
    said = caplog.text + str(told.value) + repr((CONNECTION, client, SUBSCRIPTION))
    for secret in (KEY, transport.headers[0]["Authorization"], "sig=", "secret"):
        assert secret not in said


async def test_closing_a_client_closes_its_connections() -> None:
    """By `close`, and at the end of `async with`."""
    client, transport = hub()
    await client.close()
    assert transport.closed
    client, transport = hub()
    async with client:
        assert not transport.closed
    assert transport.closed


def test_a_client_of_a_wrong_connection_string_is_not_made() -> None:
    """It fails at start, and names the part."""
    with pytest.raises(SettingsError, match="no SharedAccessKeyName and no SharedAccessKey"):
        NotificationHub.from_connection_string("Endpoint=sb://ring.servicebus.windows.net", "belfry")


def calls(client: NotificationHub) -> list[Callable[[], Coroutine[Any, Any, object]]]:
    """Every call that there is."""
    return [
        lambda: client.put(PHONE),
        lambda: client.get("1"),
        lambda: client.patch("1", add_tags(["a"])),
        lambda: client.delete("1"),
        lambda: client.send(fcm_v1(HELLO), tag("a")),
        lambda: client.broadcast(fcm_v1(HELLO)),
        lambda: client.send_direct(fcm_v1(HELLO), "token"),
    ]


@pytest.mark.parametrize("index", range(7))
async def test_every_call_has_its_errors_told_apart(index: int) -> None:
    """A refusal is a refusal, an outage passes, and there is a deadline, whatever was asked."""
    client, transport = hub(refusal(400), refusal(500), refusal(500), TimeoutError())
    with pytest.raises(RefusedError):
        await calls(client)[index]()
    with pytest.raises(TransientError, match="answered 500"):
        await calls(client)[index]()
    with pytest.raises(TransientError, match="did not answer within 10 s"):
        await calls(client)[index]()
    assert len(transport.requests) == 4


async def test_connecting_and_reading_have_deadlines_of_their_own() -> None:
    """Shorter than the call's, so that a second attempt fits."""
    async with NotificationHub(CONNECTION, "belfry") as client:
        transport = client._pipeline._pipeline._transport
        assert isinstance(transport, AioHttpTransport)
        assert transport.connection_config.timeout == 3
        assert transport.connection_config.read_timeout == 6


async def test_an_answer_that_is_no_text_is_still_an_answer() -> None:
    """A proxy in between may say anything."""
    client, _ = hub(MemoryResponse(400, b"\xff\xfe"), MemoryResponse(502, b"\xff"), MemoryResponse(502, b"\xff"))
    with pytest.raises(RefusedError, match="answered 400: reason 400"):
        await client.put(PHONE)
    with pytest.raises(TransientError, match="answered 502: reason 502"):
        await client.put(PHONE)
