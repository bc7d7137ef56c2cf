"""The play: people connect, the shop sends, and what arrives goes to the ledger and the view."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Final

from belfry import Alert, TransientError
from belfry.aio import AlertPublisher
from belfry.inbox import Inbox
from belfry.rule import Card
from demo.connecting import Addresses, connected
from demo.ledger import Ledger
from demo.people import PEOPLE
from demo.shop import Step
from demo.view import View

ARRIVAL_SECONDS: Final = 15.0
"""How long after the last alert of a single round everything must have arrived."""
SLOW: Final = 4.0
"""By how much the endless shop is slower than a single round."""
_AGAIN_SECONDS: Final = 1.0
"""Between two attempts to send what the queue did not take."""


async def play_once(addresses: Addresses, view: View, steps: Iterable[Step]) -> Ledger:
    """Play these steps, wait until everyone has everything or the time is over, and return the books."""
    ledger = Ledger(PEOPLE, datetime.now(UTC))
    async with _audience(addresses, view, ledger) as inboxes, AlertPublisher(addresses.service_bus) as publisher:
        for step in steps:
            await asyncio.sleep(step.pause)
            await _send(publisher, view, ledger, step.alert)
        with suppress(TimeoutError):  # the ledger names what did not come
            async with asyncio.timeout(ARRIVAL_SECONDS):
                for user, inbox in inboxes.items():
                    await inbox.wait_until(partial(_has_all, ledger, user), ARRIVAL_SECONDS)
    return ledger


async def play_on(addresses: Addresses, view: View, rounds: Iterable[Sequence[Step]]) -> None:
    """Play round after round, slowly, until it is cancelled."""
    ledger = Ledger(PEOPLE, datetime.now(UTC))
    async with _audience(addresses, view, ledger), AlertPublisher(addresses.service_bus) as publisher:
        try:
            for steps in rounds:
                for step in steps:
                    await asyncio.sleep(step.pause * SLOW)
                    await _send(publisher, view, ledger, step.alert)
        finally:
            view.note("Ending")  # closing takes a second or two


def _audience(addresses: Addresses, view: View, ledger: Ledger) -> AbstractAsyncContextManager[Mapping[str, Inbox]]:
    def on_card(user: str, card: Card) -> None:
        if arrival := ledger.arrived(user, card, datetime.now(UTC)):
            view.arrived(arrival)

    return connected(addresses, PEOPLE, on_card)


def _has_all(ledger: Ledger, user: str, _: Inbox) -> bool:
    return ledger.complete(user)


async def _send(publisher: AlertPublisher, view: View, ledger: Ledger, alert: Alert) -> None:
    """Send an alert until the queue has taken it: with an id, that is safe."""
    ledger.sending(alert)
    while True:
        try:
            await publisher.send(alert)
        except TransientError as error:
            view.note(f"The queue did not take an alert; it is sent again. {error}")
            await asyncio.sleep(_AGAIN_SECONDS)
        else:
            return
