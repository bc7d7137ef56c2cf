"""The token with which a query goes on behind the last row of a page.

It names a position in the order of the rows, not a count of them, so writes between two pages neither repeat nor skip a
row that was there all the time.
"""

import base64
import hashlib
from dataclasses import dataclass

import msgspec

from emulators.cosmos.errors import BadRequestError


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where a row stands in the order of the results: its sort key, then its item's number."""

    key: bytes
    number: int


class _Token(msgspec.Struct, frozen=True, array_like=True):
    query: str
    key: bytes
    number: int
    left: int | None


def encode(text: str, last: Position, left: int | None) -> str:
    """The token behind `last` of the query `text`, with `left` results to come (None: all there are)."""
    return base64.b64encode(msgspec.json.encode(_Token(_digest(text), last.key, last.number, left))).decode()


def decode(text: str, token: str) -> tuple[Position, int | None]:
    """Read a token.

    Raises:
        BadRequestError: it is none, or it belongs to another query.
    """
    try:
        read = msgspec.json.decode(base64.b64decode(token, validate=True), type=_Token)
    except (ValueError, msgspec.MsgspecError):
        raise BadRequestError("Invalid Continuation Token") from None
    if read.query != _digest(text) or not 0 <= read.number < 1 << 63 or (read.left or 0) < 0:
        raise BadRequestError("Invalid Continuation Token: it belongs to another query.")
    return Position(read.key, read.number), read.left


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
