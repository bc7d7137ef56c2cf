"""Belfry for producers: send alerts from Python.

    with AlertPublisher.from_connection_string(connection_string) as publisher:
        publisher.send({"to": ["user:ada"], "title": "Your order is on its way"})

`belfry.aio` has the same for asyncio.
"""

from belfry.publisher import AlertPublisher
from shared.alert import Action, Alert, Escalation, Push, Repeat, Severity
from shared.errors import InvalidAlertError, TransientError

__all__ = [
    "Action",
    "Alert",
    "AlertPublisher",
    "Escalation",
    "InvalidAlertError",
    "Push",
    "Repeat",
    "Severity",
    "TransientError",
]
