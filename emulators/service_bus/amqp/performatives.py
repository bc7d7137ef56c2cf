"""Performatives, terminuses, outcomes and errors: the described lists of parts 2 and 3 of the specification.

Each is a frozen dataclass whose annotations say what the wire must hold. `decode_composite` checks against them, so
that the state machines never meet a value of another type; a field annotated `Any` holds what nobody here looks at.
"""

import types
import typing
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Final, Self

from emulators.service_bus.amqp.encoding import encode_described_list
from emulators.service_bus.amqp.values import Described, Symbol, UByte, UInt, ULong, UShort, Value
from emulators.service_bus.errors import MalformedError, ServiceBusError

_ZERO: Final = UInt(0)
_UINT_MAX: Final = UInt(0xFFFFFFFF)
_USHORT_MAX: Final = UShort(0xFFFF)


@dataclass(frozen=True, slots=True)
class _Field:
    """One position of a composite's list."""

    name: str
    kinds: tuple[type, ...]
    """What may stand there; empty: anything."""
    required: bool


@dataclass(frozen=True, slots=True)
class Composite:
    """A described list whose fields have names and types."""

    CODE: ClassVar[int] = 0

    @classmethod
    def from_list(cls, items: list[Value]) -> Self:
        """Build it from the list on the wire.

        Raises:
            MalformedError: a field is missing or of another type.
        """
        declared = _FIELDS[cls]
        if len(items) > len(declared):
            raise MalformedError(f"{cls.__name__} cannot have {len(items)} fields.")
        values: dict[str, Any] = {}
        for each, item in zip(declared, items, strict=False):
            if item is None:
                continue
            if each.kinds and not isinstance(item, each.kinds):
                raise MalformedError(f"{each.name} of {cls.__name__} cannot be a {type(item).__name__}.")
            values[each.name] = item
        for each in declared:
            if each.required and each.name not in values:
                raise MalformedError(f"{cls.__name__} needs {each.name}.")
        return cls(**values)

    def encode(self) -> bytes:
        """The described list as bytes."""
        return encode_described_list(self.CODE, self._items())

    def described(self) -> Described:
        """The described list as a value within another."""
        return Described(ULong(self.CODE), self._items())

    def _items(self) -> list[Value]:
        return [getattr(self, each.name) for each in _FIELDS[type(self)]]


def _declare(composite: type[Composite]) -> tuple[_Field, ...]:
    hints = typing.get_type_hints(composite)
    return tuple(_Field(each.name, _kinds(hints[each.name]), each.default is MISSING) for each in fields(composite))


def _kinds(hint: Any) -> tuple[type, ...]:
    if hint is Any:
        return ()
    alternatives = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    return tuple(typing.get_origin(each) or each for each in alternatives if each is not types.NoneType)


@dataclass(frozen=True, slots=True)
class Open(Composite):
    """Begins a connection."""

    CODE = 0x10
    container_id: str
    hostname: str | None = None
    max_frame_size: UInt = _UINT_MAX
    channel_max: UShort = _USHORT_MAX
    idle_time_out: UInt | None = None
    """Milliseconds of silence after which the sender of this frame gives the connection up."""
    outgoing_locales: Any = None
    incoming_locales: Any = None
    offered_capabilities: Any = None
    desired_capabilities: Any = None
    properties: Any = None


@dataclass(frozen=True, slots=True)
class Begin(Composite):
    """Begins a session on a channel."""

    CODE = 0x11
    remote_channel: UShort | None = None
    next_outgoing_id: UInt = _ZERO
    incoming_window: UInt = _ZERO
    outgoing_window: UInt = _ZERO
    handle_max: UInt = _UINT_MAX
    offered_capabilities: Any = None
    desired_capabilities: Any = None
    properties: Any = None


@dataclass(frozen=True, slots=True)
class Attach(Composite):
    """Attaches a link to a session."""

    CODE = 0x12
    name: str
    handle: UInt
    role: bool
    """True: the sender of this frame receives messages on the link."""
    snd_settle_mode: UByte | None = None
    rcv_settle_mode: UByte | None = None
    source: Described | None = None
    target: Described | None = None
    unsettled: Any = None
    incomplete_unsettled: bool = False
    initial_delivery_count: UInt | None = None
    max_message_size: ULong | None = None
    offered_capabilities: Any = None
    desired_capabilities: Any = None
    properties: dict[Value, Value] | None = None


@dataclass(frozen=True, slots=True)
class Flow(Composite):
    """The window of a session, and the credit of a link if `handle` is given."""

    CODE = 0x13
    next_incoming_id: UInt | None = None
    incoming_window: UInt = _ZERO
    next_outgoing_id: UInt = _ZERO
    outgoing_window: UInt = _ZERO
    handle: UInt | None = None
    delivery_count: UInt | None = None
    link_credit: UInt | None = None
    available: UInt | None = None
    drain: bool = False
    echo: bool = False
    properties: Any = None


