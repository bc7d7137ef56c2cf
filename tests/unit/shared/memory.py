"""What the application keeps, kept in memory: it has the stores' promises, and fails on demand."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from enum import Enum
from itertools import repeat
from typing import Any

from msgspec import structs, to_builtins

from shared.audience import Audience
from shared.card import StoredAlert, format_moment
from shared.delivery.keeping import Versioned
from shared.errors import RefusedError
from shared.inbox.feeds import Feed, FeedGoneError, FeedPage
from shared.inbox.people import DEVICE_PREFIX, MARK_PREFIX, PROFILE_ID, KeptMark, KeptProfile
from shared.inbox.profile import Profile
from shared.inbox.reading import EVERYTHING, Filter, Head
from shared.position import Position
from shared.push.devices import Device
from tests.unit.shared.fakes import DOWN


class Fault(Enum):
    """How a single call to the store fails."""

    LOST_REQUEST = "nothing was done"
    LOST_ANSWER = "it was done, but the caller is not told"


class MemoryFeed(Feed):
    """The change feed of a container in memory, as the service has it.

    What a transaction wrote shares a position, and a page ends with a whole transaction, even if it then has more
    documents than were asked for.
    """

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], dict[str, Any]] = {}
        """The last write of each document, by partition and id."""
        self.last = 0
        self.reads = 0
        self.trouble: Exception | None = None

    def write(self, partition: str, *documents: dict[str, Any]) -> int:
        """Write documents in one transaction; returns its position."""
        self.last += 1
        for document in documents:
            self.documents[partition, document["id"]] = document | {"_lsn": self.last}
        return self.last

    async def identity(self) -> str:
        """See `Feed`."""
        return "container"

    async def now(self, partition: str) -> int:
        """See `Feed`."""
        del partition
        self.reads += 1
        await asyncio.sleep(0)
        return self.last

    async def after(self, partition: str, position: int, limit: int) -> FeedPage:
        """See `Feed`."""
        self.reads += 1
        await asyncio.sleep(0)
        if self.trouble:
            raise self.trouble
        if position > self.last:
            raise FeedGoneError
        changed = [document for (owner, _), document in self.documents.items() if owner == partition]
        changed = [document for document in changed if document["_lsn"] > position]
        changed.sort(key=lambda document: int(document["_lsn"]))
        end = changed[limit - 1]["_lsn"] if len(changed) > limit else self.last
        items = [document for document in changed if document["_lsn"] <= end]
        return FeedPage(items, end, more=len(items) < len(changed))


class MemoryStore:
    """An inbox in memory: `AlertStore` and `AlertReader`.

    Attributes:
        down: audiences whose partition fails, and how.
        faults: for each call in turn whether and how it fails.
        refused: ids of alerts that are never taken, and with them their whole transaction.
        pauses: for each call in turn how often other tasks get their turn before it.
    """

    def __init__(self) -> None:
        self.cards: dict[tuple[Audience, str], Versioned] = {}
        self.down: dict[Audience, Exception] = {}
        self.faults: Iterator[Fault | None] = repeat(None)
        self.pauses: Iterator[int] = repeat(1)
        self.pages: list[tuple[Audience, int]] = []
        """Every page that was read: of which audience, and how many alerts it had."""
        self.writes = 0
        self.feed = MemoryFeed()
        self.refused: set[str] = set()
        self._versions = 0

    async def create(self, audience: Audience, alerts: Sequence[StoredAlert]) -> bool:
        """See `AlertStore`."""
        assert len({alert.card for alert in alerts}) == len(alerts)
        assert all(alert.audience == audience for alert in alerts)
        lost = await self._begin(audience)
        if any(alert.id in self.refused for alert in alerts):
            raise RefusedError
        free = all((audience, alert.card) not in self.cards for alert in alerts)
        if free:
            self._put(*alerts)
        self._end(lost)
        return free

    async def read(self, audience: Audience, card: str) -> Versioned | None:
        """See `AlertStore`."""
        lost = await self._begin(audience)
        self._end(lost)
        return self.cards.get((audience, card))

    async def replace(self, alert: StoredAlert, version: str) -> bool:
        """See `AlertStore`."""
        lost = await self._begin(alert.audience)
        current = self.cards.get((alert.audience, alert.card))
        matches = current is not None and current.version == version
        if matches:
            self._put(alert)
        self._end(lost)
        return matches

    async def showing(self, audience: Audience, alert_id: str) -> StoredAlert | None:
        """See `AlertStore`."""
        self._end(await self._begin(audience))
        return next((kept for kept in self.of(audience) if kept.id == alert_id), None)

    async def page(
        self, audience: Audience, limit: int, before: Position | None, only: Filter = EVERYTHING
    ) -> list[StoredAlert]:
        """See `AlertReader`."""
        self._end(await self._begin(audience))
        found = [kept for kept in self.of(audience) if before is None or kept.position < before]
        found = [kept for kept in found if not only.severities or kept.alert.severity in only.severities]
        found = [kept for kept in found if not only.categories or kept.alert.category in only.categories]
        found.sort(key=lambda kept: kept.position, reverse=True)
        self.pages.append((audience, len(found[:limit])))
        return found[:limit]

    async def heads(self, audience: Audience, limit: int, until: str | None) -> list[Head]:
        """See `AlertReader`."""
        self._end(await self._begin(audience))
        found = [
            Head(
                kept.card,
                kept.position,
                format_moment(kept.at),
                kept.alert.expires_at,
                kept.retracted,
                kept.elsewhere,
            )
            for kept in self.of(audience)
        ]
        found = [head for head in found if until is None or head.at <= until]
        self.pages.append((audience, len(found[:limit])))
        return sorted(found, key=lambda head: (head.at, head.position), reverse=True)[:limit]

    async def find(self, audience: Audience, card: str) -> StoredAlert | None:
        """See `AlertReader`."""
        current = await self.read(audience, card)
        return current.stored if current else None

    async def acknowledge(self, audience: Audience, card: str, position: Position) -> None:
        """See `AlertReader`."""
        current = await self.read(audience, card)
        if current is not None and current.stored.position == position:
            self._put(structs.replace(current.stored, acted=True))

    async def everything(self, audience: Audience) -> AsyncIterator[StoredAlert]:
        """See `AlertReader`."""
        for kept in self.of(audience):
            yield kept

    async def erase(self, audience: Audience) -> int:
        """See `AlertReader`."""
        erased = [key for key in self.cards if key[0] == audience]
        for key in erased:
            del self.cards[key]
        return len(erased)

    def of(self, audience: Audience) -> list[StoredAlert]:
        """What one audience has, in no order."""
        return [kept.stored for (owner, _), kept in self.cards.items() if owner == audience]

    def put(self, *alerts: StoredAlert) -> None:
        """Have alerts there already."""
        for alert in alerts:
            self._put(structs.replace(alert, seen=alert.seen or (alert.id,)))

    def _put(self, *alerts: StoredAlert) -> None:
        """Write alerts of one audience in one transaction."""
        self.writes += len(alerts)
        self.feed.write(str(alerts[0].audience), *({"id": alert.card, "stored": alert} for alert in alerts))
        for alert in alerts:
            self._versions += 1
            self.cards[alert.audience, alert.card] = Versioned(alert, f"v{self._versions}")

    async def _begin(self, audience: Audience) -> Fault | None:
        for _ in range(next(self.pauses, 1)):
            await asyncio.sleep(0)
        if error := self.down.get(audience):
            raise error
        fault = next(self.faults, None)
        if fault is Fault.LOST_REQUEST:
            raise DOWN
        return fault

    def _end(self, fault: Fault | None) -> None:
        if fault is Fault.LOST_ANSWER:
            raise DOWN


class MemoryPeople:
    """What is known about people, in memory: a `PeopleStore` and a `DeviceStore`.

    Attributes:
        faults: for each call about a device in turn whether and how it fails.
        pauses: for each call about a device in turn how often other tasks get their turn before it.
    """

    def __init__(self) -> None:
        self.registered: dict[tuple[str, str], Device] = {}
        """Devices by user and installation."""
        self._device_versions: dict[tuple[str, str], str] = {}
        self.faults: Iterator[Fault | None] = repeat(None)
        self.pauses: Iterator[int] = repeat(1)
        self.profiles: dict[str, KeptProfile] = {}
        self.kept: dict[tuple[str, str], tuple[KeptMark, str]] = {}
        self.feed = MemoryFeed()
        self._versions = 0

    async def profile(self, user: str) -> KeptProfile:
        """See `PeopleStore`."""
        await asyncio.sleep(0)
        return self.profiles.get(user, KeptProfile(Profile(), None))

    async def save_profile(self, user: str, profile: Profile, version: str | None) -> bool:
        """See `PeopleStore`."""
        matches = (await self.profile(user)).version == version
        if matches:
            self.profiles[user] = KeptProfile(profile, self._version())
            self.feed.write(user, {"id": PROFILE_ID} | to_builtins(profile))
        return matches

    async def mark(self, user: str, card: str) -> tuple[KeptMark, str] | None:
        """See `PeopleStore`."""
        await asyncio.sleep(0)
        return self.kept.get((user, card))

    async def save_mark(self, user: str, mark: KeptMark, version: str | None) -> bool:
        """See `PeopleStore`."""
        known = await self.mark(user, mark.card)
        matches = (known[1] if known else None) == version
        if matches:
            self.kept[user, mark.card] = (mark, self._version())
            self.feed.write(user, {"id": MARK_PREFIX + mark.card} | to_builtins(mark))
        return matches

    async def marks(self, user: str, cards: Sequence[str]) -> dict[str, KeptMark]:
        """See `PeopleStore`."""
        await asyncio.sleep(0)
        return {card: self.kept[user, card][0] for card in cards if (user, card) in self.kept}

    async def open_marks(self, user: str, read_up_to: str) -> list[KeptMark]:
        """See `PeopleStore`."""
        await asyncio.sleep(0)
        own = [mark for (owner, _), (mark, _) in self.kept.items() if owner == user]
        return [mark for mark in own if mark.at > read_up_to or mark.read is False]

    async def devices(self, user: str) -> list[Device]:
        """See `DeviceStore`."""
        self._end(await self._begin())
        return [device for (owner, _), device in self.registered.items() if owner == user]

    async def save_device(self, user: str, device: Device) -> str:
        """See `DeviceStore`."""
        lost = await self._begin()
        version = self._keep(user, device)
        self._end(lost)
        return version

    async def tag_device(
        self,
        user: str,
        installation: str,
        tags: Sequence[str],
        *,
        roles: Sequence[str] | None = None,
        version: str | None = None,
    ) -> str | None:
        """See `DeviceStore`."""
        lost = await self._begin()
        known = self.registered.get((user, installation))
        changed = None
        if known is not None and version in (None, self._device_versions[user, installation]):
            tagged = structs.replace(known, tags=tuple(tags), roles=known.roles if roles is None else tuple(roles))
            changed = self._keep(user, tagged)
        self._end(lost)
        return changed

    async def remove_device(self, user: str, installation: str, version: str | None = None) -> None:
        """See `DeviceStore`."""
        lost = await self._begin()
        key = (user, installation)
        if key in self.registered and version in (None, self._device_versions[key]):
            del self.registered[key]
        self._end(lost)

    async def everything(self, user: str) -> AsyncIterator[dict[str, Any]]:
        """See `PeopleStore`."""
        kept = self.profiles.get(user)
        if kept:
            yield {"id": PROFILE_ID, "user": user, **to_builtins(kept.profile), "_etag": kept.version}
        for (owner, card), (mark, version) in self.kept.items():
            if owner == user:
                yield {"id": MARK_PREFIX + card, "user": user, **to_builtins(mark), "_etag": version}
        for (owner, installation), device in self.registered.items():
            if owner == user:
                yield {"id": DEVICE_PREFIX + installation, "user": user, **to_builtins(device)}

    async def erase(self, user: str) -> int:
        """See `PeopleStore`."""
        count = (self.profiles.pop(user, None) is not None) + sum(owner == user for owner, _ in self.kept)
        count += sum(owner == user for owner, _ in self.registered)
        self.kept = {key: value for key, value in self.kept.items() if key[0] != user}
        self.registered = {key: value for key, value in self.registered.items() if key[0] != user}
        return count

    async def _begin(self) -> Fault | None:
        for _ in range(next(self.pauses, 1)):
            await asyncio.sleep(0)
        fault = next(self.faults, None)
        if fault is Fault.LOST_REQUEST:
            raise DOWN
        return fault

    def _end(self, fault: Fault | None) -> None:
        if fault is Fault.LOST_ANSWER:
            raise DOWN

    def _keep(self, user: str, device: Device) -> str:
        self.registered[user, device.installation] = device
        version = self._device_versions[user, device.installation] = self._version()
        return version

    def _version(self) -> str:
        self._versions += 1
        return f"v{self._versions}"
