"""What the API answers where no use case has a type for it already.

Answers are made of these types, and the OpenAPI document describes them: so it cannot be wrong about them.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from shared.alert import Id
from shared.audience import AudienceText, Name, UserId
from shared.card import Timestamp
from shared.inbox.state import ReadUpToMoment
from shared.push import Platform
from shared.push.devices import InstallationId


class AcceptedAlert(Struct, frozen=True):
    """An alert that is on its way."""

    id: Id
    """Its own, or the one that it was given."""


class Accepted(Struct, frozen=True):
    """What was enqueued: all of the request."""

    accepted: Annotated[list[AcceptedAlert], Meta(min_length=1, max_length=100)]
    """In the order in which they were sent."""


class Connection(Struct, frozen=True, rename="camel"):
    """Where a client connects, and what it will hear."""

    url: Annotated[str, Meta(examples=["wss://belfry.webpubsub.azure.com/client/hubs/belfry?access_token=…"])]
    """Of a WebSocket that speaks `json.reliable.webpubsub.azure.v1`; the token in it gives no right to send."""
    user: UserId
    audiences: list[AudienceText]
    """What the person belongs to."""
    expires_at: Timestamp
    """Up to then the address can be used to connect; a connection outlives it."""


class AllRead(Struct, frozen=True, rename="camel"):
    """Up to when everything is read."""

    read_up_to: ReadUpToMoment


class Subscription(Struct, frozen=True):
    """A topic that a person hears of."""

    topic: Name
    since: Timestamp
    """Alerts that were stored before are not shown."""


class Subscriptions(Struct, frozen=True):
    """A person's topics."""

    subscriptions: list[Subscription]


class RegisteredDevice(Struct, frozen=True, rename="camel"):
    """A device that a person is pushed to. Its address at its platform is not told again."""

    installation: InstallationId
    platform: Platform
    registered_at: Timestamp
    renewed_at: Timestamp
    """It is forgotten 90 days later."""


type ApplicationServerKey = Annotated[
    str, Meta(pattern=r"^B[A-P][A-Za-z0-9_-]{85}$(?!\n)", description="a public key on P-256: 65 bytes in base64url")
]


class RegisteredDevices(Struct, frozen=True, rename="camel"):
    """A person's devices, and what another one is registered with."""

    devices: list[RegisteredDevice]
    application_server_key: ApplicationServerKey | None
    """What a browser subscribes with, as `PushManager.subscribe` takes it; null: browsers are not pushed to."""


class Backend(Struct, frozen=True):
    """How a service behind this one is."""

    answers: bool
    milliseconds: Annotated[float, Meta(ge=0)] | UnsetType = UNSET
    """How long it took."""


class HealthReport(Struct, frozen=True):
    """Whether all services behind this one answer."""

    status: Literal["ok", "degraded"]
    backends: dict[str, Backend]
