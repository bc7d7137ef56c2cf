"""`belfry smoke`: does an alert go all the way, as a producer and a person see it?

Only the API is needed, and one token that may do both. The alert is to the token's own person, rings no phone, and is
withdrawn again.
"""

import asyncio
import time
import uuid
from argparse import Namespace
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp

from belfry.cli.failing import FailedError
from belfry.cli.person import Person, find_person, json_of
from belfry.cli.settings import find_target
from belfry.cli.terminal import Terminal
from belfry.inbox import Inbox

POLL_SECONDS: Final = 0.1
"""Between two looks; no time that is shown is more exact than this."""

type Look = Callable[[], Awaitable[str | None]]
"""None: it is so now; else what was seen instead."""


class Steps:
    """What is tried, one after the other, each shown with the time that it took.

    Args:
        terminal: where it is shown.
        seconds: the longest that one may take.
    """

    def __init__(self, terminal: Terminal, seconds: int) -> None:
        self._terminal = terminal
        self._seconds = seconds

    async def until(self, name: str, look: Look) -> None:
        """Look again and again until it is so; raises `FailedError` with what was seen last when it never was."""
        started = time.monotonic()
        said: str | None = "nothing answers"
        try:
            async with asyncio.timeout(self._seconds):
                while (said := await look()) is not None:  # noqa: ASYNC110  # an API does not call back
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise FailedError(f"{name}: not within {self._seconds} s; {said}") from None
        self._show(name, time.monotonic() - started)

    async def once(self, name: str, doing: Awaitable[Any]) -> None:
        """Wait until it is done; raises `FailedError` when that takes too long."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                await doing
        except TimeoutError:
            raise FailedError(f"{name}: not within {self._seconds} s") from None
        self._show(name, time.monotonic() - started)

    def _show(self, name: str, seconds: float) -> None:
        if self._terminal.as_json:
            self._terminal.json({"step": name, "seconds": round(seconds, 3)})
        elif self._terminal.is_terminal:
            self._terminal.text(("✓ ", "green"), name, (f"  {seconds:.2f} s", "dim"))
        else:
            self._terminal.fields(name, f"{seconds:.3f}")


async def run(options: Namespace) -> bool:
    """Go through all of it; the first step that fails ends it."""
    steps = Steps(Terminal(as_json=options.json), options.seconds)
    async with find_person(options, find_target(options)) as person:
        await steps.until("every service behind the API answers", lambda: _healthy(person))
        inbox = Inbox(person.api, person.token)
        await steps.once("a client connects and reads its history", inbox.open())
        try:
            await _exchange(steps, inbox)
        finally:
            await inbox.close()
    return True


async def _exchange(steps: Steps, inbox: Inbox) -> None:
    """An alert comes and goes; it is withdrawn also when a step in between fails."""
    framed: set[tuple[str, bool]] = set()
    inbox.on_frame = lambda frame: framed.update(
        (card["card"], card.get("retracted", False)) for card in frame.get("alerts", ())
    )

    async def came(*, retracted: bool) -> str | None:
        return None if (identifier, retracted) in framed else "no frame came"

    async def shown(*, wanted: bool) -> str | None:
        page = await inbox.request("GET", "/alerts", params={"limit": "100"})
        there = any(card["card"] == identifier for card in page["alerts"])
        return None if there is wanted else f"the card is {'still' if there else 'not'} there"

    identifier = f"smoke-{uuid.uuid4().hex}"
    user = (await inbox.request("POST", "/negotiate"))["user"]
    alert = {"id": identifier, "to": [f"user:{user}"]}
    content = {"title": "Smoke test", "body": "It is withdrawn at once.", "push": "never"}
    await steps.once("the API takes an alert", inbox.request("POST", "/alerts", json=alert | content))
    try:
        await steps.until("it arrives by WebSocket", lambda: came(retracted=False))
        await steps.until("the history has it", lambda: shown(wanted=True))
    finally:
        await inbox.request("POST", "/alerts", json=alert | {"retract": True})
    await steps.until("its withdrawal arrives by WebSocket", lambda: came(retracted=True))
    await steps.until("the history has it no more", lambda: shown(wanted=False))


async def _healthy(person: Person) -> str | None:
    """An application that was just deployed takes a moment, and may be away meanwhile."""
    try:
        async with person.session.get(f"{person.api}/health") as response:
            return None if response.ok else f"/health says {await json_of(response) or response.status}"
    except aiohttp.ClientError as error:
        return str(error)
