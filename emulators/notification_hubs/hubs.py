"""The state of everything: which devices are registered, and how each notification goes on its way to them.

No sockets. Phones take what they are sent at once, for there is no phone: `store` keeps it. A browser's push service is
real: `due` says what is to be posted now, and `answered` and `failed` take what came of it. What is on its way to
browsers is kept like everything else, so a killed process goes on with it: a browser may get a notification twice,
and not never.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus

import msgspec

from emulators.notification_hubs import installations, patching, tag_expressions
from emulators.notification_hubs.encryption import Ephemeral, encrypt
from emulators.notification_hubs.errors import BadRequestError, NotFoundError
from emulators.notification_hubs.installations import BrowserChannel, Installation, PushChannel
from emulators.notification_hubs.notifications import Notification
from emulators.notification_hubs.store import Delivery, Device, Outcome, Result, Store
from emulators.notification_hubs.vapid import Vapid
from emulators.notification_hubs.web_push import DEFAULT_TTL

REJECTED_PREFIX = "rejected"
"""A phone's push channel that begins so is one that its platform does not know any more."""
GIVE_UP_SECONDS = 30 * 60
"""How long the service tries to hand a notification to a platform."""
DELAYS = (1.0, 5.0, 30.0, 120.0, 300.0)
"""Seconds between the attempts; the last one is repeated."""

_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


@dataclass(frozen=True, slots=True)
class Post:
    """A request to a browser's push service."""

    delivery: Delivery
    url: str
    headers: dict[str, str]
    body: bytes


