import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import ValidationError, convert

from shared.position import Position, enqueued_at, position_of

times = st.datetimes(
    min_value=datetime(1970, 1, 1),  # noqa: DTZ001  # hypothesis wants bounds without a zone
    max_value=datetime(2286, 11, 20),  # noqa: DTZ001  # 13 digits of milliseconds end there
    timezones=st.just(UTC),
)
numbers = st.integers(0, 2**63 - 1)
places = st.tuples(times, numbers)


def _milliseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@given(places, places)
def test_positions_sort_like_time_and_number(one: tuple[datetime, int], other: tuple[datetime, int]) -> None:
    """As text, positions have the order of (enqueued in milliseconds, sequence number), and are equal only with it."""
    keys = [(_milliseconds(moment), number) for moment, number in (one, other)]
    texts = [position_of(*one), position_of(*other)]
    assert (texts[0] < texts[1]) == (keys[0] < keys[1])
    assert (texts[0] == texts[1]) == (keys[0] == keys[1])


@given(times, numbers)
def test_every_position_has_the_form_it_is_checked_for(moment: datetime, number: int) -> None:
    """What is made here is taken back from a message or a query."""
    position = position_of(moment, number)
    assert convert(position, Position) == position
    assert re.fullmatch(r"[0-9]{13}-[0-9]{19}", position)


@given(times, numbers)
def test_the_time_can_be_read_back(moment: datetime, number: int) -> None:
    """A position tells when the alert was enqueued, to the millisecond."""
    whole = moment - timedelta(microseconds=moment.microsecond % 1000)
    assert enqueued_at(position_of(moment, number)) == whole


@given(times, st.integers(0, 999))
def test_microseconds_are_cut_never_rounded_up(moment: datetime, microseconds: int) -> None:
    """Two services that tell the same moment with different precision mean the same position."""
    whole = moment - timedelta(microseconds=moment.microsecond % 1000)
    assert position_of(whole + timedelta(microseconds=microseconds), 1) == position_of(whole, 1)


def test_the_time_zone_does_not_matter() -> None:
    """The same moment has the same position wherever it was read off."""
    moment = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert position_of(moment.astimezone(timezone(timedelta(hours=5, minutes=45))), 7) == position_of(moment, 7)


def test_an_example() -> None:
    """Thirteen digits of milliseconds, nineteen of sequence number."""
    moment = datetime(2026, 11, 20, 5, 25, 45, 678_999, tzinfo=UTC)
    assert position_of(moment, 42) == "1795152345678-0000000000000000042"


@pytest.mark.parametrize(
    "text", ["", "1-2", "1795152345678-42", "1795152345678-000000000000000004x", "1795152345678-0000000000000000042\n"]
)
def test_other_texts_are_no_positions(text: str) -> None:
    """A position that would not sort with the others is refused."""
    with pytest.raises(ValidationError):
        convert(text, Position)
