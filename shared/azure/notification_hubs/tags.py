"""Tag expressions: which of a hub's devices a notification is for.

Source: "Routing and tag expressions" in the documentation of Notification Hubs.
"""

import re
from collections.abc import Iterable
from enum import IntEnum
from functools import reduce
from operator import or_
from typing import Final, Self

from msgspec import Struct

MAXIMUM_TAGS: Final = 20
"""In an expression that has only `||`."""
MAXIMUM_TAGS_MIXED: Final = 6
"""In any other expression."""

_TAG: Final = re.compile(r"[A-Za-z0-9_@#.:-]{1,120}")
_ID: Final = re.compile(r"(?!\.\.?$)[A-Za-z0-9_@#.:=-]{1,256}")


def checked_tag(text: str) -> str:
    """The tag itself; raises ValueError where it is none: 1 to 120 letters, digits or `_ @ # . : -`."""
    if not _TAG.fullmatch(text):
        raise ValueError(f"not a tag: {text!r}")
    return text


def checked_id(text: str) -> str:
    """The id itself, of a user or an installation; raises ValueError where it could not be used in a tag expression.

    It is 1 to 256 letters, digits or `_ @ # . : = -`, but neither `.` nor `..`, which are no names in an address. The
    service documents the alphabet of user ids only.
    """
    if not _ID.fullmatch(text):
        raise ValueError(f"not the id of a user or an installation: {text!r}")
    return text


class _Binding(IntEnum):
    """How tightly the parts of an expression hold together."""

    OR = 1
    AND = 2
    ONE = 3


class TagExpression(Struct, frozen=True):
    """A condition on a device's tags; made by the functions below, combined by `|`, `&` and `~`.

    `str(expression)` is how the service reads it. At most 20 tags when combined by `|` alone, else at most 6:
    a combination of more raises ValueError.
    """

    _text: str
    _size: int = 1
    _only_or: bool = True
    _binding: _Binding = _Binding.ONE

    def __post_init__(self) -> None:
        limit = MAXIMUM_TAGS if self._only_or else MAXIMUM_TAGS_MIXED
        if self._size > limit:
            what = "with || only" if self._only_or else "with && or !"
            raise ValueError(f"a tag expression {what} has at most {limit} tags, not {self._size}")

    def __str__(self) -> str:
        return self._text

    def __or__(self, other: Self) -> Self:
        return self._with(other, "||", _Binding.OR, only_or=self._only_or and other._only_or)

    def __and__(self, other: Self) -> Self:
        return self._with(other, "&&", _Binding.AND, only_or=False)

    def __invert__(self) -> Self:
        return type(self)(f"!{self._within(_Binding.ONE)}", self._size, _only_or=False)

    def _with(self, other: Self, operator: str, binding: _Binding, *, only_or: bool) -> Self:
        text = f"{self._within(binding)} {operator} {other._within(binding)}"
        return type(self)(text, self._size + other._size, only_or, binding)

    def _within(self, binding: _Binding) -> str:
        """The text as an operand of an operator that binds like this."""
        return f"({self._text})" if self._binding < binding else self._text


def tag(name: str) -> TagExpression:
    """The devices that have a tag.

    Raises:
        ValueError: it is no tag: 1 to 120 letters, digits or `_ @ # . : -`.
    """
    return TagExpression(checked_tag(name))


def any_of(names: Iterable[str]) -> TagExpression:
    """The devices that have at least one of 1 to 20 tags; the same tag twice counts once.

    Raises:
        ValueError: one is no tag, or there are none, or more than 20.
    """
    distinct = list(dict.fromkeys(names))
    if not distinct:
        raise ValueError("an expression needs a tag: none would mean all devices")
    return reduce(or_, map(tag, distinct))


def user(user_id: str) -> TagExpression:
    """The devices of a user; raises ValueError where the id is none."""
    return TagExpression(f"$UserId:{{{checked_id(user_id)}}}")


def installation(installation_id: str) -> TagExpression:
    """One device; raises ValueError where the id is none."""
    return TagExpression(f"$InstallationId:{{{checked_id(installation_id)}}}")
