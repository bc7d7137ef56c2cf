import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import ValidationError, convert

from shared.audience import EVERYONE, NAME, USER, Audience, AudienceText, Kind, audiences_of

names = st.from_regex(re.compile(NAME), fullmatch=True)
users = st.from_regex(re.compile(USER), fullmatch=True)
audiences = st.one_of(
    st.builds(Audience, st.just(Kind.USER), users),
    st.builds(Audience, st.sampled_from([Kind.ROLE, Kind.TOPIC]), names),
    st.just(EVERYONE),
)


@given(audiences)
def test_an_audience_survives_being_written(audience: Audience) -> None:
    """What is written for an audience is valid, and stands for the same audience."""
    assert Audience.parse(convert(str(audience), AudienceText)) == audience


@pytest.mark.parametrize(
    "text",
    [
        "user:a",
        "topic:...",
        "user:" + "u" * 128,
        "user:ada.b_c@d+e|f:g~h-i",
        "role:r",
        "topic:" + "t" * 64,
        "topic:Outages.eu-west_1",
        "everyone",
    ],
)
def test_audiences_within_the_limits_are_taken(text: str) -> None:
    """Users have up to 128 characters of a wide alphabet, roles and topics up to 64 of a narrow one."""
    assert str(Audience.parse(convert(text, AudienceText))) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "user:",
        "user:" + "u" * 129,
        "user:a/b",
        "user:.",
        "role:..",
        "user:a b",
        "user:ä",
        "user:a\n",
        "user:a\u2028",
        "role:",
        "role:" + "r" * 65,
        "role:a:b",
        "topic:a@b",
        "everyone:",
        "everyone:x",
        "everyone\n",
        "everybody",
        "User:ada",
        " user:ada",
        "user",
        "ada",
    ],
)
def test_everything_else_is_no_audience(text: str) -> None:
    """A text that is not exactly an audience is refused: whom it would reach is not guessed."""
    with pytest.raises(ValidationError):
        convert(text, AudienceText)


@given(st.lists(audiences, max_size=20))
def test_audiences_never_share_a_partition_or_a_tag(several: list[Audience]) -> None:
    """Different audiences have different partitions and push tags."""
    different = set(several)
    assert len({str(audience) for audience in different}) == len(different)
    assert len({audience.tag for audience in different}) == len(different)


@given(audiences)
def test_a_tag_says_nothing_about_its_audience(audience: Audience) -> None:
    """A push tag is a hash in the alphabet of tags, whatever the audience is called."""
    assert re.fullmatch(r"a-[0-9a-f]{40}", audience.tag)


def test_tags_never_change() -> None:
    """The tag of an audience is part of the data that devices are registered with."""
    assert Audience.parse("user:ada").tag == "a-19d0191a4a07579538f81a3f3f84fc457560eafe"
    assert EVERYONE.tag == "a-5d67991ae967994c94b2e21a4d639c659d357a6f"


def test_only_roles_and_topics_need_a_group() -> None:
    """The live service has targets of its own for a user and for everyone."""
    assert Audience.parse("role:back-office").group == "role:back-office"
    assert Audience.parse("topic:outages").group == "topic:outages"
    assert Audience.parse("user:ada").group is None
    assert EVERYONE.group is None


@given(users, st.lists(names, max_size=10))
def test_a_person_is_in_the_audiences_of_who_they_are(user: str, roles: list[str]) -> None:
    """Themself, each of their roles once, and everyone; no one else's."""
    belongs = audiences_of(user, roles)
    assert belongs[0] == Audience(Kind.USER, user)
    assert belongs[-1] == EVERYONE
    assert [audience.name for audience in belongs[1:-1]] == sorted(set(roles))
    assert {audience.kind for audience in belongs[1:-1]} <= {Kind.ROLE}
