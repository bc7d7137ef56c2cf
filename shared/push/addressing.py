"""Tags: by which devices are reached, and which of them are left out.

A device carries a tag for each audience of its person, and one for each thing that the person has muted. So a push to
an audience is one request for each platform, whatever the number of devices: to those with the audience's tag, without
those that carry a tag for this alert's category, topic or severity. Tags are hashes: they stand in the clear at a third
party.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from shared.alert import Severity
from shared.audience import Audience, Kind
from shared.card import StoredAlert
from shared.errors import BelfryError
from shared.inbox.profile import Preferences

MAXIMUM_TAGS: Final = 60
"""Of one device."""

_RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}


class TooManyTagsError(BelfryError):
    """The person has more audiences and mutes together than a device can have tags for."""


class Target(Struct, frozen=True):
    """Whom a push is for: the devices with a tag, without those that have one of the others."""

    tag: str
    without: tuple[str, ...] = ()


def tags_of(audiences: Iterable[Audience], preferences: Preferences) -> tuple[str, ...]:
    """The tags of a person's devices.

    Raises:
        TooManyTagsError: there are more than 60.
    """
    muted = [
        *(("category", category) for category in preferences.muted_categories),
        *(("topic", topic) for topic in preferences.muted_topics),
        *(("severity", severity) for severity in Severity if _RANK[severity] < _RANK[preferences.minimum_severity]),
    ]
    tags = {audience.tag for audience in audiences}
    tags |= {_mute(what, value, critical=False) for what, value in muted}
    if not preferences.critical_always:
        tags |= {_mute(what, value, critical=True) for what, value in muted}
    if len(tags) > MAXIMUM_TAGS:
        raise TooManyTagsError
    return tuple(sorted(tags))


def everyone_in(audience: Audience) -> Target:
    """All devices of an audience."""
    return Target(audience.tag)


def target_of(stored: StoredAlert) -> Target:
    """The devices that an alert's push is for, by what their people have muted. Quiet hours are not in tags."""
    alert, audience = stored.alert, stored.audience
    critical = alert.severity is Severity.CRITICAL
    without = [_mute("severity", alert.severity, critical=critical)]
    if alert.category is not None:
        without.append(_mute("category", alert.category, critical=critical))
    if audience.kind is Kind.TOPIC:
        without.append(_mute("topic", audience.name, critical=critical))
    return Target(audience.tag, tuple(without))


def _mute(what: str, value: str, *, critical: bool) -> str:
    """What mutes critical alerts too has a tag of its own: most people let those through."""
    text = f"{'critical' if critical else 'usual'} {what} {value}"
    return "x-" + hashlib.sha256(text.encode()).hexdigest()[:40]
