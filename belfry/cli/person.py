"""The API as one person sees it."""

import os
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import aiohttp

from belfry.cli.failing import FailedError, WrongUseError
from belfry.cli.settings import TOKEN, Target
from belfry.inbox import ProblemResponseError

SECONDS: Final = 15.0
"""The longest that one request may take."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may ask the API."""

    name: str
    """As commands call them."""
    token: Callable[[], Awaitable[str]]
    """Gives their bearer token; asked before each request, for tokens expire."""
    session: aiohttp.ClientSession
    api: str

    async def get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """The JSON object of an answer; raises `ProblemResponseError` when it is a problem, or no such object."""
        headers = {"Authorization": f"Bearer {await self.token()}"}
        async with self.session.get(self.api + path, params=query, headers=headers) as response:
            content = await json_of(response)
            if not response.ok or not isinstance(content, dict):
                raise ProblemResponseError(response.status, content if isinstance(content, dict) else {})
            return content


@asynccontextmanager
async def find_person(options: Namespace, target: Target) -> AsyncIterator[Person]:
    """The person that a command is run as.

    Args:
        options: `user` and `roles`, or `token`.
        target: the system.

    Raises:
        WrongUseError: it is not said who, or cannot be had from here.
    """
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session:
        yield Person(options.user or "the token's person", _token(options, target, session), session, target.api)


def _token(options: Namespace, target: Target, session: aiohttp.ClientSession) -> Callable[[], Awaitable[str]]:
    given = options.token or os.environ.get(TOKEN, "")
    if options.user and target.local_identity:
        return token_by_name(session, target.local_identity, options.user, options.roles)
    if options.user:
        raise WrongUseError(f"--as is for the local identity; here put a token into {TOKEN}, and leave --as out")
    if options.roles is not None:
        raise WrongUseError("--roles goes with --as; a token has roles of its own")
    if not given:
        raise WrongUseError(f"say who with --as USER (local cloud), or put a bearer token into {TOKEN}")

    async def fixed() -> str:
        return given

    return fixed


def token_by_name(
    session: aiohttp.ClientSession, identity: str, user: str, roles: str | None = None
) -> Callable[[], Awaitable[str]]:
    """Gives a token of the local identity for whomever is named.

    Args:
        session: to ask with.
        identity: its address.
        user: their id.
        roles: with commas between them; None: those that the identity knows of.
    """
    form = {"user": user} if roles is None else {"user": user, "roles": roles}

    async def token() -> str:
        async with session.post(f"{identity}/token", data=form) as response:
            answer = await json_of(response)
        match answer:
            case {"access_token": str(bearer)}:
                return bearer
            case {"error_description": str(description)} if response.status == HTTPStatus.BAD_REQUEST:
                raise WrongUseError(f"the local identity: {description}")
            case _:
                raise FailedError(f"{identity} gives no token by name: it is not the local identity")

    return token


async def json_of(response: aiohttp.ClientResponse) -> Any:
    """The JSON of an answer; None if it has none."""
    try:
        return await response.json(content_type=None)
    except ValueError:
        return None
