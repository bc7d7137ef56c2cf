from datetime import timedelta

import pytest

from shared.card import format_moment
from shared.errors import TransientError
from shared.inbox.heads import Newest, SharedHeads, overtaken
from shared.inbox.membership import Membership
from tests.unit.shared.fakes import DOWN, NOON, OFFICE, place, stored
from tests.unit.shared.memory import MemoryStore

THERE = [Membership(OFFICE)]


async def newest_of(store: MemoryStore) -> Newest:
    """The newest alerts of the office."""
    return (await SharedHeads(store).newest([OFFICE], {str(OFFICE): 0}))[OFFICE]


async def test_what_the_newest_alerts_tell_is_not_asked_for(store: MemoryStore) -> None:
    """A card that is among them, and one that would be if it were newer, costs no look at the store."""
    older, newer = stored("a", 1, OFFICE, thread="t"), stored("b", 2, OFFICE, thread="t")
    store.put(newer)
    known = {OFFICE: await newest_of(store)}
    store.down[OFFICE] = DOWN
    assert await overtaken(store, known, THERE, "t", older.position)
    assert not await overtaken(store, known, THERE, "t", newer.position)
    assert not await overtaken(store, known, THERE, "another", older.position)


async def test_of_what_nothing_is_known_is_asked_for(store: MemoryStore) -> None:
    """Without the newest alerts every card is looked up."""
    older, newer = stored("a", 1, OFFICE, thread="t"), stored("b", 2, OFFICE, thread="t")
    store.put(newer)
    assert await overtaken(store, {}, THERE, "t", older.position)
    assert not await overtaken(store, {}, THERE, "t", newer.position)


@pytest.mark.parametrize(("seconds", "asked"), [(-1, True), (0, True), (5, True), (6, False)])
async def test_what_was_enqueued_after_the_oldest_of_them_would_be_among_them(
    store: MemoryStore,
    seconds: int,
    asked: bool,  # noqa: FBT001  # as drawn up
) -> None:
    """But for the five seconds by which the queue's clock may go before ours."""
    alert = stored("a", 60_000, OFFICE)
    enqueued = place(60_000).enqueued
    known = {OFFICE: Newest({}, format_moment(enqueued - timedelta(seconds=seconds)))}
    store.down[OFFICE] = DOWN
    if not asked:
        assert not await overtaken(store, known, THERE, "t", alert.position)
        return
    with pytest.raises(TransientError):
        await overtaken(store, known, THERE, "t", alert.position)


async def test_a_revision_that_is_not_shown_overtakes_nothing(store: MemoryStore) -> None:
    """What was stored before the person joined is not theirs, whether it is known already or looked up."""
    older, newer = stored("a", 1, OFFICE, thread="t"), stored("b", 2, OFFICE, thread="t", at=NOON)
    store.put(newer)
    late = [Membership(OFFICE, since=NOON + timedelta(seconds=1))]
    for known in ({OFFICE: await newest_of(store)}, {}):
        assert not await overtaken(store, known, late, "t", older.position)
