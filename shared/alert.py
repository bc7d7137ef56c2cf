"""The alert: what a producer sends, checked once, immutable from then on."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from shared.audience import NO_DOTS, AudienceText

MAXIMUM_BYTES = 64 * 1024
"""The largest alert, as JSON in UTF-8."""
MAXIMUM_AUDIENCES = 100
MAXIMUM_DATA_BYTES = 16 * 1024
MAXIMUM_DATA_DEPTH = 32
LATEST = datetime(9998, 1, 1, tzinfo=UTC)
"""Beyond it, arithmetic on times overflows."""

# In the patterns, `(?!\n)` keeps `$` from matching before a trailing line feed, and reads the same in ECMA-262.
# Text is made of characters: a lone surrogate is none, and control characters have no place in plain text.
_CONTROL = r"\u0000-\u001f\u007f\ud800-\udfff"

ID_PATTERN = NO_DOTS + r"[A-Za-z0-9._:~-]{1,128}"
Id = Annotated[
    str, Meta(pattern=rf"^{ID_PATTERN}$(?!\n)", description="1 to 128 letters, digits or `. _ : ~ -`, not `.` or `..`")
]
Title = Annotated[str, Meta(pattern=rf"^[^{_CONTROL}]{{1,200}}$(?!\n)", description="1 to 200 characters on one line")]
Body = Annotated[
    str,
    Meta(
        pattern=r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ud800-\udfff]{0,4000}$(?!\n)",
        description="up to 4,000 characters, without control characters but tab and line ends",
    ),
]
Category = Annotated[
    str, Meta(pattern=r"^[a-z0-9._-]{1,64}$(?!\n)", description="1 to 64 lower-case letters, digits or `. _ -`")
]
# `//host` and `/\host` leave the site in a browser, and a user part can pass itself off as the host: neither.
Link = Annotated[
    str,
    Meta(
        pattern=rf"^(?=.{{1,2048}}$(?!\n))(/(?![/\\])|https://[^/?#@\\\s{_CONTROL}]+(?=[/?#]|$))[^\\\s{_CONTROL}]*$(?!\n)",
        description="a path of the app's own that begins with one `/`, or an https address; up to 2,048 characters",
        examples=["/orders/42"],
    ),
]
ActionTitle = Annotated[
    str, Meta(pattern=rf"^[^{_CONTROL}]{{1,64}}$(?!\n)", description="1 to 64 characters on one line")
]
Moment = Annotated[datetime, Meta(tz=True, description="RFC 3339 with a time zone")]


class Severity(StrEnum):
    """How much it matters; decides the colour on screen and the urgency of a push."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    CRITICAL = "critical"


class Push(StrEnum):
    """When phones and closed browsers are told."""

    OFFLINE = "offline"
    ALWAYS = "always"
    NEVER = "never"


class Action(Struct, frozen=True, forbid_unknown_fields=True):
    """A button on the card."""

    id: Id
    title: ActionTitle
    url: Link


Duration = Annotated[timedelta, Meta(description="a duration in ISO 8601, from a second to a week", examples=["PT5M"])]
Times = Annotated[int, Meta(ge=1, le=10)]


class Repeat(Struct, frozen=True, forbid_unknown_fields=True):
    """How often an escalation is repeated until somebody acts."""

    every: Duration
    times: Times

    def __post_init__(self) -> None:
        _check_duration(self.every, "every")


class Escalation(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What happens when nobody has read an alert, or put it away, for a while."""

    after: Duration
    push: Push = Push.ALWAYS
    """As in the alert: by default also to who is online."""
    to: Annotated[tuple[AudienceText, ...], Meta(max_length=20)] = ()
    """Further audiences, who get the card then."""
    repeat: Repeat | None = None

    def __post_init__(self) -> None:
        _check_duration(self.after, "after")


def _check_duration(duration: timedelta, name: str) -> None:
    if not timedelta(seconds=1) <= duration <= timedelta(days=7):
        raise ValueError(f"`{name}` must be from a second to a week")


class Alert(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel", kw_only=True):
    """An alert as its producer sends it."""

    to: Annotated[tuple[AudienceText, ...], Meta(min_length=1, max_length=MAXIMUM_AUDIENCES)]
    id: Id | None = None
    """The producer's idempotency key, honoured from queue to screen; None: the message's id."""
    title: Title | None = None
    """Required, except to retract."""
    body: Body = ""
    severity: Severity = Severity.INFO
    category: Category | None = None
    """What preferences and filters go by."""
    url: Link | None = None
    """Where a click on the card or the push leads."""
    icon: Link | None = None
    image: Link | None = None
    actions: Annotated[tuple[Action, ...], Meta(max_length=3)] = ()
    data: Mapping[str, Any] = {}
    """The app's own, passed through; at most 16 KiB."""
    thread: Id | None = None
    """A later alert of the same thread replaces the card and makes it unread again."""
    deliver_at: Moment | None = None
    """Not before."""
    expires_at: Moment | None = None
    """Not after: hidden and not pushed from then on."""
    push: Push = Push.OFFLINE
    escalate: Escalation | None = None
    """What happens when nobody sees to it."""
    retract: bool = False
    """Withdraw the alert with this id everywhere."""

    def __post_init__(self) -> None:
        if self.retract and self.id is None:
            raise ValueError("`id` is missing: which alert is to be retracted?")
        if not self.retract and self.title is None:
            raise ValueError("Object missing required field `title`")
        for name, moment in (("deliverAt", self.deliver_at), ("expiresAt", self.expires_at)):
            if moment is not None and moment >= LATEST:
                raise ValueError(f"`{name}` is too far in the future")
        if self.deliver_at and self.expires_at and self.expires_at <= self.deliver_at:
            raise ValueError("`expiresAt` must be after `deliverAt`")
        if len({action.id for action in self.actions}) < len(self.actions):
            raise ValueError("`actions` must have different ids")
        if self.data:
            _check_data(self.data)

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now


def _check_data(data: Mapping[str, Any]) -> None:
    if _deeper_than(data, MAXIMUM_DATA_DEPTH):
        raise ValueError(f"`data` is nested deeper than {MAXIMUM_DATA_DEPTH} levels")
    if not _is_finite(data):
        raise ValueError("`data` has a number that is out of range")  # for whoever reads it as a double: Cosmos DB, too
    try:
        size = len(msgspec.json.encode(data))
    except (TypeError, ValueError) as error:
        raise ValueError(f"`data` is not JSON: {error}") from error
    if size > MAXIMUM_DATA_BYTES:
        raise ValueError(f"`data` has {size:,} bytes, more than {MAXIMUM_DATA_BYTES:,}")


def _is_finite(value: object) -> bool:
    """Whether all whole numbers are; others are no JSON if they are not."""
    match value:
        case int():
            return -(2**1023) <= value <= 2**1023
        case dict():
            return all(map(_is_finite, value.values()))
        case list():
            return all(map(_is_finite, value))
        case _:
            return True


def _deeper_than(value: object, levels: int) -> bool:
    match value:
        case dict():
            return levels == 0 or any(_deeper_than(item, levels - 1) for item in value.values())
        case list():
            return levels == 0 or any(_deeper_than(item, levels - 1) for item in value)
        case _:
            return False
