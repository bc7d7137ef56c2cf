"""What the outcomes of AMQP mean to a queue.

https://learn.microsoft.com/azure/service-bus-messaging/service-bus-amqp-protocol-guide
"""

from emulators.service_bus.amqp.performatives import (
    Accepted,
    Composite,
    Modified,
    Rejected,
    Released,
    WireError,
    decode_composite,
)
from emulators.service_bus.amqp.values import Value
from emulators.service_bus.delivery import DESCRIPTION, Outcome, Settlement
from emulators.service_bus.errors import NotImplementedByServiceError


def settlement_of(outcome: Composite) -> Settlement:
    """What a queue is to do with a message that has this outcome.

    Raises:
        NotImplementedByServiceError: it is no outcome, or belongs to a transaction.
    """
    match outcome:
        case Accepted():
            return Settlement(Outcome.COMPLETED)
        case Rejected(error):
            return Settlement(Outcome.DEAD_LETTERED, _reasons(error))
        case Released():
            return Settlement(Outcome.RELEASED)
        case Modified(undeliverable_here=True, message_annotations=changes):
            return Settlement(Outcome.DEFERRED, _properties(changes))
        case Modified(message_annotations=changes):
            # Whether `delivery_failed` is set or not: .NET and JavaScript abandon without it.
            return Settlement(Outcome.ABANDONED, _properties(changes))
        case _:
            raise NotImplementedByServiceError(f"The delivery state {type(outcome).__name__} is not served.")


def echo_of(outcome: Composite) -> Composite:
    """The state that confirms an outcome: the same, without what the client gave along."""
    match outcome:
        case Rejected():
            return Rejected()
        case Modified(delivery_failed=failed, undeliverable_here=undeliverable):
            return Modified(delivery_failed=failed, undeliverable_here=undeliverable)
        case _:
            return outcome


def _reasons(error: Value) -> dict[Value, Value]:
    """The application properties of a dead letter: reason, description, and whatever else the client sets."""
    if error is None:
        return {}
    rejection = decode_composite(error)
    if not isinstance(rejection, WireError):
        return {}
    reasons = _properties(rejection.info)
    if rejection.description and DESCRIPTION not in reasons:
        reasons[DESCRIPTION] = rejection.description
    return reasons


def _properties(changes: dict[Value, Value] | None) -> dict[Value, Value]:
    """Symbols name them on the wire, strings in application properties."""
    return {str(name): value for name, value in (changes or {}).items()}
