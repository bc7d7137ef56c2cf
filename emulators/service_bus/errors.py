"""What can go wrong, and how the service says it.

ServiceBusError                 carries an AMQP condition, a sentence, and the status of a management reply
├── ProtocolError               the peer broke AMQP: the connection is closed
│   └── MalformedError          bytes that are no AMQP value or message
├── SessionError                the session is ended
├── LinkError                   the link is detached
└── RefusedError                one request is refused, everything else goes on
    ├── EntityNotFoundError
    ├── UnauthorizedError
    ├── InvalidTokenError
    ├── NotAllowedError
    ├── NotImplementedByServiceError
    ├── InvalidArgumentError
    ├── LockLostError
    └── MessageNotFoundError

ConfigurationError              the queue file is wrong: the service does not start
StoreError                      the database cannot be used: the service does not start
"""

from typing import ClassVar


class ServiceBusError(Exception):
    """An error that the peer is told about.

    Args:
        description: the sentence the peer reads; default: the class's docstring.
        condition: replaces the class's AMQP error condition.
    """

    condition: ClassVar[str] = "amqp:internal-error"
    status: ClassVar[int] = 500
    """Status code of a `$management` or `$cbs` reply that carries this error."""

    def __init__(self, description: str = "", *, condition: str = "") -> None:
        self.description = description or (type(self).__doc__ or "").partition("\n")[0]
        self.wire_condition = condition or self.condition
        super().__init__(self.description)


class ProtocolError(ServiceBusError):
    """The peer broke the AMQP protocol."""

    condition = "amqp:connection:framing-error"


class MalformedError(ProtocolError):
    """The bytes are not a well-formed AMQP value."""

    condition = "amqp:decode-error"
    status = 400


class SessionError(ServiceBusError):
    """The peer broke the rules of the session."""

    condition = "amqp:session:unattached-handle"


class LinkError(ServiceBusError):
    """The peer broke the rules of the link."""

    condition = "amqp:link:detach-forced"


class RefusedError(ServiceBusError):
    """The request is refused."""

    condition = "amqp:not-allowed"
    status = 400


class EntityNotFoundError(RefusedError):
    """The messaging entity could not be found."""

    condition = "amqp:not-found"
    status = 404


class UnauthorizedError(RefusedError):
    """Unauthorized access."""

    condition = "amqp:unauthorized-access"
    status = 401


class InvalidTokenError(RefusedError):
    """The token is not valid."""

    condition = "com.microsoft:auth-failed"
    status = 401


class NotAllowedError(RefusedError):
    """The operation is not allowed here."""


class NotImplementedByServiceError(RefusedError):
    """The operation is not served."""

    condition = "amqp:not-implemented"
    status = 501


class InvalidArgumentError(RefusedError):
    """An argument is missing or wrong."""

    condition = "com.microsoft:argument-error"


class LockLostError(RefusedError):
    """The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue."""

    condition = "com.microsoft:message-lock-lost"
    status = 410


class MessageNotFoundError(RefusedError):
    """The message could not be found."""

    condition = "com.microsoft:message-not-found"
    status = 404


class MessageTooLargeError(RefusedError):
    """The message is larger than the link allows."""

    condition = "amqp:link:message-size-exceeded"


class ConfigurationError(Exception):
    """The queue file is wrong."""


class StoreError(Exception):
    """The database cannot be used."""
