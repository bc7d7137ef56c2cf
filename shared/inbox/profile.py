"""What is kept about a person besides their marks: subscriptions, preferences, and how far they have read."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from msgspec import Meta, Struct

from shared.alert import Category, Severity
from shared.audience import Name

Time = Annotated[
    str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)", description="a time of day from 00:00 to 23:59")
]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class QuietHours(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """When no push disturbs. A span that ends before it starts goes over midnight; it belongs to the day it starts.

    For alerts to roles, topics and everyone, a quarter of an hour (by UTC) is quiet if all of it is; and hours of some
    days that last longer than twelve hours do not count for these.
    """

    start: Time
    end: Time
    time_zone: Annotated[str, Meta(max_length=64, description="a time zone's IANA name", examples=["Europe/Warsaw"])]
    days: Annotated[tuple[Day, ...], Meta(max_length=7)] = ()
    """The days on which they start; empty: every day."""

    def __post_init__(self) -> None:
        if self.time_zone not in available_timezones():
            raise ValueError(f"`timeZone`: there is no time zone {self.time_zone!r}")
        if self.start == self.end:
            raise ValueError("`end` must differ from `start`")

    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)


class Preferences(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """What a person wants to be pushed. The inbox shows everything regardless."""

    muted_categories: Annotated[tuple[Category, ...], Meta(max_length=100)] = ()
    muted_topics: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    minimum_severity: Severity = Severity.INFO
    quiet_hours: QuietHours | None = None
    critical_always: bool = True
    """Whether critical alerts go through all of the above."""


class Profile(Struct, frozen=True, rename="camel", kw_only=True):
    """The person's own document."""

    subscriptions: dict[str, datetime] = {}
    """Topics, and since when."""
    preferences: Preferences = Preferences()
    read_up_to: str = ""
    """Everything that was stored up to then is read, unless marked otherwise; empty: nothing is."""
