"""The built-in functions that are served, each with the service's answer to arguments of the wrong kind: undefined.

Source: https://learn.microsoft.com/azure/cosmos-db/nosql/query/system-functions
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from emulators.cosmos.values import UNDEFINED, Kind, Value, equal, kind_of, number

_PRIMITIVE: Final = (Kind.NULL, Kind.BOOLEAN, Kind.NUMBER, Kind.STRING)


@dataclass(frozen=True, slots=True)
class Function:
    """A built-in function.

    Args:
        compute: takes the values of the arguments.
        fewest: number of arguments, at least.
        most: number of arguments, at most.
    """

    compute: Callable[..., Value]
    fewest: int
    most: int

    @property
    def arity(self) -> str:
        """How many arguments, in words."""
        return str(self.fewest) if self.fewest == self.most else f"{self.fewest} to {self.most}"


def _is(*kinds: Kind) -> Function:
    return Function(lambda value: kind_of(value) in kinds, 1, 1)


def _of_text(compute: Callable[[str], Value]) -> Function:
    return Function(lambda value: compute(value) if isinstance(value, str) else UNDEFINED, 1, 1)


def _of_number(compute: Callable[[float], float]) -> Function:
    return Function(lambda value: number(compute(value)) if kind_of(value) is Kind.NUMBER else UNDEFINED, 1, 1)


def _of_two_texts(compute: Callable[[str, str], bool]) -> Function:
    def apply(text: Value, part: Value, ignore_case: Value = False) -> Value:  # noqa: FBT002  # the language's own default
        if not isinstance(text, str) or not isinstance(part, str) or not isinstance(ignore_case, bool):
            return UNDEFINED
        return compute(text.lower(), part.lower()) if ignore_case else compute(text, part)

    return Function(apply, 2, 3)


def _concatenate(*parts: Value) -> Value:
    return "".join(parts) if all(isinstance(part, str) for part in parts) else UNDEFINED


def _substring(text: Value, start: Value, length: Value) -> Value:
    if not isinstance(text, str) or kind_of(start) is not Kind.NUMBER or kind_of(length) is not Kind.NUMBER:
        return UNDEFINED
    first = max(0, int(start))
    return text[first : first + max(0, int(length))]


def _array_contains(array: Value, wanted: Value, partial: Value = False) -> Value:  # noqa: FBT002  # the language's own default
    if not isinstance(array, list) or wanted is UNDEFINED or not isinstance(partial, bool):
        return UNDEFINED
    return any(_matches(element, wanted) if partial else equal(element, wanted) for element in array)


def _matches(value: Value, wanted: Value) -> bool:
    if isinstance(value, dict) and isinstance(wanted, dict):
        return all(name in value and _matches(value[name], inner) for name, inner in wanted.items())
    return equal(value, wanted)


def _round(value: float) -> float:
    return math.copysign(math.floor(abs(value) + 0.5), value)


FUNCTIONS: Final[dict[str, Function]] = {
    "IS_DEFINED": Function(lambda value: value is not UNDEFINED, 1, 1),
    "IS_NULL": _is(Kind.NULL),
    "IS_BOOL": _is(Kind.BOOLEAN),
    "IS_NUMBER": _is(Kind.NUMBER),
    "IS_STRING": _is(Kind.STRING),
    "IS_ARRAY": _is(Kind.ARRAY),
    "IS_OBJECT": _is(Kind.OBJECT),
    "IS_PRIMITIVE": _is(*_PRIMITIVE),
    "STARTSWITH": _of_two_texts(str.startswith),
    "ENDSWITH": _of_two_texts(str.endswith),
    "CONTAINS": _of_two_texts(str.__contains__),
    "STRINGEQUALS": _of_two_texts(str.__eq__),
    "LOWER": _of_text(str.lower),
    "UPPER": _of_text(str.upper),
    "LENGTH": _of_text(len),
    "TRIM": _of_text(str.strip),
    "CONCAT": Function(_concatenate, 2, 1000),
    "SUBSTRING": Function(_substring, 3, 3),
    "ARRAY_CONTAINS": Function(_array_contains, 2, 3),
    "ARRAY_LENGTH": Function(lambda value: len(value) if isinstance(value, list) else UNDEFINED, 1, 1),
    "ABS": _of_number(abs),
    "FLOOR": _of_number(math.floor),
    "CEILING": _of_number(math.ceil),
    "ROUND": _of_number(_round),
}