@dataclass(frozen=True, slots=True)
class Transfer(Composite):
    """A message, or a piece of one; the payload stands behind the performative."""

    CODE = 0x14
    handle: UInt
    delivery_id: UInt | None = None
    delivery_tag: bytes | None = None
    message_format: UInt | None = None
    settled: bool | None = None
    more: bool = False
    rcv_settle_mode: UByte | None = None
    state: Described | None = None
    resume: bool = False
    aborted: bool = False
    batchable: bool = False


@dataclass(frozen=True, slots=True)
class Disposition(Composite):
    """The state of deliveries `first` to `last`."""

    CODE = 0x15
    role: bool
    """True: sent by the receiver of the messages."""
    first: UInt
    last: UInt | None = None
    settled: bool = False
    state: Described | None = None
    batchable: bool = False


@dataclass(frozen=True, slots=True)
class Detach(Composite):
    """Detaches a link."""

    CODE = 0x16
    handle: UInt
    closed: bool = False
    error: Described | None = None


@dataclass(frozen=True, slots=True)
class End(Composite):
    """Ends a session."""

    CODE = 0x17
    error: Described | None = None


@dataclass(frozen=True, slots=True)
class Close(Composite):
    """Closes a connection."""

    CODE = 0x18
    error: Described | None = None


@dataclass(frozen=True, slots=True)
class WireError(Composite):
    """An error on the wire. The clients index all three fields, so all three are always written."""

    CODE = 0x1D
    condition: Symbol
    description: str | None = None
    info: dict[Value, Value] | None = None

    @classmethod
    def of(cls, error: ServiceBusError) -> Described:
        """An error as a value within a performative or an outcome."""
        return cls(Symbol(error.wire_condition), error.description, {}).described()


@dataclass(frozen=True, slots=True)
class Received(Composite):
    """A delivery that has arrived in part; no outcome yet."""

    CODE = 0x23
    section_number: UInt
    section_offset: ULong


@dataclass(frozen=True, slots=True)
class Accepted(Composite):
    """The message was processed: complete."""

    CODE = 0x24


@dataclass(frozen=True, slots=True)
class Rejected(Composite):
    """The message is invalid: dead-letter."""

    CODE = 0x25
    error: Described | None = None


@dataclass(frozen=True, slots=True)
class Released(Composite):
    """The message was not looked at."""

    CODE = 0x26


@dataclass(frozen=True, slots=True)
class Modified(Composite):
    """The message goes back changed: abandon, or defer if `undeliverable_here`."""

    CODE = 0x27
    delivery_failed: bool = False
    undeliverable_here: bool = False
    message_annotations: dict[Value, Value] | None = None


@dataclass(frozen=True, slots=True)
class Source(Composite):
    """Where a link takes its messages from."""

    CODE = 0x28
    address: str | None = None
    durable: Any = None
    expiry_policy: Any = None
    timeout: Any = None
    dynamic: bool = False
    dynamic_node_properties: Any = None
    distribution_mode: Any = None
    filter: dict[Value, Value] | None = None
    default_outcome: Any = None
    outcomes: Any = None
    capabilities: Any = None


@dataclass(frozen=True, slots=True)
class Target(Composite):
    """Where a link takes its messages to."""

    CODE = 0x29
    address: str | None = None
    durable: Any = None
    expiry_policy: Any = None
    timeout: Any = None
    dynamic: bool = False
    dynamic_node_properties: Any = None
    capabilities: Any = None


@dataclass(frozen=True, slots=True)
class SaslMechanisms(Composite):
    """The ways to authenticate that the server offers."""

    CODE = 0x40
    mechanisms: Any


@dataclass(frozen=True, slots=True)
class SaslInit(Composite):
    """The way that the client chose."""

    CODE = 0x41
    mechanism: Symbol
    initial_response: bytes | None = None
    hostname: str | None = None


@dataclass(frozen=True, slots=True)
class SaslOutcome(Composite):
    """0: welcome; 1: the credentials are wrong."""

    CODE = 0x44
    code: UByte


_COMPOSITES: Final[dict[int, type[Composite]]] = {
    composite.CODE: composite
    for composite in (
        *(Open, Begin, Attach, Flow, Transfer, Disposition, Detach, End, Close),
        *(WireError, Received, Accepted, Rejected, Released, Modified, Source, Target),
        *(SaslMechanisms, SaslInit, SaslOutcome),
    )
}
_FIELDS: Final[dict[type[Composite], tuple[_Field, ...]]] = {each: _declare(each) for each in _COMPOSITES.values()}


def decode_composite(value: Value) -> Composite:
    """The composite that a described value is.

    Raises:
        MalformedError: it is none that is known here.
    """
    if isinstance(value, Described) and isinstance(value.descriptor, ULong) and isinstance(value.value, list):
        composite = _COMPOSITES.get(value.descriptor)
        if composite is not None:
            return composite.from_list(value.value)
    raise MalformedError("An unknown performative or composite.")
