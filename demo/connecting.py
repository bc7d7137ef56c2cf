"""People who connect: clients with tokens of the local identity."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Self

import aiohttp

from belfry.inbox import Inbox
from belfry.rule import Card
from demo.people import Person
from emulators.cloud import HOST, Cloud


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running system is reached."""

    api: str
    """The HTTP API's address."""
    identity: str
    """The local identity's address."""
    service_bus: str
    """Connection string of the queue."""

    @classmethod
    def of(cls, cloud: Cloud) -> Self:
        """Those of a local cloud that runs."""
        return cls(
            api=f"{cloud.urls[HOST]}/api",
            identity=cloud.urls["identity"],
            service_bus=cloud.settings()["SERVICE_BUS_CONNECTION"],
        )


@asynccontextmanager
async def connected(
    addresses: Addresses, people: Iterable[Person], on_card: Callable[[str, Card], None]
) -> AsyncIterator[Mapping[str, Inbox]]:
    """A connected client for each person, and all of them closed at the end.

    Args:
        addresses: where they connect.
        people: who.
        on_card: called with the user and the card for each card that is new or newer to them.

    Yields:
        The clients, by user.
    """
    async with aiohttp.ClientSession() as session, AsyncExitStack() as closing:
        inboxes = {
            person.user: Inbox(
                addresses.api,
                token_source(session, addresses.identity, person.user, person.roles),
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


def token_source(
    session: aiohttp.ClientSession, identity: str, user: str, roles: Iterable[str] = ()
) -> Callable[[], Awaitable[str]]:
    """A function that gives a person's bearer token, a fresh one at each call.

    Args:
        session: to ask with.
        identity: the local identity's address.
        user: their id.
        roles: what the token says they are.
    """
    form = {"user": user, "roles": ",".join(roles)}

    async def token() -> str:
        async with session.post(f"{identity}/token", data=form, raise_for_status=True) as response:
            answer = await response.json()
        bearer: str = answer["access_token"]
        return bearer

    return token