class Hubs:
    """All hubs of the namespace. Any valid name is a hub.

    Args:
        store: keeps everything.
        vapid: identifies this service to push services.
        hosts: names, besides this machine's, to which it may post.
        clock: seconds since 1970.
        new_id: ids of notifications.
        changed: called with the number of each device of which there is something new to see.
    """

    def __init__(
        self,
        store: Store,
        vapid: Vapid,
        hosts: frozenset[str],
        *,
        clock: Callable[[], float],
        new_id: Callable[[], str],
        changed: Callable[[int], None],
    ) -> None:
        self._store = store
        self._vapid = vapid
        self._hosts = hosts
        self._clock = clock
        self._new_id = new_id
        self._changed = changed
        self._registered = {(device.hub, device.installation.id): device for device in store.registered()}
        self._waiting: list[tuple[float, int, Delivery]] = []
        """A heap by when they are due, then by their numbers."""
        for delivery in store.pending():
            self._wait(delivery)
        self.counts: Counter[str] = Counter()
        """How many deliveries ended how."""

    @property
    def registered(self) -> int:
        """How many installations there are."""
        now = self._now()
        return sum(not device.installation.expired(now) for device in self._registered.values())

    @property
    def waiting(self) -> int:
        """How many notifications are on their way to browsers, but for those that are being posted."""
        return len(self._waiting)

    def get(self, hub: str, installation_id: str) -> Installation:
        """An installation.

        Raises:
            NotFoundError: there is none of this id, or its time is over.
        """
        return self._find(hub, installation_id).installation

    def put(self, hub: str, installation_id: str, body: bytes) -> None:
        """Create or overwrite an installation.

        Raises:
            BadRequestError: the body is not an installation, or not this one.
        """
        self._register(hub, installations.read(body, installation_id, self._now()))

    def patch(self, hub: str, installation_id: str, patch: bytes) -> None:
        """Change parts of an installation.

        Raises:
            NotFoundError: there is none of this id.
            BadRequestError: the patch is none, or does not leave an installation.
        """
        document = patching.patched(self.get(hub, installation_id).document(), patch)
        self._register(hub, installations.read(document, installation_id, self._now()))

    def delete(self, hub: str, installation_id: str) -> None:
        """Delete an installation, if there is one."""
        device = self._registered.get((hub, installation_id))
        if device is not None:
            self._store.remove(device, self._clock())
            del self._registered[hub, installation_id]
            self._changed(device.number)

    def send(self, hub: str, notification: Notification, tags: str | None) -> str:
        """Send to all devices of the notification's platform that a tag expression chooses.

        Args:
            hub: the hub.
            notification: what to send.
            tags: the expression; None: all of them.

        Returns:
            The id of the notification, once it and what becomes of it are durable.

        Raises:
            BadRequestError: the expression is not valid.
        """
        expression = None if tags is None else tag_expressions.parse(tags)
        return self._record(
            notification,
            [
                device
                for device in self._of(hub)
                if device.installation.platform is notification.format.platform
                and (expression is None or tag_expressions.matches(expression, device.installation.all_tags()))
            ],
        )

    def send_directly(self, hub: str, notification: Notification, channel: PushChannel) -> str:
        """Send to one device by its handle, whether it is registered or not.

        One that is not is kept under an id made of the handle, so that what it was sent can be seen.

        Returns:
            The id of the notification.

        Raises:
            BadRequestError: a browser's channel is not valid.
        """
        if isinstance(channel, BrowserChannel):
            channel.check()
            channel.check_reach(self._hosts)
        platform = notification.format.platform
        found = (
            device
            for device in self._of(hub)
            if (device.installation.platform, device.installation.push_channel) == (platform, channel)
        )
        device = next(found, None)
        if device is None:
            digest = hashlib.sha256(msgspec.json.encode(channel)).hexdigest()[:16]
            installation = Installation(f"unregistered-{digest}", platform, channel, updated_at=self._now())
            device = self._store.put(hub, installation, self._clock(), registered=False)
        return self._record(notification, [device])

    def due(self, most: int) -> list[Post]:
        """What is to be posted now, at most so many; each is not given again until it was answered or failed."""
        posts: list[Post] = []
        while len(posts) < most and self._waiting and self._waiting[0][0] <= self._clock():
            _, _, delivery = heapq.heappop(self._waiting)
            try:
                posts.append(self._post(delivery))
            except BadRequestError as error:
                # The device, or where this process may post to, is not what it was when it was sent.
                self._settle(delivery, Result(Outcome.FAILED, error.detail, delivery.result.attempts))
        return posts

    def next_due(self) -> float | None:
        """Seconds since 1970 when `due` has something again; None: not before something is sent."""
        return self._waiting[0][0] if self._waiting else None

    def answered(self, post: Post, status: int, retry_after: float | None = None) -> None:
        """Take the answer of a push service.

        Args:
            post: what was posted.
            status: of the answer.
            retry_after: seconds that the push service asks for.
        """
        attempts = post.delivery.result.attempts + 1
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            self._settle(post.delivery, Result(Outcome.DELIVERED, attempts=attempts))
        elif status in _GONE:
            self._settle(post.delivery, Result(Outcome.REJECTED, f"The push service answered {status}", attempts))
        elif status in _PASSING or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.failed(post, f"The push service answered {status}", retry_after)
        else:
            self._settle(post.delivery, Result(Outcome.FAILED, f"The push service answered {status}", attempts))

    def failed(self, post: Post, reason: str, retry_after: float | None = None) -> None:
        """Take that a push service could not be reached, or cannot take more for now; it is tried again."""
        now = self._clock()
        attempts = post.delivery.result.attempts + 1
        due = now + max(DELAYS[min(attempts, len(DELAYS)) - 1], retry_after or 0.0)
        if due >= post.delivery.at + GIVE_UP_SECONDS:
            self._settle(post.delivery, Result(Outcome.FAILED, reason, attempts))
        else:
            self._settle(post.delivery, Result(Outcome.PENDING, reason, attempts, due))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _find(self, hub: str, installation_id: str) -> Device:
        device = self._registered.get((hub, installation_id))
        if device is None or device.installation.expired(self._now()):
            raise NotFoundError("Installation not found")
        return device

    def _of(self, hub: str) -> Iterator[Device]:
        now = self._now()
        return (
            device for device in self._registered.values() if device.hub == hub and not device.installation.expired(now)
        )

    def _register(self, hub: str, installation: Installation) -> None:
        device = self._store.put(hub, installation, self._clock())
        self._registered[hub, installation.id] = device
        self._changed(device.number)

    def _record(self, notification: Notification, devices: list[Device]) -> str:
        notification_id, now = self._new_id(), self._clock()
        results = [(device, _first_result(device, now)) for device in devices]
        for delivery in self._store.record(notification, notification_id, now, results):
            self._wait(delivery)
        for device, result in results:
            if result.outcome is Outcome.REJECTED:
                self._registered.pop((device.hub, device.installation.id), None)
            self._count(result)
            self._changed(device.number)
        return notification_id

    def _wait(self, delivery: Delivery) -> None:
        """Have it posted when it is due, if there is still something to do."""
        if delivery.result.due is not None:
            heapq.heappush(self._waiting, (delivery.result.due, delivery.number, delivery))

    def _count(self, result: Result) -> None:
        if result.outcome is not Outcome.PENDING:
            self.counts[result.outcome] += 1

    def _post(self, delivery: Delivery) -> Post:
        channel = delivery.device.installation.push_channel
        if not isinstance(channel, BrowserChannel):
            raise BadRequestError("The device is no browser any more")
        channel.check_reach(self._hosts)
        asked = delivery.notification.headers
        headers = {
            "Authorization": self._vapid.authorization(channel.endpoint, self._clock()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": asked.get("ttl", DEFAULT_TTL),
            **{name.title(): asked[name] for name in ("urgency", "topic") if name in asked},
        }
        body = encrypt(delivery.notification.payload, channel.public_key, channel.secret, Ephemeral.generate())
        return Post(delivery, channel.endpoint, headers, body)

    def _settle(self, delivery: Delivery, result: Result) -> None:
        delivery = replace(delivery, result=result)
        device = delivery.device
        registered = self._registered.get((device.hub, device.installation.id))
        # A device that has a new channel by now is not the one that was rejected.
        remove = (
            result.outcome is Outcome.REJECTED
            and registered is not None
            and registered.installation.push_channel == device.installation.push_channel
        )
        self._store.update(delivery, self._clock(), remove=remove)
        self._count(result)
        if remove:
            del self._registered[device.hub, device.installation.id]
        self._wait(delivery)
        self._changed(device.number)


def _first_result(device: Device, now: float) -> Result:
    """What becomes of a notification at once."""
    channel = device.installation.push_channel
    if isinstance(channel, BrowserChannel):
        return Result(Outcome.PENDING, due=now)
    if channel.startswith(REJECTED_PREFIX):
        return Result(Outcome.REJECTED, "The platform does not know this device any more", attempts=1)
    return Result(Outcome.DELIVERED, attempts=1)
