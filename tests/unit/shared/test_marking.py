import asyncio
from datetime import datetime, timedelta, timezone

import pytest

from shared.audience import EVERYONE
from shared.card import format_moment
from shared.identity import Person
from shared.inbox.errors import CardNotFoundError
from shared.inbox.history import Wanted
from shared.inbox.marking import ReadSoFar, Said
from tests.unit.shared.fakes import ADA, BEN, DOWN, NOON, OFFICE, stored
from tests.unit.shared.house import House, Worker

ME = Person("ada", frozenset({"back-office"}))
HOUR = timedelta(hours=1)


@pytest.fixture
def house() -> House:
    """An application at three o'clock."""
    house = House()
    house.clock.advance(3 * HOUR)
    return house


async def unread(house: House) -> list[str]:
    """The cards that are unread, a moment later: what is read for everybody is kept for a second."""
    house.clock.advance(timedelta(seconds=1))
    page = await house.worker.reading.history(ME, Wanted(100, unread=True))
    assert page.unread == len(page.alerts)
    return [card["card"] for card in page.alerts]


async def test_a_card_is_read_unread_and_archived(house: House) -> None:
    """What is not said stays as it was; each time the mark's version grows."""
    house.store.put(stored("a"))
    read = await house.worker.marking.mark(ME, "a", Said(read=True))
    archived = await house.worker.marking.mark(ME, "a", Said(archived=True))
    back = await house.worker.marking.mark(ME, "a", Said(read=False, archived=False))
    assert [(mark.read, mark.archived, mark.version) for mark in (read, archived, back)] == [
        (True, False, 1),
        (True, True, 2),
        (False, False, 3),
    ]


async def test_other_tabs_and_devices_hear_of_it(house: House) -> None:
    """The person's own audience gets the mark; when that fails, the mark is kept all the same."""
    house.store.put(stored("a", 1, EVERYONE))
    mark = await house.worker.marking.mark(ME, "a", Said(read=True))
    [(audience, frame)] = house.live.frames
    assert (audience, frame["type"], frame["readUpTo"]) == (ADA, "marks", "")
    assert [(told["card"], told["version"], told["read"]) for told in frame["marks"]] == [("a", 1, True)]
    house.live.down = {ADA: DOWN}
    again = await house.worker.marking.mark(ME, "a", Said(read=False))
    assert again.supersedes(mark)


async def test_two_tabs_at_once_both_count(house: House) -> None:
    """Neither overwrites what the other has said."""
    house.store.put(stored("a"))
    marking = Worker(house).marking
    await asyncio.gather(
        house.worker.marking.mark(ME, "a", Said(read=True)), marking.mark(ME, "a", Said(archived=True))
    )
    mark, _ = house.people.kept["ada", "a"]
    assert (mark.read, mark.archived, mark.version) == (True, True, 2)


@pytest.mark.parametrize("gone", ["other", "retracted", "expired", "never"])
async def test_a_card_that_the_person_does_not_have_is_not_found(house: House, gone: str) -> None:
    """Someone else's, a withdrawn one, one whose time is over, one that never was: no difference is told."""
    house.store.put(
        stored("other", 1, BEN), stored("retracted", 2, retract=True), stored("expired", 3, expires_at=NOON + HOUR)
    )
    with pytest.raises(CardNotFoundError):
        await house.worker.marking.mark(ME, gone, Said(read=True))
    assert house.people.kept == {}


async def test_all_that_can_be_seen_is_marked_as_read(house: House) -> None:
    """One write, whatever the number of cards; what is stored from then on is unread."""
    house.store.put(*(stored(f"a{number}", number, at=NOON + number * HOUR / 100) for number in range(50)))
    house.store.put(stored("late", 60, OFFICE, at=NOON + HOUR))
    assert await house.worker.marking.mark_all(ME, None) == ReadSoFar(format_moment(NOON + HOUR), moved=True)
    assert await unread(house) == []
    assert house.people.kept == {}
    house.store.put(stored("new", 61, at=NOON + 2 * HOUR), stored("delayed", 5, OFFICE, at=NOON + 3 * HOUR))
    assert await unread(house) == ["new", "delayed"]


async def test_marking_up_to_a_moment_leaves_what_came_later(house: House) -> None:
    """What the person had on screen is read, and no more."""
    house.store.put(*(stored(f"a{number}", number, at=NOON + number * HOUR) for number in range(3)))
    await house.worker.marking.mark_all(ME, NOON + HOUR)
    assert await unread(house) == ["a2"]


async def test_what_is_read_does_not_become_unread_again(house: House) -> None:
    """A slow tab that asks for an earlier moment changes nothing."""
    house.store.put(*(stored(f"a{number}", number, at=NOON + number * HOUR) for number in range(3)))
    latest = await house.worker.marking.mark_all(ME, None)
    assert await house.worker.marking.mark_all(ME, NOON) == ReadSoFar(latest.moment, moved=False)
    assert await unread(house) == []
    assert house.live.frames[-1][1]["readUpTo"] == latest.moment


async def test_what_is_yet_to_come_cannot_be_read(house: House) -> None:
    """A clock that is ahead, or a mischievous one, does not silence the future."""
    await house.worker.marking.mark_all(ME, NOON + 1000 * HOUR)
    house.clock.advance(HOUR)
    house.store.put(stored("a", 1, at=house.clock.now))
    assert await unread(house) == ["a"]


async def test_marking_all_includes_what_was_kept_unread(house: House) -> None:
    """A card that was marked as unread on purpose is read with all the others, and the tabs hear of it."""
    house.store.put(stored("a", 1), stored("b", 2))
    await house.worker.marking.mark_all(ME, None)
    await house.worker.marking.mark(ME, "a", Said(read=False))
    assert await unread(house) == ["a"]
    await house.worker.marking.mark_all(ME, None)
    assert await unread(house) == []
    assert [(told["card"], told["read"]) for told in house.live.frames[-1][1]["marks"]] == [("a", True)]


async def test_the_first_moment_there_is_reads_nothing(house: House) -> None:
    """Where it is still the day before in UTC there is no such moment."""
    moment = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
    assert (await house.worker.marking.mark_all(ME, moment)).moment == "1970-01-01T00:00:00.000Z"
