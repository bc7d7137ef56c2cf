"""Bytes to AMQP values (part 1 of the specification, §1.6).

A value is a format code and then its body; `_READERS` holds what reads the body for each code. Any bytes at all either
decode or raise `MalformedError`.
"""

import struct
from collections.abc import Callable
from typing import Final
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
from emulators.service_bus.errors import MalformedError

type _Reader = Callable[[bytes, int], tuple[Value, int]]

_UINT: Final = struct.Struct(">I")
_TWO_UINTS: Final = struct.Struct(">II")
_DESCRIBED: Final = 0x00
_FIRST_VARIABLE: Final = 0xA0
_FIXED_WIDTHS: Final = {0x4: 0, 0x5: 1, 0x6: 2, 0x7: 4, 0x8: 8, 0x9: 16}
"""Width of the body by the high half of the format code."""


def decode(data: bytes, position: int = 0) -> tuple[Value, int]:
    """The value that starts at `position`, and the position behind it.

    Raises:
        MalformedError: there is no well-formed value.
    """
    try:
        return _read(data, position)
    except MalformedError:
        raise
    except (IndexError, struct.error, ValueError, TypeError, RecursionError) as error:
        raise MalformedError from error


def decode_whole(data: bytes) -> Value:
    """The one value that `data` consists of.

    Raises:
        MalformedError: there is no well-formed value, or something follows it.
    """
    value, end = decode(data)
    if end != len(data):
        raise MalformedError
    return value


def skip(data: bytes, position: int) -> int:
    """The position behind the value at `position`, whose inside is not looked at.

    Raises:
        MalformedError: the value does not end within `data`.
    """
    try:
        while data[position] == _DESCRIBED:
            position = skip(data, position + 1)
        code = data[position]
        end = position + 1
        if code < _FIRST_VARIABLE:
            end += _FIXED_WIDTHS[code >> 4]
        elif (code >> 4) & 1:
            end += 4 + int(_UINT.unpack_from(data, end)[0])
        else:
            end += 1 + data[end]
    except (IndexError, KeyError, struct.error, RecursionError) as error:
        raise MalformedError from error
    if end > len(data):
        raise MalformedError
    return end


def _read(data: bytes, position: int) -> tuple[Value, int]:
    reader = _READERS[data[position]]
    if reader is None:
        raise MalformedError
    return reader(data, position + 1)


def _fixed(format_: str, kind: Callable[..., Value]) -> _Reader:
    layout = struct.Struct(">" + format_)

    def read(data: bytes, position: int) -> tuple[Value, int]:
        return kind(layout.unpack_from(data, position)[0]), position + layout.size

    return read


def _constant(value: Value) -> _Reader:
    def read(_data: bytes, position: int) -> tuple[Value, int]:
        return value, position

    return read


def _raw(width: int, kind: Callable[[bytes], Value]) -> _Reader:
    def read(data: bytes, position: int) -> tuple[Value, int]:
        return kind(_take(data, position, width)), position + width

    return read


def _variable(size_width: int, kind: Callable[[bytes], Value]) -> _Reader:
    def read(data: bytes, position: int) -> tuple[Value, int]:
        size = data[position] if size_width == 1 else _UINT.unpack_from(data, position)[0]
        start = position + size_width
        return kind(_take(data, start, size)), start + size

    return read


def _take(data: bytes, position: int, size: int) -> bytes:
    if position + size > len(data):
        raise MalformedError
    return data[position : position + size]


def _truth(byte: int) -> bool:
    if byte not in {0, 1}:
        raise MalformedError
    return byte == 1


def _text(raw: bytes) -> str:
    return raw.decode("utf-8")


def _symbol(raw: bytes) -> Symbol:
    return Symbol(raw.decode("ascii"))


def _character(raw: bytes) -> Character:
    return Character(raw.decode("utf-32-be"))


