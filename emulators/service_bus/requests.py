"""Request and reply over a pair of links, as `$cbs` and `$management` work."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from emulators.service_bus.amqp.encoding import encode, encode_described_list
from emulators.service_bus.amqp.values import Int, Symbol, Value
from emulators.service_bus.errors import MalformedError, RefusedError
from emulators.service_bus.management import Reply
from emulators.service_bus.message import Section, sections

CBS: Final = "$cbs"
MANAGEMENT_SUFFIX: Final = "/$management"

_MESSAGE_ID: Final = 0
_REPLY_TO: Final = 4
_CORRELATION_ID: Final = 5


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    message_id: Value
    reply_to: Value
    """Address of the link that takes the reply; None: whichever belongs to the node."""
    properties: dict[Value, Value]
    """Its application properties."""
    body: Value

    def text(self, name: str) -> str:
        """An application property that is text; empty if it is not."""
        value = self.properties.get(name)
        return value if isinstance(value, str) else ""


def read_request(encoded: bytes) -> Request:
    """The request that a message is.

    Raises:
        MalformedError: it is none.
    """
    found = sections(encoded)
    properties = found.get(Section.PROPERTIES) or []
    application = found.get(Section.APPLICATION_PROPERTIES) or {}
    if not isinstance(properties, list) or not isinstance(application, dict):
        raise MalformedError
    padded = [*properties, *[None] * (_CORRELATION_ID + 1)]
    return Request(padded[_MESSAGE_ID], padded[_REPLY_TO], application, found.get(Section.VALUE))


def answer(request: Request, respond: Callable[[Request], Reply]) -> bytes:
    """The encoded reply to a request; a refusal becomes a reply too.

    Both spellings of the status are given, because the clients read one on `$cbs` and the other on `$management`.
    """
    try:
        reply = respond(request)
    except (RefusedError, MalformedError) as error:
        reply = Reply(error.status, error.description, error_condition=error.wire_condition)
    properties: dict[Value, Value] = {
        "statusCode": Int(reply.status),
        "statusDescription": reply.description,
        "status-code": Int(reply.status),
        "status-description": reply.description,
    }
    if reply.error_condition:
        properties["errorCondition"] = Symbol(reply.error_condition)
    identifiers: list[Value] = [None] * _CORRELATION_ID + [request.message_id]
    return (
        encode_described_list(Section.PROPERTIES, identifiers)
        + _section(Section.APPLICATION_PROPERTIES, properties)
        + _section(Section.VALUE, reply.body)
    )


def _section(section: Section, value: Value) -> bytes:
    return bytes((0x00, 0x53, section)) + encode(value)
