"""One person on several tabs: what is said on one is so on all."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from belfry.inbox import Inbox
from emulators.cloud import Cloud
from tests.system import SECONDS, System, eventually

pytestmark = pytest.mark.local_only(reason="it kills a service")

NODE = Path(__file__).parents[1] / "contract" / "node"


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A cloud whose live connections may be cut."""
    with Cloud(free_ports=True, logs=tmp_path_factory.mktemp("logs")) as cloud:
        yield cloud


def _unread(inbox: Inbox) -> set[str]:
    return {card["card"] for card in inbox.view.shown(datetime.now(UTC)) if not card["read"]}


async def _send(system: System, user: str, count: int, *inboxes: Inbox) -> list[str]:
    async with system.publisher() as publisher:
        cards = await publisher.send_many({"to": [f"user:{user}"], "title": f"Alert {n}"} for n in range(count))
    for inbox in inboxes:
        await inbox.wait_for(cards, SECONDS)
    return cards


async def _mark(system: System, user: str, path: str, method: str = "PATCH", **said: Any) -> None:
    status, _, answer = await system.request(method, path, token=await system.token(user), json=said)
    assert status == 200, answer


async def test_what_is_read_on_one_tab_is_read_on_the_other(system: System, unique: str) -> None:
    """A frame tells the other tab, which asks for nothing; so with archived, unread again, and all read."""
    async with system.inbox(unique) as here, system.inbox(unique) as there:
        first, second, third = await _send(system, unique, 3, here, there)
        await here.request("PATCH", f"/alerts/{first}", json={"read": True})
        await there.request("PATCH", f"/alerts/{second}", json={"archived": True})
        for inbox in (here, there):
            await inbox.wait_until(lambda inbox: _unread(inbox) == {third}, SECONDS)
        await here.request("PATCH", f"/alerts/{first}", json={"read": False})
        await there.wait_until(lambda inbox: _unread(inbox) == {first, third}, SECONDS)
        await there.request("POST", "/alerts/read")
        await here.wait_until(lambda inbox: not _unread(inbox), SECONDS)
        assert [inbox.connections for inbox in (here, there)] == [1, 1]
    for inbox in (here, there):
        assert {card["card"] for card in inbox.view.shown(datetime.now(UTC))} == {first, third}


async def test_what_was_read_while_both_were_offline_is_read_on_both(system: System, unique: str) -> None:
    """Tabs that lost their connection hear what they missed when it is back: what was read, and what came."""
    async with system.inbox(unique) as here, system.inbox(unique) as there:
        first, second = await _send(system, unique, 2, here, there)
        system.cloud.child("web_pubsub").kill()
        await _mark(system, unique, f"/alerts/{first}", read=True)
        await _mark(system, unique, f"/alerts/{second}", archived=True)
        [third] = await _send(system, unique, 1)

        async def kept() -> bool:
            return third in {card["card"] for card in await system.history(unique)}

        await eventually(kept)
        assert [_unread(inbox) for inbox in (here, there)] == [{first, second}] * 2
        await asyncio.to_thread(system.cloud.child("web_pubsub").start)
        for inbox in (here, there):
            await inbox.wait_until(lambda inbox: _unread(inbox) == {third}, SECONDS)
            assert inbox.connections == 2


async def test_a_tab_that_was_closed_opens_as_the_other_left_it(system: System, unique: str) -> None:
    """What one tab said while the other was closed, and then left too, is so in both when they are opened again."""
    async with system.inbox(unique) as here:
        first, second = await _send(system, unique, 2, here)
        await here.request("PATCH", f"/alerts/{first}", json={"read": True})
    async with system.inbox(unique) as here, system.inbox(unique) as there:
        assert [_unread(inbox) for inbox in (here, there)] == [{second}] * 2


async def test_a_tab_by_the_javascript_client_and_one_by_ours(system: System, unique: str) -> None:
    """What is read in the browser is read here, and what is unread here again is told to the browser."""
    async with system.inbox(unique) as here, _javascript(system, unique) as tab:
        assert await _told(tab, "connected")
        [card] = await _send(system, unique, 1, here)
        await here.wait_until(lambda inbox: card in inbox.view.marks, SECONDS)
        assert not _unread(here)
        assert [mark["read"] for mark in (await _told(tab, "marks"))["marks"]] == [True]
        await here.request("PATCH", f"/alerts/{card}", json={"read": False})
        assert [mark["read"] for mark in (await _told(tab, "marks"))["marks"]] == [False]


@asynccontextmanager
async def _javascript(system: System, user: str) -> AsyncIterator[asyncio.StreamReader]:
    """What a tab in Node.js says, line by line."""
    node = shutil.which("node")
    if node is None or not (NODE / "node_modules").is_dir():
        pytest.fail("Node.js or its packages are missing: make setup")
    process = await asyncio.create_subprocess_exec(
        node,
        "tab.mjs",
        cwd=NODE,
        env={**os.environ, "API": system.api, "TOKEN": await system.token(user)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), SECONDS)


async def _told(tab: asyncio.StreamReader, kind: str) -> dict[str, Any]:
    """The next frame of a kind that the tab got."""
    async with asyncio.timeout(SECONDS):
        while line := await tab.readline():
            frame: dict[str, Any] = json.loads(line)
            if frame["type"] == kind:
                return frame
    raise EOFError("the tab has ended")
