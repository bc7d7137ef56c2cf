import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emulators.web_pubsub.errors import ConflictError
from emulators.web_pubsub.permissions import Pattern, Permission, Permissions


def sending(*roles: str) -> Permissions:
    """The permission to send of a connection with these roles."""
    return Permissions(Permission.SEND_TO_GROUP, roles)


def test_without_a_role_nothing_is_allowed() -> None:
    """A role for another permission, or one that is misspelt, allows nothing."""
    assert not sending().allows("a")
    assert not sending("webpubsub.joinLeaveGroup", "webpubsub.sendToGroupX", "sendToGroup").allows("a")


def test_roles_allow_all_one_or_those_that_match() -> None:
    """A role names every group, one group, or a pattern."""
    assert sending("webpubsub.sendToGroup").allows("anything")
    one = sending("webpubsub.sendToGroup.a.b", "webpubsub.sendToGroups.room-*")
    assert [one.allows(group) for group in ("a.b", "a", "A.B", "room-1", "room-1.2")] == [
        True,
        False,
        False,
        True,
        False,
    ]


def test_grants_and_revocations_outrank_roles() -> None:
    """What is granted or revoked for one group holds for that group alone."""
    held = sending("webpubsub.sendToGroup")
    held.revoke("a")
    assert (held.allows("a"), held.allows("b")) == (False, True)
    held.grant("a")
    assert held.allows("a")
    other = sending("webpubsub.sendToGroups.*")
    other.grant("a.b")
    other.revoke("c")
    assert (other.allows("a.b"), other.allows("c"), other.allows("d")) == (True, False, True)


def test_a_connection_holds_a_thousand_exceptions() -> None:
    """One more is a conflict, and changes nothing; taking one back makes room."""
    held = sending()
    for number in range(1000):
        held.grant(str(number))
    with pytest.raises(ConflictError):
        held.grant("one more")
    assert not held.allows("one more")
    held.revoke("one more")
    held.revoke("0")
    held.grant("one more")
    assert held.allows("one more")


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("chat-*", ["chat-1", "chat-room", "chat-"], ["chat.1", "xchat-1", "chat-1.2"]),
        ("clientA.*", ["clientA.alpha", "clientA.1"], ["clientA.alpha.room1", "clientB.alpha"]),
        ("clientA.**", ["clientA.alpha", "clientA.alpha.room1"], ["clientB.anything"]),
        ("clientA.rooms.?1", ["clientA.rooms.a1", "clientA.rooms.11"], ["clientA.rooms.1", "clientA.rooms.a.1"]),
        ("literal\\*star", ["literal*star"], ["literalXstar"]),
        ("**", ["a.b.c", "x"], []),
    ],
)
def test_patterns_of_the_documentation(pattern: str, matching: list[str], other: list[str]) -> None:
    """The examples of the service's documentation match as it says."""
    assert [group for group in matching + other if Pattern(pattern).matches(group)] == matching


@pytest.mark.parametrize("pattern", ["", "x" * 1025, "a\\", "a\\b", "******", "*a*b*c*d*e*"])
def test_patterns_that_the_service_does_not_take(pattern: str) -> None:
    """Such a pattern is an error, and in a role it is skipped."""
    with pytest.raises(ValueError, match=r"a pattern|a backslash"):
        Pattern(pattern)
    assert not sending(f"webpubsub.sendToGroups.{pattern}").allows("a")


def test_no_pattern_takes_long() -> None:
    """A pattern made to be slow is matched at once."""
    assert not Pattern("a*a*a*a*a*b").matches("a" * 1024)


@given(st.text("a.*?", min_size=1, max_size=6), st.text("a.b", max_size=6))
@example("**", "")
@example("*a**", "a.")
def test_patterns_match_as_regular_expressions_would(pattern: str, group: str) -> None:
    """A pattern matches what its translation into a regular expression matches."""
    if pattern.count("*") > 5:
        return
    parts = re.findall(r"\*{2,}|.", pattern)
    translated = "".join(
        ".*" if part.startswith("**") else {"*": "[^.]*", "?": "[^.]"}.get(part, re.escape(part)) for part in parts
    )
    assert Pattern(pattern).matches(group) == bool(re.fullmatch(translated, group))
