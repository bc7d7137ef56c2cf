"""The card: an alert as it is kept for one audience, and as people see it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, NotRequired, TypedDict

import msgspec
from msgspec import Meta, Struct

from shared.alert import Action, Alert, Body, Category, Escalation, Id, Link, Push, Severity, Title
from shared.audience import Audience, AudienceText
from shared.position import Position

SEEN_LIMIT = 32
"""How many alert ids a thread's card remembers, to know a producer's repeat of an earlier one."""


Timestamp = Annotated[
    str,
    Meta(
        description="RFC 3339 with a time zone",
        examples=["2026-11-20T06:00:00.000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]


class Card(TypedDict):
    """A card as clients get it: the alert as sent, where it stands, and what the person did with it."""

    card: Id
    """The alert's thread, or its id where it has none; of two with the same one the higher position counts."""
    id: Id
    to: Annotated[list[AudienceText], Meta(min_length=1, max_length=1)]
    """The audience through which the reader sees it."""
    audience: AudienceText
    position: Position
    at: Timestamp
    """When it was stored, and so became visible; in UTC with milliseconds, so that it sorts as text."""
    read: bool
    archived: bool
    title: Title
    body: Body
    severity: Severity
    category: NotRequired[Category]
    url: NotRequired[Link]
    icon: NotRequired[Link]
    image: NotRequired[Link]
    actions: NotRequired[Annotated[list[Action], Meta(max_length=3)]]
    data: NotRequired[dict[str, Any]]
    thread: NotRequired[Id]
    deliverAt: NotRequired[Timestamp]
    expiresAt: NotRequired[Timestamp]
    push: NotRequired[Push]
    escalate: NotRequired[Escalation]


class Withdrawn(TypedDict):
    """A card that is to go from the screen: it was withdrawn, or has expired."""

    card: Id
    position: Position
    retracted: Annotated[bool, Meta(extra_json_schema={"const": True})]


# Types of msgspec cannot be a union of these two; what follows can stand in its place wherever JSON is described.
CardJson = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/components/schemas/Card"})]
"""JSON of the shape `Card`."""
WithdrawnJson = Annotated[dict[str, Any], Meta(extra_json_schema={"$ref": "#/components/schemas/Withdrawn"})]
"""JSON of the shape `Withdrawn`."""
AnyCardJson = Annotated[
    dict[str, Any],
    Meta(extra_json_schema={"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("Card", "Withdrawn")]}),
]
"""JSON of the shape `Card` or `Withdrawn`."""


class StoredAlert(Struct, frozen=True):
    """One alert for one audience, as the inbox keeps it."""

    alert: Alert
    id: str
    """The alert's id."""
    audience: Audience
    position: Position
    at: datetime
    """When it was stored, and so became visible; milliseconds count."""
    seen: tuple[str, ...] = ()
    """Ids of the alerts that this card has shown or will never show, the newest last, this one included."""
    elsewhere: bool = False
    """Whether other audiences may have this card too, perhaps in another revision."""
    acted: bool = False
    """Whether somebody of the audience has read it or put it away; kept of alerts that escalate only."""
    traceparent: str | None = None
    """The trace context that it is told in; never kept."""

    @property
    def card(self) -> str:
        """The key of the card: alerts of one thread share it."""
        return self.alert.thread or self.id

    @property
    def retracted(self) -> bool:
        """Whether this only says that the alert was withdrawn."""
        return self.alert.retract


def to_document(stored: StoredAlert, time_to_live: int) -> dict[str, Any]:
    """The document of the container `alerts`.

    Args:
        stored: what to keep.
        time_to_live: seconds until the service forgets it.
    """
    return {
        "severity": stored.alert.severity,  # also where it is the default: it is filtered by
        **_fields(stored.alert),
        "id": stored.card,
        "alertId": stored.id,
        "audience": str(stored.audience),
        "position": stored.position,
        "at": format_moment(stored.at),
        "seen": list(stored.seen),
        **({"elsewhere": True} if stored.elsewhere else {}),
        **({"acted": True} if stored.acted else {}),
        "ttl": time_to_live,
    }


def from_document(document: Mapping[str, Any]) -> StoredAlert:
    """The alert that a document of the container `alerts` holds."""
    audience = document["audience"]
    fields = {name: document[name] for name in Alert.__struct_encode_fields__ if name in document}
    fields |= {"id": document["alertId"], "to": [audience]}
    return StoredAlert(
        alert=msgspec.convert(fields, Alert),
        id=document["alertId"],
        audience=Audience.parse(audience),
        position=document["position"],
        at=datetime.fromisoformat(document["at"]),
        seen=tuple(document.get("seen", ())),
        elsewhere=document.get("elsewhere", False),
        acted=document.get("acted", False),
    )


def to_card(stored: StoredAlert, *, read: bool = False, archived: bool = False) -> dict[str, Any]:
    """The card as clients get it; of a withdrawn alert only that it is gone.

    Of the audiences it was sent to, it names the one through which the reader sees it: whom else it went to is not
    the reader's business.
    """
    if stored.retracted:
        return {"card": stored.card, "position": stored.position, "retracted": True}
    return {
        "severity": stored.alert.severity,
        "body": stored.alert.body,
        **_fields(stored.alert),
        "id": stored.id,
        "to": [str(stored.audience)],
        "card": stored.card,
        "audience": str(stored.audience),
        "position": stored.position,
        "at": format_moment(stored.at),
        "read": read,
        "archived": archived,
    }


def format_moment(moment: datetime) -> str:
    """RFC 3339 in UTC, always with milliseconds, so that it sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(alert: Alert) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(alert)
    del fields["to"]
    return fields
