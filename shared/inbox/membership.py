"""Which audiences a person belongs to: themself, their roles, everyone, and the topics they have subscribed to."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from shared.audience import Audience, Kind, audiences_of
from shared.identity import Person


class TopicAccess:
    """Who may subscribe to which topics; closed unless opened.

    Args:
        rules: roles by topic pattern; in a pattern `*` stands for any characters, as a role for anyone.
    """

    def __init__(self, rules: Mapping[str, Iterable[str]]) -> None:
        self._rules = [
            (re.compile(".*".join(map(re.escape, pattern.split("*")))), frozenset(roles))
            for pattern, roles in rules.items()
        ]

    def allows(self, topic: str, roles: frozenset[str]) -> bool:
        """Whether someone with these roles may subscribe to a topic."""
        return any(pattern.fullmatch(topic) and ("*" in allowed or allowed & roles) for pattern, allowed in self._rules)


class Membership(Struct, frozen=True):
    """An audience that a person belongs to, and since when."""

    audience: Audience
    since: datetime | None = None
    """Alerts stored before are not shown; None: all are."""

    def covers(self, at: datetime) -> bool:
        """Whether an alert of the audience that was stored then is shown."""
        return self.since is None or at >= self.since


def memberships_of(
    person: Person, subscriptions: Mapping[str, datetime], access: TopicAccess
) -> tuple[Membership, ...]:
    """All audiences of a person now; a topic that was closed to them since does not count."""
    topics = (
        Membership(Audience(Kind.TOPIC, topic), since)
        for topic, since in sorted(subscriptions.items())
        if access.allows(topic, person.roles)
    )
    return (*map(Membership, audiences_of(person.user, person.roles)), *topics)
