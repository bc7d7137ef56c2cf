"""Use cases: mark one card as read, unread or archived; mark everything as read."""

import asyncio
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct, structs

from shared.card import StoredAlert, format_moment
from shared.errors import TransientError
from shared.identity import Person
from shared.inbox.errors import CardNotFoundError, CardRevisedError
from shared.inbox.people import KeptMark
from shared.inbox.reading import AlertReader, nearest
from shared.inbox.state import Mark
from shared.inbox.visiting import CONFLICTS, Reception, Visit
from shared.position import Position

_BEGINNING: Final = datetime.fromtimestamp(0, UTC)


class Said(Struct, frozen=True):
    """What a person says about a card; None leaves it as it was."""

    read: bool | None = None
    archived: bool | None = None
    position: Position | None = None
    """The revision that is meant; None: the current one."""


class ReadSoFar(Struct, frozen=True):
    """How far a person has read now."""

    moment: str
    """What was stored up to then is read; RFC 3339 with milliseconds, or empty: nothing is."""
    moved: bool
    """Whether they had not read so far before."""


class Marking:
    """Mark cards.

    Args:
        reception: where each use case begins.
        alerts: the stored alerts.
    """

    def __init__(self, reception: Reception, alerts: AlertReader) -> None:
        self._reception = reception
        self._alerts = alerts

    def clock(self) -> datetime:
        """The time."""
        return self._reception.clock()

    async def mark(self, person: Person, card: str, said: Said) -> Mark:
        """Mark one card, and tell the person's other tabs and devices.

        Raises:
            CardNotFoundError: the person has no such card.
            CardRevisedError: it has a newer revision than the one meant.
        """
        visit = await self._reception.visit(person)
        alert = await self._find(visit, card)
        if said.position is not None and said.position != alert.position:
            raise CardRevisedError
        mark = await self._save(visit.user, alert, said)
        if alert.alert.escalate and (mark.read or mark.archived):
            # Whoever acts, acts for all: it escalates no further, through whichever audience it was seen.
            await asyncio.gather(
                *(self._alerts.acknowledge(audience, card, alert.position) for audience in visit.audiences)
            )
        await self._tell(visit, [mark], visit.profile.read_up_to)
        return mark.told()

    async def mark_all(self, person: Person, up_to: datetime | None) -> ReadSoFar:
        """Mark everything as read that was stored up to a moment, or that the person can see now.

        Returns:
            The moment, which never goes back.
        """
        people = self._reception.people
        for _ in range(CONFLICTS):
            visit = await self._reception.visit(person)
            wanted = await self._newest(visit) if up_to is None else self._past(up_to)
            read_up_to = max(wanted, visit.profile.read_up_to)
            profile = structs.replace(visit.profile, read_up_to=read_up_to)
            if await people.save_profile(visit.user, profile, visit.kept.version):
                break
        else:
            raise TransientError(f"the profile of {person.user!r} is being changed by others all the time")
        # Usually there are none: cards that were marked as unread on purpose, and now are read with all the others.
        unread = [mark for mark in await people.open_marks(visit.user, read_up_to) if mark.at <= read_up_to]
        marks = [await self._read(visit.user, mark) for mark in unread if mark.read is False]
        await self._tell(visit, marks, read_up_to)
        return ReadSoFar(read_up_to, moved=read_up_to > visit.profile.read_up_to)

    async def _find(self, visit: Visit, card: str) -> StoredAlert:
        found = await asyncio.gather(
            *(self._alerts.find(membership.audience, card) for membership in visit.memberships)
        )
        shown = [
            alert
            for alert, membership in zip(found, visit.memberships, strict=True)
            if alert is not None and membership.covers(alert.at)
        ]
        alert = nearest(shown) if shown else None
        if alert is None or alert.retracted or alert.alert.expired(self._reception.clock()):
            raise CardNotFoundError
        return alert

    async def _save(self, user: str, alert: StoredAlert, said: Said) -> KeptMark:
        people = self._reception.people
        for _ in range(CONFLICTS):
            known, version = await people.mark(user, alert.card) or (None, None)
            about = known if known is not None and known.position == alert.position else None
            mark = KeptMark(
                card=alert.card,
                position=alert.position,
                version=1 if known is None else known.version + 1,
                read=(about.read if about else None) if said.read is None else said.read,
                archived=bool(about and about.archived) if said.archived is None else said.archived,
                at=format_moment(alert.at),
                audience=str(alert.audience),
            )
            if await people.save_mark(user, mark, version):
                return mark
        raise TransientError(f"the mark of {user!r} for {alert.card!r} is being changed by others all the time")

    async def _read(self, user: str, mark: KeptMark) -> KeptMark:
        people = self._reception.people
        for _ in range(CONFLICTS):
            known, version = await people.mark(user, mark.card) or (mark, None)
            if known.position != mark.position or known.read is not False:
                return known
            changed = structs.replace(known, read=True, version=known.version + 1)
            if await people.save_mark(user, changed, version):
                return changed
        raise TransientError(f"the mark of {user!r} for {mark.card!r} is being changed by others all the time")

    async def _newest(self, visit: Visit) -> str:
        """When the last of what the person can see was stored: read afresh, for they may have seen it a moment ago."""
        heads = await asyncio.gather(
            *(self._alerts.heads(membership.audience, 1, None) for membership in visit.memberships)
        )
        return max((head.at for found in heads for head in found), default="")

    def _past(self, up_to: datetime) -> str:
        """What is yet to come cannot have been read."""
        # Not before 1970 either: of the first hours that there are, some zones have none in UTC.
        return format_moment(max(min(up_to, self._reception.clock()), _BEGINNING))

    async def _tell(self, visit: Visit, marks: list[KeptMark], read_up_to: str) -> None:
        told = [structs.asdict(mark.told()) for mark in marks]
        await self._reception.tell(visit.user, {"type": "marks", "marks": told, "readUpTo": read_up_to})
