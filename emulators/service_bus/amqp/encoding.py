"""AMQP values to bytes (part 1 of the specification, §1.6).

A value outside an array takes the shortest form of its type (`_ENCODERS`). The elements of an array share one format
code, which the array names (`_BODIES`).
"""

import struct
from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID

from emulators.service_bus.amqp.values import (
    Array,
    Byte,
    Character,
    Decimal32,
    Decimal64,
    Decimal128,
    Described,
    Float32,
    Int,
    Long,
    Short,
    Symbol,
    Timestamp,
    UByte,
    UInt,
    ULong,
    UShort,
    Value,
)

# A value's type, or an array's format code, picks the writer, which takes just that type: beyond what a dictionary of
# functions can tell a type checker.
type _Writer = Callable[[Any], bytes]

_UINT: Final = struct.Struct(">I").pack
_TWO_UINTS: Final = struct.Struct(">II").pack
_BYTE_LIMIT: Final = 256
_NULL: Final = b"\x40"
_EMPTY_LIST: Final = b"\x45"


def encode(value: Value) -> bytes:
    """The bytes of `value`, in the shortest form.

    Raises:
        TypeError: AMQP has no such type; a plain `int` does not say how wide it is.
    """
    try:
        encoder = _ENCODERS[type(value)]
    except KeyError:
        raise TypeError(f"{type(value).__name__} is not an AMQP type") from None
    return encoder(value)


def encode_described_list(descriptor: int, fields: Iterable[Value]) -> bytes:
    """A described list, as performatives, outcomes and message sections are.

    The descriptor takes its one-byte form, which the clients insist on. Nulls at the end are left out.
    """
    parts = [encode(field) for field in fields]
    while parts and parts[-1] == _NULL:
        parts.pop()
    return b"\x00\x53" + bytes((descriptor,)) + _joined_list(parts)


def _joined_list(parts: list[bytes]) -> bytes:
    return _compound(0xC0, 0xD0, b"".join(parts), len(parts)) if parts else _EMPTY_LIST


def _compound(short: int, long: int, body: bytes, count: int) -> bytes:
    if len(body) + 1 < _BYTE_LIMIT and count < _BYTE_LIMIT:
        return bytes((short, len(body) + 1, count)) + body
    return bytes((long,)) + _TWO_UINTS(len(body) + 4, count) + body


def _variable(short: int, long: int, raw: bytes) -> bytes:
    if len(raw) < _BYTE_LIMIT:
        return bytes((short, len(raw))) + raw
    return bytes((long,)) + _UINT(len(raw)) + raw


def _fixed(code: int, format_: str) -> _Writer:
    layout = struct.Struct(">B" + format_)
    return lambda value: layout.pack(code, value)


def _small(short: int, long: int, format_: str, low: int, high: int, zero: int | None = None) -> _Writer:
    """Integers that have a one-byte form from `low` to `high`, and some a form for zero alone."""
    layout = struct.Struct(">B" + format_)

    def write(value: int) -> bytes:
        if value == 0 and zero is not None:
            return bytes((zero,))
        return bytes((short, value & 0xFF)) if low <= value <= high else layout.pack(long, value)

    return write


def _list(items: list[Value]) -> bytes:
    return _joined_list([encode(item) for item in items])


def _map(entries: dict[Value, Value]) -> bytes:
    return _compound(0xC1, 0xD1, _entries(entries), 2 * len(entries))


def _entries(entries: dict[Value, Value]) -> bytes:
    return b"".join(encode(key) + encode(value) for key, value in entries.items())


def _array(array: Array) -> bytes:
    return b"\xf0" + _array_body(array)


def _array_body(array: Array) -> bytes:
    write = _BODIES[array.constructor]
    described = b"".join(b"\x00" + encode(descriptor) for descriptor in array.descriptors)
    items = b"".join(write(item) for item in array.items)
    body = described + bytes((array.constructor,)) + items
    return _TWO_UINTS(len(body) + 4, len(array.items)) + body


def _body_fixed(format_: str) -> _Writer:
    return struct.Struct(">" + format_).pack


def _body_variable(size: Callable[[int], bytes], raw: Callable[[Any], bytes]) -> _Writer:
    def write(value: Value) -> bytes:
        body = raw(value)
        return size(len(body)) + body

    return write


