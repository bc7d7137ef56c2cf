"""Someone who asks for their inbox, as a client does that just came back."""

import time
from typing import Any, Final

import aiohttp

ASK_SECONDS: Final = 120.0
"""How long an answer may take: where thousands ask at once, the last one waits for all the others."""


class Asking:
    """A person who asks the API.

    Args:
        session: to ask with; it raises for answers that are errors.
        api: the API's address.
        token: the person's bearer token.
    """

    def __init__(self, session: aiohttp.ClientSession, api: str, token: str) -> None:
        self.milliseconds: list[float] = []
        """How long each answer took."""
        self._session = session
        self._api = api
        self._headers = {"Authorization": f"Bearer {token}"}

    async def history(self, limit: int = 20, before: str | None = None) -> dict[str, Any]:
        """A page of the history."""
        cursor = {} if before is None else {"before": before}
        return await self._ask("/alerts", {"limit": str(limit), **cursor})

    async def changes(self, since: str) -> dict[str, Any]:
        """What came or changed since a sync token."""
        return await self._ask("/alerts/changes", {"since": since})

    async def act(self, method: str, path: str, body: object = None) -> None:
        """Do something, such as marking a card; how long that takes is not measured."""
        async with self._session.request(method, self._api + path, json=body, headers=self._headers):
            return

    async def register_phone(self, installation: str) -> None:
        """Have a phone that is pushed to; how long that takes is not measured."""
        await self.act(
            "PUT", f"/devices/{installation}", {"platform": "fcmv1", "pushChannel": f"token-of-{installation}"}
        )

    async def _ask(self, path: str, parameters: dict[str, str]) -> dict[str, Any]:
        began = time.perf_counter()
        timeout = aiohttp.ClientTimeout(total=ASK_SECONDS)
        async with self._session.get(
            self._api + path, params=parameters, headers=self._headers, timeout=timeout
        ) as response:
            answer: dict[str, Any] = await response.json()
        self.milliseconds.append((time.perf_counter() - began) * 1000)
        return answer
