"""Devices and deliveries in the database; it decides nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from emulators.notification_hubs.database import Database
from emulators.notification_hubs.installations import Installation
from emulators.notification_hubs.notifications import Appearance, Format, Notification

MOST_NOTIFICATIONS = 5_000
"""The newest ones that are kept, whomever they were for."""
MOST_UNREGISTERED = 200
"""Devices that are kept after their installation is gone."""


class Outcome(StrEnum):
    """What became of a notification on its way to one device."""

    PENDING = "pending"
    """It is being sent, or will be tried again."""
    DELIVERED = "delivered"
    """The platform took it."""
    REJECTED = "rejected"
    """The platform does not know the device any more: the installation was removed."""
    FAILED = "failed"
    """The platform refused it, or could not be reached for too long."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device that is registered, or was, or was sent something directly."""

    number: int
    hub: str
    installation: Installation
    registered: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What is known of one delivery."""

    outcome: Outcome
    detail: str = ""
    """A sentence, where there is more to say."""
    attempts: int = 0
    due: float | None = None
    """Seconds since 1970 of the next attempt, of one that is pending."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification on its way to one device."""

    number: int
    device: Device
    notification: Notification
    notification_id: str
    at: float
    """Seconds since 1970 when it was sent."""
    result: Result


_DEVICE = "device.number, device.hub, device.installation, device.registered"
_DELIVERY = f"""
SELECT delivery.number, delivery.outcome, delivery.detail, delivery.attempts, delivery.due,
    notification.id, notification.at, notification.format, notification.payload, notification.headers,
    notification.appearance, {_DEVICE}
FROM delivery
JOIN notification ON notification.number = delivery.notification
JOIN device ON device.number = delivery.device
"""  # noqa: S608  # our own columns