def _bounds(data: bytes, position: int, *, short: bool) -> tuple[int, int, int]:
    """Start of the items, their count, and the end of a compound value."""
    if short:
        size, count, start = data[position], data[position + 1], position + 2
        end = position + 1 + size
    else:
        size, count = _TWO_UINTS.unpack_from(data, position)
        start = position + 8
        end = position + 4 + size
    # Every item of a list or map takes a byte. Arrays of items without a body could be endless in no space at all;
    # the same bound holds for them, since nobody sends them.
    if end > len(data) or start > end or count > end - start:
        raise MalformedError
    return start, count, end


def _compound(build: Callable[[bytes, int, int], tuple[Value, int]], *, short: bool) -> _Reader:
    def read(data: bytes, position: int) -> tuple[Value, int]:
        start, count, end = _bounds(data, position, short=short)
        value, reached = build(data, start, count)
        if reached != end:
            raise MalformedError
        return value, end

    return read


def _read_list(data: bytes, position: int, count: int) -> tuple[Value, int]:
    items: list[Value] = []
    for _ in range(count):
        item, position = _read(data, position)
        items.append(item)
    return items, position


def _read_map(data: bytes, position: int, count: int) -> tuple[Value, int]:
    if count % 2:
        raise MalformedError
    entries: dict[Value, Value] = {}
    for _ in range(count // 2):
        key, position = _read(data, position)
        entries[key], position = _read(data, position)
    if len(entries) != count // 2:
        raise MalformedError("A map has a key twice.")
    return entries, position


def _read_array(data: bytes, position: int, count: int) -> tuple[Value, int]:
    descriptors: list[Value] = []
    while data[position] == _DESCRIBED:
        descriptor, position = _read(data, position + 1)
        descriptors.append(descriptor)
    code = data[position]
    reader = _READERS[code]
    if reader is None:
        raise MalformedError
    position += 1
    items: list[Value] = []
    for _ in range(count):
        item, position = reader(data, position)
        items.append(item)
    return Array(code, tuple(items), tuple(descriptors)), position


def _read_described(data: bytes, position: int) -> tuple[Value, int]:
    descriptor, position = _read(data, position)
    value, position = _read(data, position)
    return Described(descriptor, value), position


_READERS: Final[list[_Reader | None]] = [None] * 256
for _code, _reader in {
    _DESCRIBED: _read_described,
    0x40: _constant(None),
    0x41: _constant(value=True),
    0x42: _constant(value=False),
    0x43: _constant(UInt(0)),
    0x44: _constant(ULong(0)),
    0x45: lambda _data, position: ([], position),
    0x50: _fixed("B", UByte),
    0x51: _fixed("b", Byte),
    0x52: _fixed("B", UInt),
    0x53: _fixed("B", ULong),
    0x54: _fixed("b", Int),
    0x55: _fixed("b", Long),
    0x56: _fixed("B", _truth),
    0x60: _fixed("H", UShort),
    0x61: _fixed("h", Short),
    0x70: _fixed("I", UInt),
    0x71: _fixed("i", Int),
    0x72: _fixed("f", Float32),
    0x73: _raw(4, _character),
    0x74: _raw(4, Decimal32),
    0x80: _fixed("Q", ULong),
    0x81: _fixed("q", Long),
    0x82: _fixed("d", float),
    0x83: _fixed("q", Timestamp),
    0x84: _raw(8, Decimal64),
    0x94: _raw(16, Decimal128),
    0x98: _raw(16, lambda raw: UUID(bytes=raw)),
    0xA0: _variable(1, bytes),
    0xB0: _variable(4, bytes),
    0xA1: _variable(1, _text),
    0xB1: _variable(4, _text),
    0xA3: _variable(1, _symbol),
    0xB3: _variable(4, _symbol),
    0xC0: _compound(_read_list, short=True),
    0xD0: _compound(_read_list, short=False),
    0xC1: _compound(_read_map, short=True),
    0xD1: _compound(_read_map, short=False),
    0xE0: _compound(_read_array, short=True),
    0xF0: _compound(_read_array, short=False),
}.items():
    _READERS[_code] = _reader
