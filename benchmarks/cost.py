"""What an alert costs: request units of Cosmos DB, and calls of the services."""

import uuid
from collections.abc import Sequence
from typing import Any, Final

from belfry import Alert
from benchmarks.figures import Figure
from benchmarks.system import System

ALERTS: Final = 64
"""In each case: two full batches of the trigger where they are sent at once."""
TITLE: Final = f"Cost of an alert, the mean of {ALERTS}"


async def cost(system: System) -> list[Figure]:
    """Send alerts in several ways, and see what the services counted meanwhile."""
    run = uuid.uuid4().hex[:8]
    user = f"user:bench-{run}"
    numbers = range(ALERTS)
    return [
        *await _spent(system, "to a person, one at a time", _alerts([user] * ALERTS), at_once=1),
        *await _spent(system, "to a person, all at once", _alerts([user] * ALERTS), at_once=ALERTS),
        *await _spent(
            system,
            "to as many people, all at once",
            _alerts([f"{user}-{number}" for number in numbers]),
            at_once=ALERTS,
        ),
        *await _spent(system, "to everyone, one at a time", _alerts(["everyone"] * ALERTS), at_once=1),
        *await _spent(
            system, "to everyone without a push, one at a time", _alerts(["everyone"] * ALERTS, push="never"), at_once=1
        ),
        *await _spent(
            system, "the same thread again, one at a time", _alerts([user] * ALERTS, thread=f"t-{run}"), at_once=1
        ),
        *await _pushed(system, run),
    ]


async def _pushed(system: System, run: str) -> list[Figure]:
    """To a person who is away and has a phone."""
    owner = await system.asking(f"owner-{run}")
    await owner.register_phone(f"phone-{run}")
    alerts = _alerts([f"user:owner-{run}"] * ALERTS)
    return [
        *await _spent(system, "to a person with a phone, one at a time", alerts, at_once=1),
        *await _spent(system, "to a person with a phone, all at once", alerts, at_once=ALERTS),
    ]


def _alerts(audiences: Sequence[str], **fields: Any) -> list[Alert]:
    return [
        Alert(to=(audience,), title=f"Alert {number}", body="A body of usual length. " * 8, **fields)
        for number, audience in enumerate(audiences)
    ]


async def _spent(system: System, what: str, alerts: Sequence[Alert], *, at_once: int) -> list[Figure]:
    await system.publisher.send({"to": ["user:bench"], "title": "Warm-up"})
    await system.drained()
    before = await system.usage()
    for start in range(0, len(alerts), at_once):
        await system.publisher.send_many(alerts[start : start + at_once])
        await system.drained()
    spent = await system.usage() - before
    return [
        Figure(what, spent.request_units / len(alerts), "RU"),
        Figure(what, spent.cosmos_calls / len(alerts), "calls of Cosmos DB"),
        Figure(what, spent.web_pubsub_calls / len(alerts), "calls of Web PubSub"),
        Figure(what, spent.notification_hubs_calls / len(alerts), "calls of Notification Hubs"),
    ]
