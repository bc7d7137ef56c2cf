"""Escalation: an alert that nobody has seen to rings again, louder and for more people.

It is carried by messages of the queue that come later: one for each round. So it survives whatever stops, and costs
nothing while it waits. A round looks whether somebody has acted since: read the card, or put it away; it was withdrawn;
or a later alert of its thread has taken its place. If not, it tells the further audiences, pushes again, and schedules
the next round.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import structs

from shared.alert import Escalation
from shared.audience import Audience, Kind
from shared.card import StoredAlert
from shared.delivery.channels import Channel
from shared.delivery.keeping import AlertStore, keep
from shared.errors import BelfryError
from shared.wire.message import Outgoing, Parcel, escalated


class Acts(Protocol):
    """What people have done."""

    async def has_acted(self, user: str, alert: StoredAlert) -> bool:
        """Whether a person has read a card that is for them alone, or put it away."""


class Escalating:
    """The rounds of escalation.

    Args:
        store: the inbox.
        channels: the ways to tell people, by name.
        acts: what people have done.
    """

    def __init__(self, store: AlertStore, channels: Mapping[str, Channel], acts: Acts | None) -> None:
        self._store = store
        self._channels = channels
        self._acts = acts

    async def round(self, parcel: Parcel, now: datetime, traceparent: str | None = None) -> Outgoing | None:
        """One round.

        Args:
            parcel: whose round.
            now: the time.
            traceparent: the trace context that it is told in.

        Returns:
            The next one; None: somebody has acted, or this was the last.

        Raises:
            BelfryError: it could not be told, or not be found out whether to; to repeat the round is harmless.
        """
        escalation = parcel.alert.escalate
        if escalation is None:
            return None
        first = tuple(map(Audience.parse, dict.fromkeys(parcel.alert.to)))
        further = tuple(
            audience for audience in map(Audience.parse, dict.fromkeys(escalation.to)) if audience not in first
        )
        standing = await self._standing(parcel, (*first, *further))
        if standing is None:
            return None
        # Told is what the message says, and not what is kept: that may be another's, where a producer has made up the
        # position, and who only sends would have it copied to themself.
        standing = structs.replace(standing, alert=parcel.alert, id=parcel.id, traceparent=traceparent)
        added = [structs.replace(standing, audience=audience, at=now, elsewhere=True) for audience in further]
        kept = await asyncio.gather(*(keep(self._store, alert.audience, [alert]) for alert in added))
        told = [alert for outcomes in kept for alert in outcomes if isinstance(alert, StoredAlert)]
        _raise_first([outcome for outcomes in kept for outcome in outcomes])
        loud = structs.replace(standing.alert, push=escalation.push)
        everyone = [structs.replace(standing, audience=audience) for audience in first] + told
        await self._tell("live", told)
        await self._tell("push", [structs.replace(alert, alert=loud) for alert in everyone])
        return next_round(parcel, escalation, now)

    async def _standing(self, parcel: Parcel, audiences: Sequence[Audience]) -> StoredAlert | None:
        """The alert as it stands, if nobody has acted; None: somebody has, or it is no more what it was."""
        card = parcel.alert.thread or parcel.id
        found = await asyncio.gather(*(self._store.read(audience, card) for audience in audiences))
        standing: StoredAlert | None = None
        for current in found:
            if current is None:
                continue
            alert = current.stored
            if alert.position != parcel.position or alert.retracted or alert.acted:
                return None
            alone = alert.audience.kind is Kind.USER
            if self._acts and alone and await self._acts.has_acted(alert.audience.name, alert):
                return None
            standing = standing or alert
        return standing

    async def _tell(self, name: str, alerts: Sequence[StoredAlert]) -> None:
        if alerts and name in self._channels:
            _raise_first(await self._channels[name].deliver(alerts))


def next_round(parcel: Parcel, escalation: Escalation, now: datetime) -> Outgoing | None:
    """The message of the round after a parcel's own; None: there is none."""
    number = parcel.escalation + 1
    if number == 1:
        return escalated(parcel, number, now + escalation.after)
    if escalation.repeat is None or number > 1 + escalation.repeat.times:
        return None
    return escalated(parcel, number, now + escalation.repeat.every)


def _raise_first(outcomes: Sequence[object]) -> None:
    for outcome in outcomes:
        if isinstance(outcome, BelfryError):
            raise outcome
