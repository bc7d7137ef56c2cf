"""Tokens of the local identity, asked for by script as the sign-in page would give them."""

from collections.abc import Awaitable, Callable, Iterable

import aiohttp


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