def _body_compound(parts: Callable[[Any], tuple[int, bytes]], *, short: bool) -> _Writer:
    def write(value: Value) -> bytes:
        count, body = parts(value)
        if short:
            return bytes((len(body) + 1, count)) + body
        return _TWO_UINTS(len(body) + 4, count) + body

    return write


def _one_byte(size: int) -> bytes:
    return bytes((size,))


def _nothing(_value: Value) -> bytes:
    return b""


def _list_parts(items: list[Value]) -> tuple[int, bytes]:
    return len(items), b"".join(encode(item) for item in items)


def _map_parts(entries: dict[Value, Value]) -> tuple[int, bytes]:
    return 2 * len(entries), _entries(entries)


def _short_array_body(array: Array) -> bytes:
    long = _array_body(array)
    return bytes((len(long) - 7, len(array.items))) + long[8:]


_ENCODERS: Final[dict[type, _Writer]] = {
    type(None): lambda _: _NULL,
    bool: lambda value: b"\x41" if value else b"\x42",
    UByte: _fixed(0x50, "B"),
    UShort: _fixed(0x60, "H"),
    UInt: _small(0x52, 0x70, "I", 0, 255, zero=0x43),
    ULong: _small(0x53, 0x80, "Q", 0, 255, zero=0x44),
    Byte: _fixed(0x51, "b"),
    Short: _fixed(0x61, "h"),
    Int: _small(0x54, 0x71, "i", -128, 127),
    Long: _small(0x55, 0x81, "q", -128, 127),
    Timestamp: _fixed(0x83, "q"),
    Float32: _fixed(0x72, "f"),
    float: _fixed(0x82, "d"),
    Decimal32: lambda raw: b"\x74" + raw,
    Decimal64: lambda raw: b"\x84" + raw,
    Decimal128: lambda raw: b"\x94" + raw,
    Character: lambda text: b"\x73" + text.encode("utf-32-be"),
    UUID: lambda identifier: b"\x98" + identifier.bytes,
    bytes: lambda raw: _variable(0xA0, 0xB0, raw),
    str: lambda text: _variable(0xA1, 0xB1, text.encode()),
    Symbol: lambda text: _variable(0xA3, 0xB3, text.encode("ascii")),
    list: _list,
    dict: _map,
    Array: _array,
    Described: lambda described: b"\x00" + encode(described.descriptor) + encode(described.value),
}

_BODIES: Final[dict[int, _Writer]] = {
    0x00: lambda described: encode(described.descriptor) + encode(described.value),
    0x40: _nothing,
    0x41: _nothing,
    0x42: _nothing,
    0x43: _nothing,
    0x44: _nothing,
    0x45: _nothing,
    0x50: _body_fixed("B"),
    0x51: _body_fixed("b"),
    0x52: _body_fixed("B"),
    0x53: _body_fixed("B"),
    0x54: _body_fixed("b"),
    0x55: _body_fixed("b"),
    0x56: _body_fixed("B"),
    0x60: _body_fixed("H"),
    0x61: _body_fixed("h"),
    0x70: _body_fixed("I"),
    0x71: _body_fixed("i"),
    0x72: _body_fixed("f"),
    0x73: lambda text: text.encode("utf-32-be"),
    0x74: bytes,
    0x80: _body_fixed("Q"),
    0x81: _body_fixed("q"),
    0x82: _body_fixed("d"),
    0x83: _body_fixed("q"),
    0x84: bytes,
    0x94: bytes,
    0x98: lambda identifier: identifier.bytes,
    0xA0: _body_variable(_one_byte, bytes),
    0xA1: _body_variable(_one_byte, str.encode),
    0xA3: _body_variable(_one_byte, str.encode),
    0xB0: _body_variable(_UINT, bytes),
    0xB1: _body_variable(_UINT, str.encode),
    0xB3: _body_variable(_UINT, str.encode),
    0xC0: _body_compound(_list_parts, short=True),
    0xC1: _body_compound(_map_parts, short=True),
    0xD0: _body_compound(_list_parts, short=False),
    0xD1: _body_compound(_map_parts, short=False),
    0xE0: _short_array_body,
    0xF0: _array_body,
}
