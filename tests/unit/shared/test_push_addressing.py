import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import structs

from shared.alert import Severity
from shared.audience import EVERYONE, Audience, Kind, audiences_of
from shared.inbox.profile import Preferences
from shared.push.addressing import MAXIMUM_TAGS, TooManyTagsError, everyone_in, tags_of, target_of
from shared.push.deciding import silence_for
from tests.unit.shared.fakes import ADA, NOON, OFFICE, stored

CATEGORIES = ("disk", "news", "outages")
TOPICS = ("outages", "offers", "disk")
OWN = (*audiences_of("ada", ["back-office"]), *(Audience(Kind.TOPIC, topic) for topic in TOPICS))
OTHERS = (Audience.parse("user:ben"), Audience.parse("role:outages"), Audience.parse("topic:elsewhere"))
MOST_TAGS_ASKED_FOR = 6
"""What the service allows in an expression with `&&`."""

preferences = st.builds(
    Preferences,
    muted_categories=st.lists(st.sampled_from(CATEGORIES), unique=True).map(tuple),
    muted_topics=st.lists(st.sampled_from(TOPICS), unique=True).map(tuple),
    minimum_severity=st.sampled_from(Severity),
    critical_always=st.booleans(),
)


@given(
    preferences=preferences,
    audience=st.sampled_from([*OWN, *OTHERS]),
    severity=st.sampled_from(Severity),
    category=st.sampled_from([None, *CATEGORIES, "other"]),
)
def test_tags_decide_as_the_preferences_do(
    preferences: Preferences, audience: Audience, severity: Severity, category: str | None
) -> None:
    """Whom an expression of tags leaves out is who does not want the push, and who is not of the audience."""
    alert = stored("a", 1, audience, severity=severity, category=category)
    tags, target = set(tags_of(OWN, preferences)), target_of(alert)
    reached = target.tag in tags and tags.isdisjoint(target.without)
    assert reached is (audience in OWN and silence_for(preferences, alert, NOON) is None)


@given(preferences, st.sampled_from([*OWN, *OTHERS]))
def test_what_is_taken_back_is_taken_back_from_all(preferences: Preferences, audience: Audience) -> None:
    """Whatever they have muted: they may have muted it since."""
    target = everyone_in(audience)
    assert (target.tag in tags_of(OWN, preferences), target.without) == (audience in OWN, ())


NAMES = st.text("abcdefghij0123456789-._", min_size=4, max_size=64)


@given(
    user=NAMES,
    roles=st.lists(NAMES, max_size=40),
    muted=st.lists(NAMES, unique=True, max_size=40).map(tuple),
    always=st.booleans(),
)
@example(user="ada.lovelace", roles=["physicians"], muted=("oncology",), always=False)
def test_tags_are_few_and_tell_nothing(user: str, roles: list[str], muted: tuple[str, ...], *, always: bool) -> None:
    """At most 60, or an error; each once, of the letters that tags may have; none shows a name."""
    wanted = Preferences(muted_categories=muted, critical_always=always)
    audiences = audiences_of(user, roles)
    expected = len(audiences) + len(muted) * (1 if always else 2)
    if expected > MAXIMUM_TAGS:
        with pytest.raises(TooManyTagsError):
            tags_of(audiences, wanted)
        return
    tags = tags_of(audiences, wanted)
    assert len(set(tags)) == len(tags) == expected
    assert all(re.fullmatch(r"[ax]-[0-9a-f]{40}", tag) for tag in tags)


def test_tags_stay_the_same() -> None:
    """Whatever the order in which things were muted: devices are written anew only where something changed."""
    first = Preferences(muted_categories=("disk", "news"), muted_topics=("offers",))
    second = structs.replace(first, muted_categories=("news", "disk"))
    assert tags_of(OWN, first) == tags_of(reversed(OWN), second)
    # Devices carry them for months: they are part of what is stored.
    assert target_of(stored("a", 1, OFFICE, category="disk")).without == (
        "x-576912551e45ef73a8a44bfeb2281c0dc9c2ab43",
        "x-073750faad8aa413d1992c350316be4bb8c93dae",
    )


@pytest.mark.parametrize("audience", [ADA, OFFICE, EVERYONE, Audience.parse("topic:outages")], ids=str)
@pytest.mark.parametrize("severity", Severity)
def test_an_expression_is_one_that_the_service_takes(audience: Audience, severity: Severity) -> None:
    """It allows six tags in one with `&&`."""
    target = target_of(stored("a", 1, audience, category="disk", severity=severity))
    assert 1 + len(target.without) <= MOST_TAGS_ASKED_FOR