class Store:
    """The tables.

    Args:
        database: of `emulators.notification_hubs.database`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection = database.connection

    def registered(self) -> Iterator[Device]:
        """Every installation."""
        return map(_device, self._connection.execute(f"SELECT {_DEVICE} FROM device WHERE registered = 1"))  # noqa: S608  # our own columns

    def put(self, hub: str, installation: Installation, now: float, *, registered: bool = True) -> Device:
        """Write a device, in place of the one of the same id."""
        with self._database.transaction():
            number = self._put(hub, installation, now, registered=registered)
            if not registered:
                self._forget()
        return Device(number, hub, installation, registered)

    def remove(self, device: Device, now: float) -> None:
        """End the registration of a device; what it was sent stays to be seen, of the last ones that went."""
        with self._database.transaction():
            self._touch(device, now, remove=True)

    def record(
        self, notification: Notification, notification_id: str, now: float, results: Iterable[tuple[Device, Result]]
    ) -> list[Delivery]:
        """Write a notification, and what becomes of it on each device that it is for.

        A device that rejects it is removed with that.
        """
        deliveries = []
        appearance, headers = msgspec.json.encode(notification.appearance), msgspec.json.encode(notification.headers)
        with self._database.transaction():
            written = self._insert(
                "INSERT INTO notification (id, at, format, payload, headers, appearance) VALUES (?, ?, ?, ?, ?, ?)",
                (notification_id, now, notification.format, notification.payload, headers, appearance),
            )
            for device, result in results:
                number = self._insert(
                    "INSERT INTO delivery (device, notification, outcome, detail, attempts, due)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (device.number, written, result.outcome, result.detail, result.attempts, result.due),
                )
                deliveries.append(Delivery(number, device, notification, notification_id, now, result))
                self._touch(device, now, remove=result.outcome is Outcome.REJECTED)
            self._connection.execute("DELETE FROM notification WHERE number <= ?", (written - MOST_NOTIFICATIONS,))
        return deliveries

    def update(self, delivery: Delivery, now: float, *, remove: bool) -> None:
        """Write how a delivery goes on; `remove` ends the registration of its device with that."""
        result = delivery.result
        with self._database.transaction():
            self._connection.execute(
                "UPDATE delivery SET outcome = ?, detail = ?, attempts = ?, due = ? WHERE number = ?",
                (result.outcome, result.detail, result.attempts, result.due, delivery.number),
            )
            self._touch(delivery.device, now, remove=remove)

    def pending(self) -> list[Delivery]:
        """Those that are to be tried, the one that is due first before the others."""
        rows = self._connection.execute(f"{_DELIVERY} WHERE due IS NOT NULL ORDER BY due, delivery.number")
        return [_delivery(row) for row in rows]

    def devices(self, most: int, installation_id: str | None = None) -> list[Device]:
        """The devices that changed last, the last one first; all of them, or those of one installation id."""
        rows = self._connection.execute(
            f"SELECT {_DEVICE} FROM device WHERE ?1 IS NULL OR id = ?1"  # noqa: S608  # our own columns
            " ORDER BY changed_at DESC, number DESC LIMIT ?2",
            (installation_id, most),
        )
        return [_device(row) for row in rows]

    def device(self, number: int) -> Device | None:
        """The device of this number, unless it is kept no more."""
        rows = self._connection.execute(f"SELECT {_DEVICE} FROM device WHERE number = ?", (number,))  # noqa: S608  # our own columns
        return next(map(_device, rows), None)

    def deliveries(self, device: Device, most: int) -> list[Delivery]:
        """What a device was sent, the newest first."""
        rows = self._connection.execute(
            f"{_DELIVERY} WHERE delivery.device = ? ORDER BY delivery.number DESC LIMIT ?", (device.number, most)
        )
        return [_delivery(row) for row in rows]

    def vapid_key(self) -> str | None:
        """The private key that is kept."""
        row = self._connection.execute("SELECT private_key FROM vapid").fetchone()
        return None if row is None else str(row[0])

    def keep_vapid_key(self, key: str) -> None:
        """Keep a private key."""
        self._connection.execute("INSERT INTO vapid VALUES (?)", (key,))

    def _put(self, hub: str, installation: Installation, now: float, *, registered: bool) -> int:
        row = self._connection.execute(
            "INSERT INTO device (hub, id, registered, changed_at, installation) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (hub, id) DO UPDATE SET registered = excluded.registered,"
            " changed_at = excluded.changed_at, installation = excluded.installation RETURNING number",
            (hub, installation.id, registered, now, msgspec.json.encode(installation)),
        ).fetchone()
        return int(row[0])

    def _insert(self, statement: str, values: tuple[Any, ...]) -> int:
        number = self._connection.execute(statement, values).lastrowid
        assert number is not None  # noqa: S101  # it is of a row that was just inserted
        return number

    def _touch(self, device: Device, now: float, *, remove: bool) -> None:
        self._connection.execute(
            "UPDATE device SET changed_at = ?, registered = registered AND NOT ? WHERE number = ?",
            (now, remove, device.number),
        )
        if remove:
            self._forget()

    def _forget(self) -> None:
        self._connection.execute(
            "DELETE FROM device WHERE number IN"
            " (SELECT number FROM device WHERE registered = 0 ORDER BY changed_at DESC, number DESC LIMIT -1 OFFSET ?)",
            (MOST_UNREGISTERED,),
        )


def _device(row: Sequence[Any]) -> Device:
    number, hub, installation, registered = row
    return Device(number, hub, msgspec.json.decode(installation, type=Installation), bool(registered))


def _delivery(row: Sequence[Any]) -> Delivery:
    number, outcome, detail, attempts, due, notification_id, at, name, payload, headers, appearance, *device = row
    return Delivery(
        number=number,
        device=_device(device),
        notification=Notification(
            Format(name),
            payload,
            msgspec.json.decode(headers, type=dict[str, str]),
            msgspec.json.decode(appearance, type=Appearance),
        ),
        notification_id=notification_id,
        at=at,
        result=Result(Outcome(outcome), detail, attempts, due),
    )
