"""JSON values as the query language sees them: their kinds, their order, and the value that is not there."""

import struct
from enum import Enum, IntEnum
from typing import Any, Final

type Document = dict[str, Any]


class Undefined(Enum):
    """The type of the value that is not there."""

    UNDEFINED = "undefined"


UNDEFINED: Final = Undefined.UNDEFINED
"""The value of a property that a document does not have. It is not null."""

type Value = Any
"""Any JSON value, or `UNDEFINED`."""
type Truth = bool | Undefined


class Kind(IntEnum):
    """The kinds of values, in the order in which the service sorts them."""

    UNDEFINED = 0
    NULL = 1
    BOOLEAN = 2
    NUMBER = 3
    STRING = 4
    ARRAY = 5
    OBJECT = 6


_KINDS: Final[dict[type, Kind]] = {
    Undefined: Kind.UNDEFINED,
    type(None): Kind.NULL,
    bool: Kind.BOOLEAN,
    int: Kind.NUMBER,
    float: Kind.NUMBER,
    str: Kind.STRING,
    list: Kind.ARRAY,
    dict: Kind.OBJECT,
}
_EXACT = 2**53
_SIGN = 1 << 63
_ALL = (1 << 64) - 1


def kind_of(value: Value) -> Kind:
    """The kind of a value."""
    return _KINDS[type(value)]


def equal(left: Value, right: Value) -> bool:
    """Whether two defined values are the same; values of different kinds never are. Numbers are doubles."""
    kind = kind_of(left)
    if kind is not kind_of(right):
        return False
    if kind is Kind.NUMBER:
        return float(left) == float(right)
    if kind is Kind.ARRAY:
        return len(left) == len(right) and all(map(equal, left, right))
    if kind is Kind.OBJECT:
        return left.keys() == right.keys() and all(equal(left[name], right[name]) for name in left)
    return bool(left == right)


def number(value: float) -> Value:
    """A result of arithmetic as JSON: whole numbers without a fraction, and undefined where JSON has no number."""
    value = float(value)
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124  # not a number
        return UNDEFINED
    return int(value) if value.is_integer() and abs(value) <= _EXACT else value


def simplify_numbers(document: Document) -> None:
    """Write 1.0 as 1 and -0.0 as 0, as the service does with what it stores. Changes the document."""
    parts: list[Any] = [document]
    while parts:
        part = parts.pop()
        for place, inner in part.items() if isinstance(part, dict) else enumerate(part):
            if isinstance(inner, float):
                part[place] = number(inner)
            elif isinstance(inner, dict | list):
                parts.append(inner)


def sort_key(value: Value) -> bytes:
    """Bytes that sort as the service sorts values.

    Undefined, null, false, true, numbers, strings by code point, arrays, objects. Arrays have no order among
    themselves, and neither have objects: all have the same key.
    """
    kind = kind_of(value)
    prefix = bytes((kind,))
    if isinstance(value, str):
        return prefix + value.encode()
    if kind is Kind.NUMBER:
        (bits,) = struct.unpack(">Q", struct.pack(">d", float(value) + 0.0))  # + 0.0: minus zero equals zero
        return prefix + struct.pack(">Q", bits ^ (_ALL if bits & _SIGN else _SIGN))
    if kind is Kind.BOOLEAN:
        return prefix + (b"\1" if value else b"\0")
    return prefix


def depth_of(value: Value) -> int:
    """How deep arrays and objects are nested; a scalar has depth 0. Does not recurse, so any input is safe."""
    deepest = 0
    level = [value]
    while level := [part for part in level if isinstance(part, list | dict)]:
        deepest += 1
        level = [inner for part in level for inner in (part.values() if isinstance(part, dict) else part)]
    return deepest
