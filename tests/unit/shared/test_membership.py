from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.audience import EVERYONE, Audience
from shared.identity import Person
from shared.inbox.membership import Membership, TopicAccess, memberships_of
from tests.unit.shared.fakes import ADA, NOON, OFFICE

ME = Person("ada", frozenset({"back-office"}))


@pytest.mark.parametrize(
    ("rules", "topic", "allowed"),
    [
        ({}, "outages", False),
        ({"outages": []}, "outages", False),
        ({"outages": ["*"]}, "outages", True),
        ({"outages": ["back-office"]}, "outages", True),
        ({"outages": ["board"]}, "outages", False),
        ({"outages": ["board"], "out*": ["back-office"]}, "outages", True),
        ({"*": ["*"]}, "anything", True),
        ({"team.*": ["*"]}, "team.a", True),
        ({"team.*": ["*"]}, "team.", True),
        ({"team.*": ["*"]}, "teamXa", False),
        ({"team.*": ["*"]}, "my-team.a", False),
        ({"*.public": ["*"]}, "a.public", True),
        ({"*.public": ["*"]}, "a.public.not", False),
        ({"a*c": ["*"]}, "abc", True),
        ({"a*c": ["*"]}, "ab", False),
        ({"outages": ["back-*"]}, "outages", False),
        ({"[a-z]+": ["*"]}, "outages", False),
    ],
    ids=str,
)
def test_topics_are_open_to_whom_a_rule_opens_them(rules: dict[str, list[str]], topic: str, *, allowed: bool) -> None:
    """Closed unless a pattern that matches the whole topic names a role of the person, or anyone."""
    assert TopicAccess(rules).allows(topic, ME.roles) is allowed


@given(st.text(alphabet="ab.*", max_size=8), st.text(alphabet="ab.", min_size=1, max_size=8))
def test_without_a_star_a_pattern_is_the_topic_itself(pattern: str, topic: str) -> None:
    """Every other character means itself."""
    if "*" not in pattern:
        assert TopicAccess({pattern: ["*"]}).allows(topic, frozenset()) is (pattern == topic)


def test_a_person_belongs_to_who_they_are_and_what_they_chose() -> None:
    """Themself, their roles, everyone, and their topics since they have them."""
    subscriptions = {"outages": NOON, "board": NOON}
    assert memberships_of(ME, subscriptions, TopicAccess({"outages": ["*"]})) == (
        Membership(ADA),
        Membership(OFFICE),
        Membership(EVERYONE),
        Membership(Audience.parse("topic:outages"), NOON),
    )


def test_a_topic_that_was_closed_is_left() -> None:
    """The rule counts now, not the day of the subscription."""
    closed = memberships_of(ME, {"outages": NOON}, TopicAccess({"outages": ["board"]}))
    assert [membership.audience for membership in closed] == [ADA, OFFICE, EVERYONE]


def test_a_membership_covers_what_was_stored_since() -> None:
    """The moment itself included; without a moment, everything."""
    assert Membership(ADA).covers(NOON)
    assert Membership(ADA, NOON).covers(NOON)
    assert not Membership(ADA, NOON).covers(NOON - timedelta(milliseconds=1))
