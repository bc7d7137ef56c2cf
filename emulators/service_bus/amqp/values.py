"""AMQP 1.0 types that Python does not have, as thin subclasses of those it has (part 1 of the specification).

`None`, `bool`, `float` (double), `str`, `bytes` (binary), `UUID`, `list` and `dict` (map) stand for themselves.
Integers always carry their width, because the peer's decoder may insist on it.
"""

from dataclasses import dataclass
from uuid import UUID

type Value = bool | int | float | str | bytes | UUID | list[Value] | dict[Value, Value] | Array | Described | None
"""Whatever AMQP can carry."""


class Symbol(str):
    """ASCII text from a constrained domain."""

    __slots__ = ()


class Character(str):
    """A single Unicode character."""

    __slots__ = ()


class UByte(int):
    """Unsigned, 8 bits."""


class UShort(int):
    """Unsigned, 16 bits."""


class UInt(int):
    """Unsigned, 32 bits."""


class ULong(int):
    """Unsigned, 64 bits."""


class Byte(int):
    """Signed, 8 bits."""


class Short(int):
    """Signed, 16 bits."""


class Int(int):
    """Signed, 32 bits."""


class Long(int):
    """Signed, 64 bits."""


class Timestamp(int):
    """Milliseconds since 1970, UTC; signed, 64 bits."""


class Float32(float):
    """A float of 32 bits."""

    __slots__ = ()


class Decimal32(bytes):
    """IEEE 754 decimal32, as it stands on the wire."""

    __slots__ = ()


class Decimal64(bytes):
    """IEEE 754 decimal64, as it stands on the wire."""

    __slots__ = ()


class Decimal128(bytes):
    """IEEE 754 decimal128, as it stands on the wire."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Described:
    """A value with a descriptor that gives it meaning."""

    descriptor: Value
    value: Value


@dataclass(frozen=True, slots=True)
class Array:
    """Values of one type.

    Args:
        constructor: the format code of the elements, for example 0xB3 for symbols with 32-bit lengths.
        items: the elements.
        descriptors: what describes each element, outermost first; mostly none.
    """

    constructor: int
    items: tuple[Value, ...]
    descriptors: tuple[Value, ...] = ()
