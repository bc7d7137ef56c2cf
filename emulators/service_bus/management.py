"""Requests and replies on `<queue>/$management`.

https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-request-response
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from emulators.service_bus.amqp.values import Array, Timestamp, Value
from emulators.service_bus.delivery import DESCRIPTION, REASON, Outcome, Settlement
from emulators.service_bus.errors import InvalidArgumentError, NotImplementedByServiceError
from emulators.service_bus.message import Message, parse
from emulators.service_bus.queues import Queue

type Body = dict[Value, Value]

_OK: Final = 200
_NO_CONTENT: Final = 204
_LONGS: Final = 0x81
_TIMESTAMPS: Final = 0x83
_MOST_PEEKED: Final = 250
"""Messages in one reply, as the service limits them; the client asks again from where it was."""
_DISPOSITIONS: Final = {
    "completed": Outcome.COMPLETED,
    "abandoned": Outcome.ABANDONED,
    "defered": Outcome.DEFERRED,  # codespell:ignore  # the protocol's own spelling
    "suspended": Outcome.DEAD_LETTERED,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one request."""

    status: int
    description: str
    body: Value = None
    error_condition: str = ""


def respond(queue: Queue, operation: str, body: Value) -> Reply:
    """Do one operation on a queue.

    Args:
        queue: where.
        operation: for example `com.microsoft:renew-lock`.
        body: the value of the request: a map.

    Raises:
        RefusedError: it cannot be done, and nothing was.
    """
    handle = _OPERATIONS.get(operation)
    if handle is None:
        raise NotImplementedByServiceError(f"The operation '{operation}' is not served.")
    if not isinstance(body, dict):
        raise InvalidArgumentError("The request has no map as its body.")
    return handle(queue, body)


def _peek(queue: Queue, body: Body) -> Reply:
    count = min(_integer(body, "message-count"), _MOST_PEEKED)
    messages = queue.peek(_integer(body, "from-sequence-number"), count)
    if not messages:
        return Reply(_NO_CONTENT, "No content")
    return Reply(_OK, "OK", {"messages": [{"message": message} for message in messages]})


def _renew_lock(queue: Queue, body: Body) -> Reply:
    until = queue.renew(_tokens(body))
    return Reply(_OK, "OK", {"expirations": Array(_TIMESTAMPS, tuple(Timestamp(moment) for moment in until))})


def _schedule(queue: Queue, body: Body) -> Reply:
    messages = [_scheduled_message(entry) for entry in _sequence(body, "messages")]
    numbers = queue.send(messages)
    return Reply(_OK, "OK", {"sequence-numbers": Array(_LONGS, tuple(numbers))})


def _scheduled_message(entry: Value) -> Message:
    encoded = entry.get("message") if isinstance(entry, dict) else None
    if not isinstance(encoded, bytes):
        raise InvalidArgumentError("Each of 'messages' must be a map with an encoded 'message'.")
    message = parse(encoded)
    if message.scheduled_for is None:
        raise InvalidArgumentError("A message to schedule needs the annotation x-opt-scheduled-enqueue-time.")
    return message


def _cancel_scheduled(queue: Queue, body: Body) -> Reply:
    queue.cancel_scheduled(_numbers(body))
    return Reply(_OK, "OK")


def _receive_deferred(queue: Queue, body: Body) -> Reply:
    delete = _integer(body, "receiver-settle-mode") == 0
    messages: list[Value] = []
    for delivery in queue.receive_deferred(_numbers(body), delete=delete):
        entry: Body = {"message": delivery.encoded}
        if not delete:
            entry["lock-token"] = UUID(bytes_le=delivery.token)
        messages.append(entry)
    return Reply(_OK, "OK", {"messages": messages})


def _update_disposition(queue: Queue, body: Body) -> Reply:
    status = body.get("disposition-status")
    outcome = _DISPOSITIONS.get(status) if isinstance(status, str) else None
    if outcome is None:
        raise InvalidArgumentError(f"'disposition-status' must be one of {', '.join(_DISPOSITIONS)}.")
    changes = body.get("properties-to-modify")
    properties = dict(changes) if isinstance(changes, dict) else {}
    for key, name in (("deadletter-reason", REASON), ("deadletter-description", DESCRIPTION)):
        if isinstance(text := body.get(key), str):
            properties[name] = text
    queue.settle(_tokens(body), Settlement(outcome, properties))
    return Reply(_OK, "OK")


def _integer(body: Body, key: str) -> int:
    value = body.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidArgumentError(f"'{key}' must be an integer.")
    return value


def _sequence(body: Body, key: str) -> list[Value]:
    value = body.get(key)
    items = list(value.items) if isinstance(value, Array) else value
    if not isinstance(items, list) or not items:
        raise InvalidArgumentError(f"'{key}' must be a list or array that is not empty.")
    return items


def _numbers(body: Body) -> list[int]:
    numbers = _sequence(body, "sequence-numbers")
    if len(set(map(str, numbers))) != len(numbers):
        raise InvalidArgumentError("'sequence-numbers' has a number twice.")
    return [_integer({"sequence-numbers": number}, "sequence-numbers") for number in numbers]


def _tokens(body: Body) -> list[bytes]:
    tokens = []
    for token in _sequence(body, "lock-tokens"):
        if not isinstance(token, UUID):
            raise InvalidArgumentError("'lock-tokens' must be UUIDs.")
        tokens.append(token.bytes_le)
    return tokens


_OPERATIONS: Final[dict[str, Callable[[Queue, Body], Reply]]] = {
    "com.microsoft:peek-message": _peek,
    "com.microsoft:renew-lock": _renew_lock,
    "com.microsoft:schedule-message": _schedule,
    "com.microsoft:cancel-scheduled-message": _cancel_scheduled,
    "com.microsoft:receive-by-sequence-number": _receive_deferred,
    "com.microsoft:update-disposition": _update_disposition,
}
