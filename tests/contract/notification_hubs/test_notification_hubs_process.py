import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from emulators.children import Child, NotReadyError
from tests.contract.notification_hubs.devices import Browser, Hub

MODULE = "emulators.notification_hubs"


def alert(title: str) -> dict[str, Any]:
    """A notification to Android phones."""
    return {"message": {"notification": {"title": title}}}


async def test_a_killed_service_loses_nothing(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    """Devices, what they were sent, what is on its way to a browser, and the key that it subscribed with."""
    browser = Browser(status=503)
    with Child(MODULE, ["--port", "0", "--data", str(tmp_path)]) as child:
        hub = Hub.fresh(child.url, http)
        async with http.get(f"{child.url}/_vapid") as response:
            key = await response.json()
        async with browser:
            await hub.register("phone", "token")
            await hub.register("browser", browser.channel, "browser")
            await hub.send(alert("one"))
            await hub.send({"title": "two"}, "browser")
            await browser.arrived(1)
            child.kill()
            browser.status = 201
            hub = Hub(child.start(), hub.name, http)
            await browser.arrived(2)
            await hub.send(alert("three"))
            device = await hub.settled("browser")
        assert [each["outcome"] for each in device["notifications"]] == ["delivered"]
        assert [each["title"] for each in (await hub.device("phone"))["notifications"]] == ["three", "one"]
        async with http.get(f"{child.url}/_vapid") as response:
            assert await response.json() == key


async def test_changes_are_told_as_they_happen(hub: Hub, http: aiohttp.ClientSession) -> None:
    """Whoever watches gets each device anew when there is something new to see."""
    async with http.get(f"{hub.service}/_events", timeout=aiohttp.ClientTimeout(total=10)) as events:
        assert events.content_type == "text/event-stream"
        assert await events.content.readline() == b": watching\n"
        await hub.register("phone", "token")
        await hub.send(alert("Oven"))
        seen: dict[str, Any] = {}
        while seen.get("hub") != hub.name or not seen["notifications"]:
            line = await events.content.readline()
            if line.startswith(b"data: "):
                seen = json.loads(line.removeprefix(b"data: "))
    assert seen == await hub.device("phone")


async def test_a_watcher_does_not_keep_the_service_from_ending(http: aiohttp.ClientSession) -> None:
    """It ends cleanly, and soon, while somebody watches."""
    with Child(MODULE, ["--port", "0", "--ephemeral"]) as child:
        async with http.get(f"{child.url}/_events") as events:
            await events.content.readline()
            assert await asyncio.to_thread(child.stop, 5.0) == 0


async def test_statistics_count_and_begin_anew(http: aiohttp.ClientSession) -> None:
    """What was done, and what became of it."""
    with Child(MODULE, ["--port", "0", "--ephemeral"]) as child:
        hub = Hub.fresh(child.url, http)
        await hub.register("phone", "token")
        await hub.register("gone", "rejected")
        await hub.send(alert("Oven"))
        async with http.get(f"{child.url}/_statistics") as response:
            assert await response.json() == {
                "operations": {"put_installation": 2, "send": 1},
                "deliveries": {"delivered": 1, "rejected": 1},
                "installations": 1,
                "waiting": 0,
            }
        async with http.post(f"{child.url}/_statistics/reset") as response:
            assert response.status == 204
        async with http.get(f"{child.url}/_statistics") as response:
            assert (await response.json())["operations"] == {}


async def test_a_body_that_is_too_large_is_refused(hub: Hub) -> None:
    """In the service's shape, also where it is too large to be read."""
    for size in (4097, 100_000):
        status, body = await hub.call("POST", "messages/", b"x" * size, {"ServiceBusNotification-Format": "fcmv1"})
        assert status == 413
        assert body.startswith("<Error><Code>413</Code><Detail>")


@pytest.mark.parametrize("path", ["", "_page/phones.js", "_page/style.css"])
async def test_the_page_needs_nothing_from_elsewhere(service: str, http: aiohttp.ClientSession, path: str) -> None:
    """It works without a network, and runs no script but its own."""
    async with http.get(f"{service}/{path}") as response:
        assert response.status == 200
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "://" not in (await response.text()).replace("http://www.w3.org/2000/svg", "")


async def test_no_other_file_is_served(service: str, http: aiohttp.ClientSession) -> None:
    """Neither what is beside the page nor what is above it."""
    for path in ("_page/server.py", "_page/..%2Fserver.py", "_page/%2Fetc%2Fpasswd"):
        async with http.get(f"{service}/{path}") as response:
            assert response.status in {401, 404}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--vapid-private-key", "x"], "a VAPID private key is a number on P-256"),
        (["--vapid-subject", "me"], "a mailto: or"),
    ],
)
def test_a_wrong_option_is_refused_in_words(tmp_path: Path, options: list[str], says: str) -> None:
    """The service does not come up with a key that no browser would take."""
    child = Child(MODULE, ["--port", "0", "--ephemeral", *options], log=tmp_path / "log")
    with pytest.raises(NotReadyError, match=says):
        child.start()
