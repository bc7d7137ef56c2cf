"""A person's inbox as a client keeps it: the history, then every frame, and after every reconnect what came since."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import aiohttp

from belfry.live import FAILURES, LiveConnection, waits
from belfry.problems import ProblemResponseError
from belfry.rule import Card, View

__all__ = ["Inbox", "ProblemResponseError"]

log = logging.getLogger(__name__)


class Inbox:
    """A connected client of one person. Use it as an asynchronous context manager.

    Args:
        api: the API's address, for example `http://localhost:7071/api`.
        token: gives the person's bearer token, asked for before each request.
        on_card: called with each card that is new or newer, once.
    """

    def __init__(
        self, api: str, token: Callable[[], Awaitable[str]], on_card: Callable[[Card], None] | None = None
    ) -> None:
        self.view = View()
        """What is known, and how it is shown."""
        self.frames = 0
        """Cards that frames have brought, repeats included."""
        self.on_frame: Callable[[dict[str, Any]], None] | None = None
        """Called with each frame as it came."""
        self._api = api.rstrip("/")
        self._token = token
        self._on_card = on_card
        self._session: aiohttp.ClientSession | None = None
        self._opened = AsyncExitStack()
        """What is to be closed again."""
        self._changed = asyncio.Condition()
        self._catching_up = asyncio.Lock()
        self._sync = ""
        self._live = LiveConnection(self._negotiate, self._received, self.catch_up)

    @property
    def connections(self) -> int:
        """How often it connected."""
        return self._live.connections

    async def open(self) -> None:
        """Connect and read the history; when this fails nothing stays open."""
        async with AsyncExitStack() as opened:
            self._session = await opened.enter_async_context(aiohttp.ClientSession())
            await self._live.open()
            opened.push_async_callback(self._live.close)
            await self.reload()
            self._opened = opened.pop_all()

    async def close(self) -> None:
        """Disconnect; the cards stay."""
        await self._opened.aclose()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def request(self, method: str, path: str, **options: Any) -> Any:
        """One request to the API in the person's name, and the JSON of the answer.

        Raises:
            ProblemResponseError: the API answered with an error.
        """
        assert self._session is not None, "the inbox is not open"  # noqa: S101  # a mistake of the caller
        headers = {"Authorization": f"Bearer {await self._token()}"}
        async with self._session.request(method, f"{self._api}{path}", headers=headers, **options) as response:
            try:
                content = await response.json(content_type=None)
            except ValueError as error:
                # Whoever stands in for the API while it is away (a proxy, say) does not speak its language.
                detail = f"{self._api} answered something else than JSON"
                raise ProblemResponseError(response.status, {"detail": detail}) from error
            if not response.ok:
                raise ProblemResponseError(response.status, content if isinstance(content, dict) else {})
            return content

    @property
    def cards(self) -> dict[str, Card]:
        """The cards as they came, by key; of a withdrawn alert a card with `retracted`."""
        return self.view.cards

    async def reload(self) -> None:
        """Begin anew with the newest page of the history."""
        async with self._catching_up:
            await self._reload()

    async def catch_up(self) -> None:
        """Take in everything since the last time: all of it, or the history anew."""
        async with self._catching_up:
            more = bool(self._sync)
            if not more:
                await self._reload()
            while more:
                try:
                    changes = await self.request("GET", "/alerts/changes", params={"since": self._sync})
                except ProblemResponseError as problem:
                    if problem.status != HTTPStatus.GONE:
                        raise
                    await self._reload()
                    return
                await self._take(changes)
                if self.view.missing:
                    await self._reload()
                    return
                self._sync, more = changes["sync"], changes["more"]

    async def _reload(self) -> None:
        # Cleared before the request, so that no frame that comes meanwhile is lost.
        self.view.clear()
        page = await self.request("GET", "/alerts", params={"limit": "100"})
        await self._take(page)
        self._sync = page["sync"]

    async def wait_until(self, satisfied: Callable[[Self], bool], seconds: float) -> None:
        """Wait until the inbox is as wanted.

        Raises:
            TimeoutError: it was not, for so long.
        """
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: satisfied(self))

    async def wait_for(self, cards: Collection[str], seconds: float) -> None:
        """Wait until all these cards are there; raises `TimeoutError` as `wait_until`."""
        await self.wait_until(lambda inbox: all(card in inbox.cards for card in cards), seconds)

    async def _negotiate(self) -> str:
        answer = await self.request("POST", "/negotiate")
        url: str = answer["url"]
        return url

    async def _received(self, frame: dict[str, Any]) -> None:
        self.frames += len(frame.get("alerts", ()))
        self._report(self.view.take_frame(frame))
        if self.on_frame:
            self.on_frame(frame)
        await self._notify()
        if frame.get("type") == "audiences":
            # What the person belongs to has changed, or all was erased. The open connection was put into its groups
            # already; the next one negotiates anew.
            if frame.get("erased"):
                self.view.forget()
            await self._begin_anew()
        elif self.view.missing:
            await self._begin_anew()

    async def _begin_anew(self) -> None:
        for wait in waits():
            try:
                await self.reload()
            except FAILURES as error:
                log.info("the history again in %.1f s: %s", wait, error)
                await asyncio.sleep(wait)
            else:
                return

    async def _take(self, answer: Mapping[str, Any]) -> None:
        self._report(self.view.take_answer(answer))
        await self._notify()

    def _report(self, cards: list[Card]) -> None:
        if self._on_card:
            for card in cards:
                self._on_card(card)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()
