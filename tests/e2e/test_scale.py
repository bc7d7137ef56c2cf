"""What the inbox must show at scale: counts and relations between them, never times."""

from collections.abc import AsyncIterator, Iterator

import pytest

from benchmarks.broadcast import tell_everyone
from benchmarks.catch_up import Crowd, Return
from benchmarks.history import read_inbox
from benchmarks.system import System as Measured
from emulators.cloud import Cloud
from tests.paging import read_under_load
from tests.system import System

pytestmark = pytest.mark.local_only(reason="it counts what the local services were asked")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A cloud where nobody else is counted."""
    with Cloud(free_ports=True, logs=tmp_path_factory.mktemp("logs")) as cloud:
        yield cloud


@pytest.fixture
async def measured(cloud: Cloud) -> AsyncIterator[Measured]:
    """The system, and what its services count."""
    async with Measured(cloud) as measured:
        yield measured


async def test_a_history_is_whole_while_alerts_arrive(system: System, measured: Measured, unique: str) -> None:
    """Page by page, while 2,000 alerts come: no card is missing, none is there twice, and catching up has the rest."""
    paging = await read_under_load(system, measured.filling, unique, stored=300, arriving=2_000)
    paging.check()


async def test_a_broadcast_costs_one_write_and_one_publish(measured: Measured) -> None:
    """However many people there are: 5,000 who are known cost what one does, and those who are connected see it."""
    one = await tell_everyone(measured, known=1, online=1)
    many = await tell_everyone(measured, known=5_000, online=20)
    assert one.usage.cosmos == many.usage.cosmos == {"create": 1}
    assert one.usage.web_pubsub == many.usage.web_pubsub == {"send_to_all": 1}
    assert many.usage.request_units == pytest.approx(one.usage.request_units)
    assert many.usage.frames == 20
    assert len(many.cards) == len({user for user, _ in many.cards}) == 20


async def test_a_page_costs_the_same_in_an_inbox_of_any_size(measured: Measured) -> None:
    """With 5,000 alerts as with 100: as many requests, and request units for what is on the page, not in the inbox."""
    few = await read_inbox(measured, 100, times=3)
    many = await read_inbox(measured, 5_000, times=3)
    assert many.usage.cosmos == few.usage.cosmos
    # The unread count looks at up to 128 alerts, and the smaller inbox has only 100.
    assert many.usage.request_units <= few.usage.request_units * 1.1


async def test_threads_cost_no_more_than_other_alerts(measured: Measured) -> None:
    """That another audience may have a newer revision of a card is not asked card by card."""
    plain = await read_inbox(measured, 100, times=3)
    threads = await read_inbox(measured, 100, times=3, threads=True)
    assert threads.usage.cosmos == plain.usage.cosmos
    assert threads.usage.request_units <= plain.usage.request_units * 1.1


CROWD = 200


@pytest.mark.parametrize("missed", [0, 1], ids=["nothing new", "after a broadcast"])
async def test_a_crowd_that_comes_back_costs_no_more_than_each_alone(measured: Measured, missed: int) -> None:
    """200 who reconnect at once share what is for all: each has the whole answer, and pays at most for themself."""
    alone = await _return(measured, 1, missed)
    crowd = await _return(measured, CROWD, missed)
    assert [len(answer["alerts"]) for answer in crowd.answers] == [missed] * CROWD
    assert crowd.usage.request_units / CROWD <= alone.usage.request_units
    # Each reads two feeds of their own; those of the role and of everyone are read for all, four times a second.
    shared_reads = crowd.usage.cosmos["changeFeed"] - 2 * CROWD
    assert shared_reads < CROWD / 2


async def _return(measured: Measured, people: int, missed: int) -> Return:
    crowd = Crowd(measured)
    await crowd.gather(people)
    if missed:
        await measured.publisher.send_many(
            {"to": [f"role:{crowd.role}"], "title": f"Missed {number}"} for number in range(missed)
        )
        await measured.drained()
    return await crowd.come_back()


async def test_who_comes_back_right_after_others_misses_nothing(measured: Measured) -> None:
    """What was stored between two who ask is in the second one's answer, however close they are."""
    crowd = Crowd(measured)
    await crowd.gather(2)
    for number in range(5):
        await measured.publisher.send({"to": [f"role:{crowd.role}"], "title": f"Alert {number}"})
        await measured.drained()
        came = await crowd.come_back()
        assert [len(answer["alerts"]) for answer in came.answers] == [number + 1] * 2
