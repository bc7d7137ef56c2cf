"""The play: people connect, the shop sends, and what arrives goes to the ledger and the view."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

import aiohttp

from belfry import Alert, TransientError
from belfry.aio import AlertPublisher
from belfry.inbox import Card, Inbox
from demo.ledger import Ledger
from demo.people import PEOPLE, Person
from demo.shop import Step
from demo.tokens import token_source
from demo.view import View

ARRIVAL_SECONDS: Final = 15.0
"""How long after the last alert of a single round everything must have arrived."""
SLOW: Final = 4.0
"""By how much the endless shop is slower than a single round."""
_AGAIN_SECONDS: Final = 1.0
"""Between two attempts to send what the queue did not take."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the play takes place."""

    api: str
    """The HTTP API's address."""
    identity: str
    """The local identity's address."""
    service_bus: str
    """Connection string of the queue."""


async def play_once(stage: Stage, view: View, steps: Iterable[Step]) -> Ledger:
    """Play these steps, wait until everyone has everything or the time is over, and return the books."""
    ledger = Ledger(PEOPLE, datetime.now(UTC))
    async with _audience(stage, view, ledger) as inboxes, AlertPublisher(stage.service_bus) as publisher:
        for step in steps:
            await asyncio.sleep(step.pause)
            await _send(publisher, view, ledger, step.alert)
        with suppress(TimeoutError):  # the ledger names what did not come
            async with asyncio.timeout(ARRIVAL_SECONDS):
                for user, inbox in inboxes.items():
                    await inbox.wait_until(partial(_has_all, ledger, user), ARRIVAL_SECONDS)
    return ledger


async def play_on(stage: Stage, view: View, rounds: Iterable[Sequence[Step]]) -> None:
    """Play round after round, slowly, until it is cancelled."""
    ledger = Ledger(PEOPLE, datetime.now(UTC))
    async with _audience(stage, view, ledger), AlertPublisher(stage.service_bus) as publisher:
        try:
            for steps in rounds:
                for step in steps:
                    await asyncio.sleep(step.pause * SLOW)
                    await _send(publisher, view, ledger, step.alert)
        finally:
            view.note("Ending")  # closing takes a second or two


@asynccontextmanager
async def connected(
    stage: Stage, people: Iterable[Person], on_card: Callable[[str, Card], None]
) -> AsyncIterator[Mapping[str, Inbox]]:
    """A connected client for each person, and all of them closed at the end.

    Args:
        stage: where they connect.
        people: who.
        on_card: called with the user and the card for each card that is new or newer to them.

    Yields:
        The clients, by user.
    """
    async with aiohttp.ClientSession() as session, AsyncExitStack() as closing:
        inboxes = {
            person.user: Inbox(
                stage.api,
                token_source(session, stage.identity, person.user, person.roles),
                partial(on_card, person.user),
            )
            for person in people
        }
        # All at once, for the official client takes a second to close.
        closing.push_async_callback(_each, [inbox.close for inbox in inboxes.values()])
        await _each([inbox.open for inbox in inboxes.values()])
        yield inboxes


async def _each(actions: Iterable[Callable[[], Awaitable[None]]]) -> None:
    await asyncio.gather(*(action() for action in actions))


def _audience(stage: Stage, view: View, ledger: Ledger) -> AbstractAsyncContextManager[Mapping[str, Inbox]]:
    def on_card(user: str, card: Card) -> None:
        if arrival := ledger.arrived(user, card, datetime.now(UTC)):
            view.arrived(arrival)

    return connected(stage, PEOPLE, on_card)


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
