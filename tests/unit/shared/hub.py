"""Where pushes are sent from, in memory."""

import asyncio
from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import repeat

import msgspec
from msgspec import Struct

from emulators.notification_hubs.tag_expressions import matches, parse
from shared.audience import Audience
from shared.azure.pushes import expression_of
from shared.errors import BelfryError
from shared.push.addressing import Target
from shared.push.devices import Device
from shared.push.message import Message, Platform
from tests.unit.shared.fakes import DOWN
from tests.unit.shared.memory import Fault


def reaches(target: Target, tags: Collection[str]) -> bool:
    """Whether a target's devices include one with these tags, by what the hub is asked and how it reads that."""
    return matches(parse(str(expression_of(target))), tags)


class Sent(Struct, frozen=True):
    """A push."""

    message: Message
    target: Target

    @property
    def type(self) -> str:
        """What clients are to do with it."""
        return str(_found(msgspec.json.decode(self.message.payload), "type"))

    @property
    def card(self) -> str:
        """Which card it is about."""
        return str(_found(msgspec.json.decode(self.message.payload), "card"))


class MemoryHub:
    """A `PushService` and a `Sender`: keeps what is registered and sent, and fails on demand."""

    faults: Iterator[Fault | None] = repeat(None)
    """For each call about a device in turn whether and how it fails."""
    refuses: BelfryError | None = None
    """Why no device is taken."""

    def __init__(self) -> None:
        self.registered: dict[str, tuple[Device, datetime]] = {}
        """The devices, and when each is forgotten, by installation."""
        self.writes = 0
        """How often a device was registered, in vain or not."""
        self.sent: list[Sent] = []
        self.down: dict[Platform, Exception] = {}
        """Platforms that nothing can be sent to, and why."""
        self.slow = 0
        """How often other tasks get their turn while something is sent."""
        self.under_way = 0
        self.most_at_once = 0

    async def register(self, device: Device, expires: datetime) -> None:
        """See `PushService`."""
        self.writes += 1
        lost = await self._begin()
        if self.refuses:
            raise self.refuses
        self.registered[device.installation] = (device, expires)
        self._end(lost)

    async def tags(self, installation: str) -> tuple[str, ...] | None:
        """See `PushService`."""
        self._end(await self._begin())
        return self.tags_of(installation)

    async def unregister(self, installation: str) -> None:
        """See `PushService`."""
        lost = await self._begin()
        self.registered.pop(installation, None)
        self._end(lost)

    async def send(self, message: Message, target: Target) -> None:
        """See `Sender`."""
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        for _ in range(self.slow):
            await asyncio.sleep(0)
        self.under_way -= 1
        if error := self.down.get(message.platform):
            raise error
        self.sent.append(Sent(message, target))

    def tags_of(self, installation: str) -> tuple[str, ...] | None:
        """The tags that a device has now; None: it is not registered."""
        found = self.registered.get(installation)
        return found[0].tags if found else None

    def reached(self, audience: Audience) -> list[str]:
        """The installations that a push to an audience reaches, whatever they have muted."""
        return sorted(name for name, (device, _) in self.registered.items() if audience.tag in device.tags)

    def log(self) -> list[tuple[str, str, str]]:
        """Type, card and platform of everything that was sent, in order."""
        return [(sent.type, sent.card, sent.message.platform.value) for sent in self.sent]

    async def _begin(self) -> Fault | None:
        await asyncio.sleep(0)
        fault = next(self.faults, None)
        if fault is Fault.LOST_REQUEST:
            raise DOWN
        return fault

    def _end(self, fault: Fault | None) -> None:
        if fault is Fault.LOST_ANSWER:
            raise DOWN


def _found(content: object, name: str) -> object:
    """The first field of this name, at any depth: each platform nests it elsewhere."""
    if not isinstance(content, dict):
        return None
    if name in content and isinstance(content[name], str):
        return content[name]
    return next((value for value in (_found(inner, name) for inner in content.values()) if value is not None), None)
