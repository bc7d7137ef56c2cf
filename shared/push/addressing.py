"""Tags: by which devices are reached, and which of them are left out.

A device carries a tag for each audience of its person, one for each category and severity that the person has muted,
and those of their quiet hours (see `shared.push.clock`). So a push to an audience is one request for each platform,
whatever the number of devices: to those with the audience's tag, without those that carry a tag for this alert's
category or severity, or for this moment. A topic that is muted has another tag in place of its own.

The service takes six tags in an expression that leaves something out, and here are all of them:

    audience && !severity && !category && (!half || !hour && !quarter)
    (topic || topic, critical only) && !category && (!half || !hour && !quarter)        what is critical

Tags are hashes: they stand in the clear at a half party.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct

from shared.alert import Severity
from shared.audience import Audience, Kind
from shared.card import StoredAlert
from shared.errors import BelfryError
from shared.inbox.profile import Preferences
from shared.push import clock

MAXIMUM_TAGS: Final = 60
"""Of one device."""

_RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}


class TooManyTagsError(BelfryError):
    """The person has more audiences, mutes and quiet hours together than a device can have tags for."""


class Asleep(Struct, frozen=True):
    """Devices whose people have quiet hours now: they have the first tag and one of the others."""

    half: str
    hour: str
    quarter: str


class Target(Struct, frozen=True):
    """Whom a push is for."""

    tag: str
    """The devices with this tag,"""
    without: tuple[str, ...] = ()
    """but not those that have one of these,"""
    or_tags: tuple[str, ...] = ()
    """as well as those with one of these in its place,"""
    asleep: Asleep | None = None
    """nor these; None: quiet hours do not matter."""


def tags_of(audiences: Iterable[Audience], preferences: Preferences, moment: datetime) -> tuple[str, ...]:
    """The tags of a person's devices.

    Args:
        audiences: what the person belongs to.
        preferences: what they want to be pushed.
        moment: with a time zone; quiet hours are by the offset from UTC that the person's time zone has then.

    Raises:
        TooManyTagsError: there are more than 60.
    """
    tags = {_tag_of(audience, preferences) for audience in audiences}
    tags |= {
        _mute("severity", severity, critical=False)
        for severity in Severity
        if _RANK[severity] < _RANK[preferences.minimum_severity]
    }
    hours = preferences.quiet_hours
    quiet = clock.quiet(hours, moment) if hours else clock.Quiet()
    tags |= {_hashed("x", f"quiet hour {hour}") for hour in quiet.hours}
    tags |= {_hashed("x", f"quiet quarter {quarter}") for quarter in quiet.quarters}
    for critical in (False,) if preferences.critical_always else (False, True):
        tags |= {_mute("category", category, critical=critical) for category in preferences.muted_categories}
        tags |= {_mute("half", str(half), critical=critical) for half in quiet.halves}
    if len(tags) > MAXIMUM_TAGS:
        raise TooManyTagsError
    return tuple(sorted(tags))


def everyone_in(audience: Audience) -> Target:
    """All devices of an audience, whatever their people have muted."""
    if audience.kind is not Kind.TOPIC:
        return Target(audience.tag)
    return Target(audience.tag, or_tags=(_muted_topic(audience, wholly=False), _muted_topic(audience, wholly=True)))


def target_of(stored: StoredAlert, moment: datetime) -> Target:
    """The devices that an alert's push is for at a moment, by what their people want."""
    alert, audience = stored.alert, stored.audience
    critical = alert.severity is Severity.CRITICAL
    # Nothing matters more than what is critical, so no minimum leaves it out.
    without = [] if critical else [_mute("severity", alert.severity, critical=False)]
    if alert.category is not None:
        without.append(_mute("category", alert.category, critical=critical))
    or_tags = (_muted_topic(audience, wholly=False),) if critical and audience.kind is Kind.TOPIC else ()
    shown = clock.read(moment)
    asleep = Asleep(
        _mute("half", str(shown.half), critical=critical),
        _hashed("x", f"quiet hour {shown.hour}"),
        _hashed("x", f"quiet quarter {shown.quarter}"),
    )
    return Target(audience.tag, tuple(without), or_tags, asleep)


def _tag_of(audience: Audience, preferences: Preferences) -> str:
    if audience.kind is Kind.TOPIC and audience.name in preferences.muted_topics:
        return _muted_topic(audience, wholly=not preferences.critical_always)
    return audience.tag


def _muted_topic(audience: Audience, *, wholly: bool) -> str:
    """The tag in place of a topic's own where that is muted: but for what is critical, or wholly."""
    return _hashed("a", f"{audience}, {'muted' if wholly else 'critical only'}")


def _mute(what: str, value: str, *, critical: bool) -> str:
    """What mutes critical alerts too has a tag of its own: most people let those through."""
    return _hashed("x", f"{'critical' if critical else 'usual'} {what} {value}")


def _hashed(kind: str, text: str) -> str:
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:40]}"
