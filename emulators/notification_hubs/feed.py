"""What people, tests and the page see of the devices."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from emulators.notification_hubs.store import Delivery, Device, Outcome, Store

MOST_DEVICES = 1_000
"""Devices that are shown, those that changed last."""
MOST_NOTIFICATIONS = 50
"""Notifications that are shown of each device, the newest."""


def devices(store: Store, now: float, installation_id: str | None = None) -> list[dict[str, Any]]:
    """Every device, the one that changed last before the others; or those with one installation id."""
    return [device(store, each, now) for each in store.devices(MOST_DEVICES, installation_id)]


def device(store: Store, shown: Device, now: float) -> dict[str, Any]:
    """A device with what it was sent, the newest first.

    `{"number", "hub", "registered", "installationId", "platform", "pushChannel", "tags", …, "notifications": […]}`,
    each `{"number", "notificationId", "at", "format", "kind", "title", "body", "collapseId", "priority", "headers",
    "payload", "outcome", "detail", "attempts", "replaced"}`. A payload that is no JSON is text.
    """
    installation = shown.installation
    return {
        "number": shown.number,
        "hub": shown.hub,
        "registered": shown.registered and not installation.expired(datetime.fromtimestamp(now, UTC)),
        **installation.document(),
        "notifications": list(_notifications(store.deliveries(shown, MOST_NOTIFICATIONS))),
    }


def _notifications(deliveries: list[Delivery]) -> Iterator[dict[str, Any]]:
    taken: set[str] = set()
    for delivery in deliveries:
        notification, result = delivery.notification, delivery.result
        appearance = notification.appearance
        yield {
            "number": delivery.number,
            "notificationId": delivery.notification_id,
            "at": datetime.fromtimestamp(delivery.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "format": notification.format,
            "kind": appearance.kind,
            "title": appearance.title,
            "body": appearance.body,
            "collapseId": appearance.collapse_id,
            "priority": appearance.priority,
            "headers": notification.headers,
            "payload": _payload(notification.payload),
            "outcome": result.outcome,
            "detail": result.detail,
            "attempts": result.attempts,
            "replaced": appearance.collapse_id in taken,
        }
        if appearance.collapse_id and result.outcome is Outcome.DELIVERED:
            taken.add(appearance.collapse_id)


def _payload(payload: bytes) -> Any:
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return payload.decode(errors="replace")
