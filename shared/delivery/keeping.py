"""Keeping alerts: the write goes first, and only a conflict reads.

A card is written once for each audience. When it is there already, its position tells why: the same position is a
redelivery of the same message; a newer one in the same thread replaces the card; anything else is a producer's repeat,
has been overtaken, or withdraws what has not come yet.
"""

import asyncio
from collections.abc import Sequence
from enum import Enum
from itertools import groupby
from typing import Protocol

from msgspec import Struct, structs

from shared.audience import Audience
from shared.card import SEEN_LIMIT, StoredAlert
from shared.errors import BelfryError, PermanentError, TransientError

_ATTEMPTS = 5
"""Tries to replace one card while others replace it too."""


class Versioned(Struct, frozen=True):
    """What is stored, and the version that a replacement must name."""

    stored: StoredAlert
    version: str


class AlertStore(Protocol):
    """Where alerts are kept. All raise `TransientError` when it does not answer, `RefusedError` when it never will."""

    async def create(self, audience: Audience, alerts: Sequence[StoredAlert]) -> bool:
        """Keep all of them, which have different cards; False, and none, when one of the cards is there already."""

    async def read(self, audience: Audience, card: str) -> Versioned | None:
        """The card as it is kept now."""

    async def replace(self, alert: StoredAlert, version: str) -> bool:
        """Put it in the place of this version of its card; False when that is no longer the version."""

    async def showing(self, audience: Audience, alert_id: str) -> StoredAlert | None:
        """The card that shows this alert now: its own, or that of its thread."""


class Verdict(Enum):
    """What an alert is to the card that is there already."""

    REDELIVERY = "redelivery"
    REVISION = "revision"
    REPEAT = "repeat"
    OVERTAKEN = "overtaken"
    EARLY = "early"
    """It withdraws an alert of the thread that has not come yet."""


class Dropped(Struct, frozen=True):
    """An alert that is not shown, and why."""

    verdict: Verdict


type Kept = StoredAlert | Dropped | BelfryError
"""What became of an alert: stored (and to be told), dropped, or failed."""


def judge(current: StoredAlert, incoming: StoredAlert) -> Verdict:
    """What `incoming` is to `current`, the alert that has its card now."""
    if incoming.position == current.position:
        return Verdict.REDELIVERY
    if incoming.retracted:
        # It withdraws the alert with its id; a later one of the thread stays.
        if incoming.id not in current.seen:
            return Verdict.EARLY
        withdraws = not current.retracted and current.id == incoming.id and incoming.position > current.position
        return Verdict.REVISION if withdraws else Verdict.OVERTAKEN
    if incoming.id in current.seen:
        return Verdict.REPEAT
    return Verdict.REVISION if incoming.position > current.position else Verdict.OVERTAKEN


async def keep(store: AlertStore, audience: Audience, alerts: Sequence[StoredAlert]) -> list[Kept]:
    """Keep alerts of one audience, and say of each what became of it, in the order given."""
    found = await asyncio.gather(*(_on_its_card(store, alert) for alert in alerts), return_exceptions=True)
    kept = iter(await _keep_all(store, audience, [outcome for outcome in found if isinstance(outcome, StoredAlert)]))
    outcomes: list[Kept] = []
    for outcome in found:
        match outcome:
            case StoredAlert():
                outcomes.append(next(kept))
            case Dropped() | BelfryError():
                outcomes.append(outcome)
            case _:
                raise outcome
    return outcomes


async def _on_its_card(store: AlertStore, alert: StoredAlert) -> StoredAlert | Dropped:
    """The alert, with the card it belongs to: who withdraws one need not know its thread."""
    alert = structs.replace(alert, seen=(alert.id,))
    if alert.card == alert.id and alert.retracted:
        shown = await store.showing(alert.audience, alert.id)
        if shown is not None and shown.card != alert.card:
            return structs.replace(alert, alert=structs.replace(alert.alert, thread=shown.card))
    elif alert.card != alert.id:
        # It may have been withdrawn before it came: the withdrawal then waits on a card of the alert's own.
        waiting = await store.read(alert.audience, alert.id)
        if waiting is not None and waiting.stored.retracted and waiting.stored.id == alert.id:
            return Dropped(Verdict.OVERTAKEN)
    return alert


async def _keep_all(store: AlertStore, audience: Audience, alerts: Sequence[StoredAlert]) -> list[Kept]:
    if not alerts:
        return []
    in_order = sorted(range(len(alerts)), key=lambda index: (alerts[index].card, alerts[index].position))
    by_card = [list(group) for _, group in groupby(in_order, key=lambda index: alerts[index].card)]
    outcomes: dict[int, Kept] = {}
    try:
        created = await store.create(audience, [alerts[indexes[0]] for indexes in by_card])
    except PermanentError:
        created = False  # one of them is refused for good; each alone, so that the others are kept
    except BelfryError as error:
        return [error] * len(alerts)

    async def one_card(indexes: list[int]) -> None:
        # Alerts of one card go one after the other: each judges what the one before it has left.
        for index in indexes:
            try:
                outcomes[index] = await _keep_one(store, alerts[index])
            except BelfryError as error:
                outcomes[index] = error

    if created:
        outcomes = {indexes[0]: alerts[indexes[0]] for indexes in by_card}
        by_card = [indexes[1:] for indexes in by_card if indexes[1:]]
    await asyncio.gather(*map(one_card, by_card))
    return [outcomes[index] for index in range(len(alerts))]


async def _keep_one(store: AlertStore, alert: StoredAlert) -> StoredAlert | Dropped:
    for _ in range(_ATTEMPTS):
        if await store.create(alert.audience, [alert]):
            return alert
        current = await store.read(alert.audience, alert.card)
        if current is None:
            continue  # it expired, or was erased, in between
        verdict = judge(current.stored, alert)
        if verdict is Verdict.REDELIVERY:
            return current.stored
        if verdict not in (Verdict.REVISION, Verdict.EARLY):
            return Dropped(verdict)
        # An early retraction leaves the card as it is; its alert, when it comes, will pass for seen.
        base = alert if verdict is Verdict.REVISION else current.stored
        revision = structs.replace(base, seen=(*current.stored.seen, alert.id)[-SEEN_LIMIT:])
        if await store.replace(revision, current.version):
            return revision if verdict is Verdict.REVISION else Dropped(verdict)
    raise TransientError(f"card {alert.card!r} of {alert.audience} is being replaced by others all the time")
