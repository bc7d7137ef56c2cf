from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.functions_host.errors import ScheduleSyntaxError
from emulators.functions_host.ncrontab import parse

START = datetime(2026, 2, 27, 23, 59, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("* * * * * *", "2026-02-27T23:59:31"),
        ("0 * * * * *", "2026-02-28T00:00:00"),
        ("0 */5 * * * *", "2026-02-28T00:00:00"),
        ("*/20 59 23 * * *", "2026-02-27T23:59:40"),
        ("30 59 23 * * *", "2026-02-28T23:59:30"),
        ("0 30 9 * * 1-5", "2026-03-02T09:30:00"),
        ("0 30 9 * * Mon-Fri", "2026-03-02T09:30:00"),
        ("0 30 9 * * fri-mon", "2026-03-02T09:30:00"),
        ("0 0 0 31 * *", "2026-03-31T00:00:00"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
        ("0 0 0 29 2 Mon", "2044-02-29T00:00:00"),
        ("0 0 0 1 Jan,Jul *", "2026-07-01T00:00:00"),
        ("0 0 0 13 * 5", "2026-03-13T00:00:00"),
        ("0 10/20 * * * *", "2026-02-28T00:10:00"),
        ("0 50-10/20 * * * *", "2026-02-28T00:10:00"),
        ("5 4 * * *", "2026-02-28T04:05:00"),
    ],
)
def test_next(expression: str, expected: str) -> None:
    """The next occurrence is the one that the timer trigger in Azure computes."""
    assert parse(expression).next_after(START) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    ["", "* * * *", "* * * * * * *", "60 * * * * *", "* * 24 * * *", "* * * 0 * *", "* * * * 13 *", "* * * * * 7",
     "a * * * * *", "* * * * Foo *", "*/x * * * * *", "1, * * * * *", "1- * * * * *", "-1 * * * * *", "00:05:00",
     "0 0 0 30 2 *"],
)  # fmt: skip
def test_refused(expression: str) -> None:
    """What is not a schedule, or never occurs, is refused when the host starts."""
    with pytest.raises(ScheduleSyntaxError):
        parse(expression)


def _field(minimum: int, maximum: int) -> st.SearchStrategy[str]:
    number = st.integers(minimum, maximum)
    return st.one_of(
        st.just("*"),
        st.lists(number.map(str), min_size=1, max_size=3).map(",".join),
        st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}"),
        st.integers(1, maximum).map("*/{}".format),
    )


def _allowed(text: str, value: int, minimum: int) -> bool:
    if text.startswith("*"):
        return (value - minimum) % int(text.removeprefix("*/") if "/" in text else 1) == 0
    if "-" in text:
        low, high = text.split("-")
        return int(low) <= value <= int(high)
    return str(value) in text.split(",")


@given(
    st.tuples(_field(0, 59), _field(0, 59), _field(0, 23), st.just("*"), st.just("*"), _field(0, 6)),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # as hypothesis asks
)
def test_next_is_the_earliest_that_fits(fields: tuple[str, ...], moment: datetime) -> None:
    """The next occurrence satisfies every field, and no second between now and then does."""
    following = parse(" ".join(fields)).next_after(moment)

    def fits(at: datetime) -> bool:
        values = (at.second, at.minute, at.hour, at.day, at.month, at.isoweekday() % 7)
        return all(_allowed(*pair) for pair in zip(fields, values, (0, 0, 0, 1, 1, 0), strict=True))

    assert following > moment
    assert fits(following)
    between = moment.replace(microsecond=0) + timedelta(seconds=1)
    while between < min(following, moment + timedelta(minutes=3)):
        assert not fits(between)
        between += timedelta(seconds=1)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # as above
def test_occurrences_go_forward(moment: datetime) -> None:
    """Asked again and again, a schedule goes through its occurrences without a repeat or a gap."""
    schedule = parse("0 0 */6 * * *")
    occurrences = [schedule.next_after(moment)]
    for _ in range(10):
        occurrences.append(schedule.next_after(occurrences[-1]))
    assert {later - earlier for earlier, later in pairwise(occurrences)} == {timedelta(hours=6)}
