from hypothesis import given
from hypothesis import strategies as st

from shared.card import format_moment
from shared.inbox.state import Mark, State, state_of
from tests.unit.shared.fakes import NOON, stored

FIRST, SECOND = stored("a", 1).position, stored("a", 2).position
AT = format_moment(NOON)
BEFORE, AFTER = "2026-03-01T11:59:59.999Z", "2026-03-01T12:00:00.001Z"


def mark(position: str = FIRST, version: int = 1, *, read: bool | None = None, archived: bool = False) -> Mark:
    """What a person said about a card."""
    return Mark("a", position, version, read, archived)


def test_without_a_mark_a_card_is_read_if_it_was_there_then() -> None:
    """Everything that was stored up to "mark all as read" is read, that moment included."""
    assert state_of(FIRST, AT, None, "") == State(read=False, archived=False)
    assert state_of(FIRST, AT, None, BEFORE) == State(read=False, archived=False)
    assert state_of(FIRST, AT, None, AT) == State(read=True, archived=False)
    assert state_of(FIRST, AT, None, AFTER) == State(read=True, archived=False)


def test_a_mark_goes_before() -> None:
    """Unread on purpose stays unread, read stays read, whatever was said about all."""
    assert state_of(FIRST, AT, mark(read=False), AFTER) == State(read=False, archived=False)
    assert state_of(FIRST, AT, mark(read=True), "") == State(read=True, archived=False)
    assert state_of(FIRST, AT, mark(archived=True), "") == State(read=False, archived=True)


def test_a_mark_is_about_one_revision() -> None:
    """The next one is new: unread, and back from the archive."""
    assert state_of(SECOND, AT, mark(read=True, archived=True), "") == State(read=False, archived=False)


marks = st.builds(
    mark,
    st.sampled_from([FIRST, SECOND]),
    st.integers(1, 3),
    read=st.sampled_from([None, True, False]),
    archived=st.booleans(),
)


@given(st.lists(marks, min_size=1, max_size=5).flatmap(lambda said: st.tuples(st.just(said), st.permutations(said))))
def test_the_order_in_which_marks_come_does_not_matter(orders: tuple[list[Mark], list[Mark]]) -> None:
    """Tabs and devices hear of marks in different orders, and end with the same one."""

    def last(order: list[Mark]) -> tuple[str, int]:
        current = order[0]
        for other in order[1:]:
            current = other if other.supersedes(current) else current
        return current.position, current.version

    said, otherwise = orders
    assert last(said) == last(otherwise) == max((one.position, one.version) for one in said)
