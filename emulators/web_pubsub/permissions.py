"""What a connection may do to groups: by role in its token, or granted and revoked while it lives.

Roles: `webpubsub.sendToGroup` (any group), `webpubsub.sendToGroup.<group>` (one), `webpubsub.sendToGroups.<pattern>`
(those that match); likewise `joinLeaveGroup`.
"""

from collections.abc import Iterable
from enum import Enum, StrEnum, auto

from emulators.web_pubsub.errors import ConflictError
from emulators.web_pubsub.names import MAXIMUM_GROUP_LENGTH, is_group

MAXIMUM_EXCEPTIONS = 1000
MAXIMUM_PATTERNS = 10
MAXIMUM_ASTERISKS = 5
_ESCAPABLE = "*?\\"


class Permission(StrEnum):
    """The two permissions, by their names in REST paths and roles."""

    SEND_TO_GROUP = "sendToGroup"
    JOIN_LEAVE_GROUP = "joinLeaveGroup"


class Permissions:
    """One permission of one connection: a default, patterns, and single groups that differ from them."""

    def __init__(self, permission: Permission, roles: Iterable[str] = ()) -> None:
        self._any = False
        self._patterns: list[Pattern] = []
        self._exceptions: dict[str, bool] = {}
        literal, pattern = f"webpubsub.{permission}", f"webpubsub.{permission}s."
        for role in sorted(roles):
            if role == literal:
                self._any = True
            elif role.startswith(pattern):
                self._add_pattern(role.removeprefix(pattern))
            elif role.startswith(f"{literal}."):
                group = role.removeprefix(f"{literal}.")
                if is_group(group) and len(self._exceptions) < MAXIMUM_EXCEPTIONS:
                    self.grant(group)

    def allows(self, group: str) -> bool:
        """Whether the connection may, for this group."""
        exception = self._exceptions.get(group)
        return self._by_rule(group) if exception is None else exception

    def grant(self, group: str) -> None:
        """Allow it for one group.

        Raises:
            ConflictError: 1,000 groups are named already.
        """
        self._set(group, allowed=True)

    def revoke(self, group: str) -> None:
        """Forbid it for one group.

        Raises:
            ConflictError: 1,000 groups are named already.
        """
        self._set(group, allowed=False)

    def _set(self, group: str, *, allowed: bool) -> None:
        if self._by_rule(group) == allowed:
            self._exceptions.pop(group, None)
        elif group in self._exceptions or len(self._exceptions) < MAXIMUM_EXCEPTIONS:
            self._exceptions[group] = allowed
        else:
            raise ConflictError(
                f"A connection holds at most {MAXIMUM_EXCEPTIONS} permissions on single groups.", target="Connection"
            )

    def _by_rule(self, group: str) -> bool:
        return self._any or any(pattern.matches(group) for pattern in self._patterns)

    def _add_pattern(self, text: str) -> None:
        """The service skips a pattern that it does not take: the connection goes without, it is not refused."""
        if len(self._patterns) < MAXIMUM_PATTERNS:
            try:
                self._patterns.append(Pattern(text))
            except ValueError:
                return


class _Wildcard(Enum):
    ONE = auto()
    """`?`: one character that is not a dot."""
    SEGMENT = auto()
    """`*`: any characters but dots."""
    ANY = auto()
    """`**`: any characters."""


class Pattern:
    r"""A pattern of group names: `?`, `*`, `**`, and a backslash before one that is meant literally.

    Args:
        text: up to 1,024 characters with at most five asterisks.

    Raises:
        ValueError: it is empty, too long, has too many asterisks, or a backslash before nothing special.
    """

    def __init__(self, text: str) -> None:
        if not text or len(text) > MAXIMUM_GROUP_LENGTH:
            raise ValueError("a pattern has 1 to 1,024 characters")
        self._tokens = _tokens(text)

    def matches(self, group: str) -> bool:
        """Whether the whole name matches.

        Follows all ways through the pattern at once, so that no pattern takes longer than its length times the name's.
        """
        end = len(self._tokens)
        reached = self._skipping({0})
        for character in group:
            following: set[int] = set()
            for position in reached:
                if position == end:
                    continue
                token = self._tokens[position]
                if token is _Wildcard.ANY or (token is _Wildcard.SEGMENT and character != "."):
                    following.add(position)
                elif token == character or (token is _Wildcard.ONE and character != "."):
                    following.add(position + 1)
            reached = self._skipping(following)
        return end in reached

    def _skipping(self, positions: set[int]) -> set[int]:
        """The positions, and those behind asterisks that match nothing."""
        reached = set(positions)
        for position in sorted(positions):
            following = position
            while following < len(self._tokens) and self._tokens[following] in (_Wildcard.SEGMENT, _Wildcard.ANY):
                following += 1
                reached.add(following)
        return reached


def _tokens(text: str) -> list[str | _Wildcard]:
    tokens: list[str | _Wildcard] = []
    asterisks = 0
    characters = iter(range(len(text)))
    for position in characters:
        character = text[position]
        if character == "\\":
            escaped = text[position + 1 : position + 2]
            if not escaped or escaped not in _ESCAPABLE:
                raise ValueError("a backslash stands before *, ? or another backslash")
            tokens.append(escaped)
            next(characters)
        elif character == "?":
            tokens.append(_Wildcard.ONE)
        elif character == "*":
            asterisks += 1
            if position and text[position - 1] == "*" and tokens[-1] in (_Wildcard.SEGMENT, _Wildcard.ANY):
                tokens[-1] = _Wildcard.ANY
            else:
                tokens.append(_Wildcard.SEGMENT)
        else:
            tokens.append(character)
    if asterisks > MAXIMUM_ASTERISKS:
        raise ValueError(f"a pattern has at most {MAXIMUM_ASTERISKS} asterisks")
    return tokens
