"""Frames: the units in which performatives travel (part 2 of the specification, §2.3)."""

import enum
import struct
from dataclasses import dataclass
from typing import Final

from emulators.service_bus.amqp.decoding import decode
from emulators.service_bus.amqp.performatives import Composite, decode_composite
from emulators.service_bus.errors import MalformedError, ProtocolError

_HEADER: Final = struct.Struct(">IBBH")
HEADER_SIZE: Final = _HEADER.size
SMALLEST_MAXIMUM: Final = 512
"""Bytes that every peer takes in one frame, also before it has said how many."""


class FrameType(enum.IntEnum):
    """What a frame belongs to."""

    AMQP = 0
    SASL = 1


class ProtocolHeader(enum.Enum):
    """The eight bytes that begin a layer: protocol id, then version 1.0.0."""

    AMQP = b"AMQP\x00\x01\x00\x00"
    SASL = b"AMQP\x03\x01\x00\x00"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; an empty one (`performative` is None) only shows that the peer is alive."""

    type: FrameType
    channel: int
    performative: Composite | None
    payload: bytes = b""


def frame_size(buffer: bytes | bytearray, position: int, maximum: int) -> int:
    """Bytes of the frame that starts at `position`, from its first four.

    Raises:
        ProtocolError: no frame can have that size, or it is above the `maximum` that was agreed on.
    """
    size = int.from_bytes(buffer[position : position + 4])
    if size < HEADER_SIZE or size > maximum:
        raise ProtocolError(f"A frame of {size} bytes: at least {HEADER_SIZE} and at most {maximum} are allowed.")
    return size


def decode_frame(data: bytes) -> Frame:
    """The frame that `data` is, all of it.

    Raises:
        ProtocolError: it is not well formed.
    """
    _, offset, kind, channel = _HEADER.unpack_from(data)
    start = 4 * offset
    if start < HEADER_SIZE or start > len(data) or kind not in FrameType:
        raise ProtocolError("The header of a frame is malformed.")
    if start == len(data):
        return Frame(FrameType(kind), channel, None)
    try:
        value, end = decode(data, start)
        return Frame(FrameType(kind), channel, decode_composite(value), data[end:])
    except MalformedError as error:
        raise ProtocolError(error.description, condition=error.condition) from error


def encode_frame(
    channel: int, performative: Composite, payload: bytes = b"", kind: FrameType = FrameType.AMQP
) -> bytes:
    """One frame as bytes."""
    body = performative.encode()
    return _HEADER.pack(HEADER_SIZE + len(body) + len(payload), 2, kind, channel) + body + payload


EMPTY_FRAME: Final = _HEADER.pack(HEADER_SIZE, 2, FrameType.AMQP, 0)
"""Keeps an idle connection open."""
