import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.service_bus.amqp.decoding import decode, decode_whole, skip
from emulators.service_bus.amqp.encoding import encode
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


def integers(kind: type[int], bits: int, *, signed: bool) -> st.SearchStrategy[Any]:
    """Integers of one width, its edges included."""
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    return st.integers(low, high).map(kind)


floats32 = st.floats(width=32, allow_nan=False).map(Float32)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
symbols = st.text(st.characters(codec="ascii"), max_size=300).map(Symbol)
longs = integers(Long, 64, signed=True)
arrays = st.one_of(
    st.lists(symbols, max_size=5).map(lambda items: Array(0xB3, tuple(items))),
    st.lists(longs, max_size=5).map(lambda items: Array(0x81, tuple(items))),
    st.lists(st.uuids(), max_size=5).map(lambda items: Array(0x98, tuple(items))),
    st.lists(texts, max_size=5).map(lambda items: Array(0xB1, tuple(items), (ULong(7),))),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    *(
        integers(kind, bits, signed=signed)
        for kind, bits, signed in [
            (UByte, 8, False),
            (UShort, 16, False),
            (UInt, 32, False),
            (ULong, 64, False),
            (Byte, 8, True),
            (Short, 16, True),
            (Int, 32, True),
            (Long, 64, True),
            (Timestamp, 64, True),
        ]
    ),
    st.floats(allow_nan=False),
    floats32,
    st.binary(min_size=4, max_size=4).map(Decimal32),
    st.binary(min_size=8, max_size=8).map(Decimal64),
    st.binary(min_size=16, max_size=16).map(Decimal128),
    st.characters(exclude_categories=["Cs"]).map(Character),
    st.uuids(),
    st.binary(max_size=300),
    texts,
    symbols,
    arrays,
)
keys = st.one_of(texts, longs)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.dictionaries(keys, inner, max_size=5),
        st.builds(Described, st.one_of(symbols, integers(ULong, 64, signed=False)), inner),
        st.lists(st.lists(inner, max_size=3), max_size=3).map(lambda items: Array(0xD0, tuple(items))),
    ),
    max_leaves=20,
)


def typed(value: Value) -> object:
    """The value with its types, since UInt(1), Long(1) and True are equal."""
    if isinstance(value, list):
        return [typed(item) for item in value]
    if isinstance(value, dict):
        return [(typed(key), typed(item)) for key, item in value.items()]
    if isinstance(value, Described):
        return ("described", typed(value.descriptor), typed(value.value))
    if isinstance(value, Array):
        return ("array", value.constructor, [typed(item) for item in value.items], typed(list(value.descriptors)))
    return (type(value), value)


@given(values)
def test_what_is_encoded_is_decoded(value: Value) -> None:
    """Every value comes back with its types, and skipping it ends where decoding it ends."""
    encoded = encode(value)
    assert typed(decode_whole(encoded)) == typed(value)
    assert skip(encoded, 0) == len(encoded)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_decode_or_are_malformed(data: bytes) -> None:
    """No bytes whatever make the decoder fail in another way than by saying that they are malformed."""
    try:
        value, end = decode(data)
    except MalformedError:
        return
    assert 0 < end <= len(data)
    assert skip(data, 0) == end
    assert math.isfinite(len(repr(value)))


@given(values, st.data())
def test_damaged_values_decode_or_are_malformed(value: Value, data: st.DataObject) -> None:
    """Neither a flipped byte nor a missing end makes the decoder fail in another way."""
    encoded = bytearray(encode(value))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(encoded[: data.draw(st.integers(0, len(encoded)))])
    for damaged in (bytes(encoded), cut):
        try:
            decode_whole(damaged)
        except MalformedError:
            continue


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00" * 100_000, id="descriptors without end"),
        pytest.param(b"\xf0" + struct.pack(">II", 5, 0xFFFFFFFF) + b"\x40", id="four billion nulls"),
        pytest.param(b"\xd0" + struct.pack(">II", 0xFFFFFFFF, 1) + b"\x40", id="a list beyond the end"),
        pytest.param(b"\xc1\x05\x04\xa1\x00\x40\xa1\x00\x40"[:8], id="a map cut short"),
        pytest.param(b"\xc1\x07\x04\xa1\x00\x40\xa1\x00\x40", id="a map with a key twice"),
        pytest.param(b"\xc1\x02\x01\x40", id="a map with half an entry"),
        pytest.param(b"\xc0\x03\x01\x40\x40", id="a list longer than its items"),
        pytest.param(b"\xa1\x01\xff", id="text that is not UTF-8"),
        pytest.param(b"\xa3\x01\xff", id="a symbol that is not ASCII"),
        pytest.param(b"\x56\x02", id="a truth that is neither"),
        pytest.param(b"\x3f", id="an unknown type"),
    ],
)
def test_what_is_not_well_formed_is_refused(data: bytes) -> None:
    """Lengths, counts and contents that cannot be are malformed, and cost next to nothing to refuse."""
    with pytest.raises(MalformedError):
        decode_whole(data)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "40"),
        (True, "41"),
        (UInt(0), "43"),
        (UInt(255), "52ff"),
        (UInt(256), "7000000100"),
        (ULong(0x10), "5310"),
        (Int(-1), "54ff"),
        (Long(1 << 40), "810000010000000000"),
        ("é", "a102c3a9"),
        ([], "45"),
        ([UByte(7)], "c003015007"),
        ({Symbol("a"): None}, "c10502a3016140"),
        (Array(0xB3, (Symbol("X"),)), "f00000000a00000001b30000000158"),
    ],
)
def test_the_shortest_form_is_written(value: Value, expected: str) -> None:
    """The bytes are those of the specification's compact encodings."""
    assert encode(value).hex() == expected


def test_a_plain_integer_has_no_width() -> None:
    """An int that does not say how wide it is cannot be encoded."""
    with pytest.raises(TypeError, match="int is not an AMQP type"):
        encode(7)
