"""A device that is pushed to, as its person and the hub know it, with an app that does what it is told."""

from collections.abc import Iterable
from typing import Any, Final

import aiohttp

from tests.system import System, eventually

SHOWN: Final = 50
"""How many of a device's notifications the hub shows: the newest."""


class Phone:
    """A device of a person, and what it was sent."""

    def __init__(self, system: System, user: str, *roles: str, name: str | None = None) -> None:
        self.system = system
        self.user = user
        self.roles = roles
        self.name = name or f"phone-{user}"

    async def ask(self, method: str, path: str, expected: int = 200, **options: Any) -> Any:
        """The JSON of an answer to its person that has the expected status."""
        token = await self.system.token(self.user, *self.roles)
        status, _, answer = await self.system.request(method, path, token=token, **options)
        assert status == expected, answer
        return answer

    async def register(self, platform: str = "fcmv1", channel: object = None) -> Any:
        """Register it."""
        body = {"platform": platform, "pushChannel": channel or f"token-of-{self.name}"}
        return await self.ask("PUT", f"/devices/{self.name}", json=body)

    async def known(self) -> dict[str, Any] | None:
        """What the hub knows of it."""
        url = self.system.cloud.urls["notification_hubs"] + "/_devices"
        async with aiohttp.ClientSession() as session, session.get(url, params={"installation": self.name}) as response:
            devices = [device for device in (await response.json())["devices"] if device["registered"]]
        return devices[0] if devices else None

    async def shown(self) -> list[tuple[str, str]]:
        """What it was sent, the oldest first: kind and title."""
        device = await self.known()
        notifications = device["notifications"] if device else []
        return [(item["kind"], item["title"]) for item in reversed(notifications)]

    async def on_screen(self) -> list[str]:
        """The titles of the notifications that its app shows, the oldest first."""
        device = await self.known()
        return list(on_screen(reversed(device["notifications"] if device else [])).values())

    async def wait_for(self, *expected: tuple[str, str]) -> None:
        """Wait until it was sent this."""

        async def arrived() -> bool:
            return await self.shown() == list(expected)

        await eventually(arrived)


def on_screen(notifications: Iterable[dict[str, Any]]) -> dict[str, str]:
    """What an app shows that was sent these, the oldest first: titles by card."""
    shown: dict[str, dict[str, Any]] = {}
    for notification in notifications:
        told = _told(notification)
        match told:
            case {"type": "alert", "card": card}:
                shown.pop(card, None)
                shown[card] = told | {"title": notification["title"]}
            case {"type": "clear", "card": card, "position": position}:
                if card in shown and shown[card]["position"] <= position:
                    del shown[card]
            case {"type": "clear", "upTo": up_to}:
                shown = {card: told for card, told in shown.items() if told["at"] > up_to}
    return {card: told["title"] for card, told in shown.items()}


def _told(notification: dict[str, Any]) -> dict[str, Any]:
    """What the app reads: Android hands it the data, the others the whole."""
    payload: dict[str, Any] = notification["payload"]
    data: dict[str, Any] = payload["message"]["android"]["data"] if "message" in payload else payload
    return data
