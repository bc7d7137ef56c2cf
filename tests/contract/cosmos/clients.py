"""Both official clients, so that one scenario drives either: `done`, `rows` and `pages` take the results of both."""

import inspect
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Account:
    """Where it is, and its key."""

    url: str
    key: str


@dataclass(frozen=True, slots=True)
class Cosmos:
    """A client, a database of the test's own, and a container `inbox` by audience in it."""

    client: Any
    database: Any
    inbox: Any


async def done(result: Any) -> Any:
    """The result of a call of either client."""
    return await result if inspect.isawaitable(result) else result


async def rows(result: Any) -> list[Any]:
    """All items of a paged result of either client."""
    return [row async for row in result] if hasattr(result, "__aiter__") else list(result)


async def pages(result: Any, continuation: str | None = None) -> list[list[Any]]:
    """All pages of a paged result of either client."""
    paged = result.by_page(continuation)
    if hasattr(paged, "__aiter__"):
        return [[row async for row in page] async for page in paged]
    return [list(page) for page in paged]


def item(number: int, audience: str = "user:ann", **more: Any) -> dict[str, Any]:
    """An item whose position is its number."""
    return {"id": f"item-{number}", "audience": audience, "position": f"{number:06}", "kind": "alert", **more}
