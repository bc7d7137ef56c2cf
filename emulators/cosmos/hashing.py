"""Effective partition keys: the hash that places a logical partition on the ring from "" to "FF".

The SDK computes it too, for the change feed of one partition key, so both have to agree to the bit. The SDK's own
function is private and slow; MurmurHash3 (x64, 128 bits, seed 0) is short, and a test holds it against the SDK's.
Source: https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp (public domain).
"""

import struct
from collections.abc import Sequence

from emulators.cosmos.values import Kind, Value, kind_of

_MASK = (1 << 64) - 1
_FIRST = 0x87C37B91114253D5
_SECOND = 0x4CF5AD432745937F
_BLOCK = 16

MAXIMUM = "FF"
"""The end of the ring; no key reaches it."""


def effective_key(components: Sequence[Value], *, hierarchical: bool) -> str:
    """The place of a partition key on the ring, in hexadecimal digits.

    Args:
        components: the values of the key's paths, each a scalar or `UNDEFINED`.
        hierarchical: one hash for each component, so that a prefix of the key is a prefix of the place.
    """
    if hierarchical:
        return "".join(_place(_encoded(component)) for component in components)
    return _place(b"".join(map(_encoded, components)))


def successor(place: str) -> str:
    """The next place on the ring: what ends the range of the single place given."""
    return f"{int(place, 16) + 1:0{len(place)}X}" if place else "00"


def _place(encoded: bytes) -> str:
    low, high = _murmur3(encoded)
    digest = bytearray(struct.pack(">QQ", high, low))
    digest[0] &= 0x3F  # the service keeps the two highest bits free: "FF" ends the ring
    return digest.hex().upper()


def _encoded(value: Value) -> bytes:
    if isinstance(value, str):
        return b"\x08" + value.encode() + b"\xff"
    kind = kind_of(value)
    if kind is Kind.NUMBER:
        return b"\x05" + struct.pack("<d", float(value))
    if kind is Kind.BOOLEAN:
        return b"\x03" if value else b"\x02"
    return b"\x01" if kind is Kind.NULL else b"\x00"


def _rotate(value: int, places: int) -> int:
    return ((value << places) | (value >> (64 - places))) & _MASK


def _finish(value: int) -> int:
    value = (value ^ (value >> 33)) * 0xFF51AFD7ED558CCD & _MASK
    value = (value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53 & _MASK
    return value ^ (value >> 33)


def _murmur3(data: bytes) -> tuple[int, int]:
    one = two = 0
    whole = len(data) - len(data) % _BLOCK
    for first, second in struct.iter_unpack("<QQ", data[:whole]):
        one ^= _rotate(first * _FIRST & _MASK, 31) * _SECOND & _MASK
        one = ((_rotate(one, 27) + two) * 5 + 0x52DCE729) & _MASK
        two ^= _rotate(second * _SECOND & _MASK, 33) * _FIRST & _MASK
        two = ((_rotate(two, 31) + one) * 5 + 0x38495AB5) & _MASK
    first, second = struct.unpack("<QQ", data[whole:].ljust(_BLOCK, b"\0"))
    two ^= _rotate(second * _SECOND & _MASK, 33) * _FIRST & _MASK
    one ^= _rotate(first * _FIRST & _MASK, 31) * _SECOND & _MASK
    one ^= len(data)
    two ^= len(data)
    one = (one + two) & _MASK
    two = (two + one) & _MASK
    one, two = _finish(one), _finish(two)
    one = (one + two) & _MASK
    return one, (two + one) & _MASK
