"""The hubs in memory, with a clock that tests turn."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from emulators.notification_hubs import fcm, feed, vapid, web_push
from emulators.notification_hubs.database import Database
from emulators.notification_hubs.hubs import Hubs, Post
from emulators.notification_hubs.notifications import Format, Notification
from emulators.notification_hubs.store import Store

HUB = "belfry"
START = 1_800_000_000.0


@dataclass
class House:
    """The core with everything around it that a process would have."""

    database: Database
    now: float = START
    changed: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._identity = vapid.Vapid(vapid.generate_key())
        self._ids = map("{}-1".format, itertools.count(1))
        self.restart()

    def restart(self, hosts: frozenset[str] = frozenset()) -> None:
        """As a process that was killed and started again, with other options, would have it."""
        self.store = Store(self.database)
        self.hubs = Hubs(
            self.store,
            self._identity,
            hosts,
            clock=lambda: self.now,
            new_id=self._ids.__next__,
            changed=self.changed.append,
        )

    def register(self, installation_id: str, *tags: str, hub: str = HUB, **changes: Any) -> None:
        """Register an Android phone, or what the changes make of it."""
        phone = {"installationId": installation_id, "platform": "fcmv1", "pushChannel": f"token-{installation_id}"}
        self.hubs.put(hub, installation_id, json.dumps(phone | {"tags": tags} | changes).encode())

    def send(self, tags: str | None, title: str = "Oven", *, hub: str = HUB, **android: Any) -> str:
        """Send to phones."""
        return self.hubs.send(hub, to_phones(title, **android), tags)

    def post(self) -> Post:
        """The one request to a push service that is due."""
        [post] = self.hubs.due(10)
        return post

    def devices(self) -> dict[str, dict[str, Any]]:
        """What is seen of each device."""
        return {device["installationId"]: device for device in feed.devices(self.store, self.now)}

    def notifications(self, installation_id: str) -> list[dict[str, Any]]:
        """What a device was sent, the newest first."""
        sent: list[dict[str, Any]] = self.devices()[installation_id]["notifications"]
        return sent

    def titles(self, installation_id: str) -> list[str]:
        """The titles of what a device was sent, the oldest first."""
        return [notification["title"] for notification in reversed(self.notifications(installation_id))]


def to_phones(title: str, **android: Any) -> Notification:
    """A notification to Android phones."""
    payload = json.dumps({"message": {"notification": {"title": title}, "android": android}}).encode()
    return Notification(Format.ANDROID, payload, {}, fcm.appearance(payload))


def to_browsers(title: str = "Oven", **headers: str) -> Notification:
    """A notification to browsers."""
    payload = json.dumps({"title": title}).encode()
    return Notification(Format.BROWSER, payload, headers, web_push.appearance(payload, headers))
