"""The audience: one idea that is a partition in storage, a target on the live connection and a tag for push.

An alert is addressed to audiences, never to lists of people, so its cost does not grow with the number of recipients.
What a person sees is the union of the audiences they belong to.
"""

import hashlib
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Self

from msgspec import Meta, Struct

NO_DOTS = r"(?!\.\.?$)"
"""In front of a pattern: neither `.` nor `..`, which lead elsewhere when they are a segment of an address."""
USER = rf"{NO_DOTS}[A-Za-z0-9._@+|:~-]{{1,128}}"
NAME = r"[A-Za-z0-9._-]{1,64}"

# `$` alone would also match before a trailing line feed; the look-ahead means the same in ECMA-262.
UserId = Annotated[
    str,
    Meta(pattern=rf"^{USER}$(?!\n)", description="1 to 128 letters, digits or `. _ @ + | : ~ -`, not `.` or `..`"),
]
Name = Annotated[str, Meta(pattern=rf"^{NAME}$(?!\n)", description="1 to 64 letters, digits or `. _ -`")]
"""A role or a topic."""
AudienceText = Annotated[
    str,
    Meta(
        pattern=rf"^(user:{USER}|role:{NAME}|topic:{NAME}|everyone)$(?!\n)",
        description="`user:<id>`, `role:<name>`, `topic:<name>` or `everyone`.",
        examples=["user:ada", "role:back-office", "topic:outages", "everyone"],
    ),
]
"""An audience as it is written in alerts, tokens and documents."""


class Kind(StrEnum):
    """What an audience is made of."""

    USER = "user"
    ROLE = "role"
    TOPIC = "topic"
    EVERYONE = "everyone"


class Audience(Struct, frozen=True, order=True):
    """Those whom an alert is for. `str(audience)` is how it is written, and its partition in storage."""

    kind: Kind
    name: str = ""
    """The user's id, the role or the topic; empty for everyone."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """The audience that `text`, a valid `AudienceText`, stands for.

        Raises:
            ValueError: it names no audience.
        """
        kind, _, name = text.partition(":")
        return cls(Kind(kind), name)

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.name}" if self.name else self.kind.value

    @property
    def group(self) -> str | None:
        """The live connection's group; None where the service has a target of its own (a user, or all)."""
        return str(self) if self.kind in (Kind.ROLE, Kind.TOPIC) else None

    @property
    def tag(self) -> str:
        """The push tag: a hash, for tags are stored in the clear by third parties and their alphabet is narrow."""
        return "a-" + hashlib.sha256(str(self).encode()).hexdigest()[:40]


EVERYONE = Audience(Kind.EVERYONE)


def audiences_of(user: str, roles: Iterable[str]) -> tuple[Audience, ...]:
    """The audiences that a person belongs to by who they are: themself, their roles, and everyone."""
    return (Audience(Kind.USER, user), *(Audience(Kind.ROLE, role) for role in sorted(set(roles))), EVERYONE)
