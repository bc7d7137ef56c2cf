import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from shared.card import SEEN_LIMIT, StoredAlert
from shared.delivery.keeping import Dropped, Kept, Verdict, judge, keep
from shared.errors import BelfryError, RefusedError, TransientError
from tests.unit.shared.fakes import ADA, BEN, stored
from tests.unit.shared.memory import Fault, MemoryStore

REDELIVERY, REVISION, REPEAT = Verdict.REDELIVERY, Verdict.REVISION, Verdict.REPEAT
OVERTAKEN, EARLY = Verdict.OVERTAKEN, Verdict.EARLY


async def keep_one(store: MemoryStore, alert: StoredAlert) -> Kept:
    """What becomes of a single alert."""
    [outcome] = await keep(store, alert.audience, [alert])
    return outcome


def shown(store: MemoryStore, card: str) -> tuple[str, str]:
    """Id and position of the alert that a card of Ada's shows."""
    current = store.cards[ADA, card].stored
    return current.id, current.position


async def test_a_new_alert_is_kept_with_one_write_and_no_read(store: MemoryStore) -> None:
    """The write goes first: the usual case costs one call for all alerts of an audience."""
    alerts = [stored(name, number) for number, name in enumerate("abc")]
    outcomes = await keep(store, ADA, alerts)
    assert [outcome.id for outcome in outcomes if isinstance(outcome, StoredAlert)] == ["a", "b", "c"]
    assert store.writes == 3
    assert len(store.of(ADA)) == 3


async def test_a_redelivery_is_told_again(store: MemoryStore) -> None:
    """Whether its people were told before the crash nobody knows: at least once is the promise."""
    first = await keep_one(store, stored("a", 1))
    again = await keep_one(store, stored("a", 1, at=stored().at.replace(hour=13)))
    assert isinstance(first, StoredAlert)
    assert again == first


async def test_a_repeat_of_the_producer_is_dropped(store: MemoryStore) -> None:
    """The same id at another position is the same alert sent twice, however late, and whichever comes first."""
    for card, first, second in (("a", 1, 2), ("b", 2, 1)):
        await keep_one(store, stored(card, first))
        assert await keep_one(store, stored(card, second)) == Dropped(REPEAT)
        assert shown(store, card) == (card, stored(card, first).position)


async def test_a_newer_alert_of_a_thread_replaces_the_card(store: MemoryStore) -> None:
    """Firing becomes resolved in the place where firing was."""
    await keep_one(store, stored("firing", 1, thread="t"))
    outcome = await keep_one(store, stored("resolved", 2, thread="t"))
    assert isinstance(outcome, StoredAlert)
    assert outcome.seen == ("firing", "resolved")
    assert shown(store, "t") == ("resolved", stored("x", 2).position)


async def test_an_overtaken_alert_does_not_come_back(store: MemoryStore) -> None:
    """What an outage delayed must not cover what came after it."""
    await keep_one(store, stored("resolved", 2, thread="t"))
    assert await keep_one(store, stored("firing", 1, thread="t")) == Dropped(OVERTAKEN)
    assert shown(store, "t")[0] == "resolved"


async def test_a_repeat_of_an_earlier_alert_does_not_cover_its_thread(store: MemoryStore) -> None:
    """Firing, resolved, and firing once more by a producer that tried again: resolved stays."""
    for name, number in (("firing", 1), ("resolved", 2)):
        await keep_one(store, stored(name, number, thread="t"))
    assert await keep_one(store, stored("firing", 3, thread="t")) == Dropped(REPEAT)
    assert shown(store, "t")[0] == "resolved"


async def test_a_card_remembers_its_last_alerts(store: MemoryStore) -> None:
    """Repeats are known as long as the thread has not moved on by more than the limit; the memory does not grow."""
    for number in range(SEEN_LIMIT + 1):
        await keep_one(store, stored(f"a{number}", number, thread="t"))
    current = store.cards[ADA, "t"].stored
    assert current.seen == tuple(f"a{number}" for number in range(1, SEEN_LIMIT + 1))
    assert await keep_one(store, stored("a1", 100, thread="t")) == Dropped(REPEAT)


async def test_alerts_of_one_thread_in_one_batch_are_kept_in_their_order(store: MemoryStore) -> None:
    """Whatever order the batch has them in; each is told, the newest stays."""
    outcomes = await keep(store, ADA, [stored("b", 2, thread="t"), stored("c", 3, thread="t"), stored("a", 1)])
    outcomes += await keep(store, ADA, [stored("f", 6, thread="u"), stored("d", 4, thread="u"), stored("e", 5)])
    assert [outcome.id for outcome in outcomes if isinstance(outcome, StoredAlert)] == ["b", "c", "a", "f", "d", "e"]
    assert shown(store, "t")[0] == "c"
    assert shown(store, "u")[0] == "f"


async def test_a_repeat_within_a_batch_is_dropped(store: MemoryStore) -> None:
    """Twice in one batch is twice."""
    outcomes = await keep(store, ADA, [stored("a", 2), stored("a", 1)])
    assert outcomes[0] == Dropped(REPEAT)
    assert shown(store, "a") == ("a", stored("a", 1).position)


async def test_audiences_do_not_mix(store: MemoryStore) -> None:
    """The same alert for two audiences is two documents."""
    for audience in (ADA, BEN):
        assert isinstance(await keep_one(store, stored("a", 1, audience)), StoredAlert)


async def test_a_store_that_is_down_fails_every_alert_of_the_audience(store: MemoryStore) -> None:
    """Each alert gets the error; none is said to be kept."""
    store.down[ADA] = TransientError("down")
    assert await keep(store, ADA, [stored("a"), stored("b")]) == [store.down[ADA]] * 2


async def test_one_alert_that_is_refused_does_not_take_others_with_it(store: MemoryStore) -> None:
    """A transaction fails as a whole; the alerts that are not to blame are kept all the same."""
    store.refused = {"b"}
    outcomes = await keep(store, ADA, [stored("a"), stored("b"), stored("c")])
    assert isinstance(outcomes[1], RefusedError)
    assert {kept.id for kept in store.of(ADA)} == {"a", "c"}
    assert [isinstance(outcome, StoredAlert) for outcome in outcomes] == [True, False, True]


async def test_a_card_that_vanishes_while_it_is_looked_at_is_written_anew() -> None:
    """Retention or an erasure may come between the conflict and the reading."""

    class Vanishing(MemoryStore):
        async def read(self, *arguments: Any) -> None:
            self.cards.clear()
            await super().read(*arguments)

    vanishing = Vanishing()
    vanishing.put(stored("a", 1, thread="t"))
    assert isinstance(await keep_one(vanishing, stored("b", 2, thread="t")), StoredAlert)
    assert vanishing.cards[ADA, "t"].stored.id == "b"


async def test_a_card_that_others_replace_all_the_time_is_tried_later() -> None:
    """Trying ends, with an error that brings the alert back."""

    class Contended(MemoryStore):
        async def replace(self, *_: Any) -> bool:
            return False

    contended = Contended()
    contended.put(stored("a", 1, thread="t"))
    assert isinstance(await keep_one(contended, stored("b", 2, thread="t")), TransientError)


JUDGEMENTS: list[tuple[dict[str, Any], dict[str, Any], Verdict]] = [
    ({"alert_id": "a", "number": 1}, {"alert_id": "a", "number": 1}, REDELIVERY),
    ({"alert_id": "a", "number": 1}, {"alert_id": "a", "number": 2, "retract": True}, REVISION),
    ({"alert_id": "a", "number": 2}, {"alert_id": "a", "number": 1, "retract": True}, OVERTAKEN),
    ({"alert_id": "a", "number": 1, "retract": True}, {"alert_id": "a", "number": 1, "retract": True}, REDELIVERY),
    ({"alert_id": "a", "number": 1, "retract": True}, {"alert_id": "a", "number": 2, "retract": True}, OVERTAKEN),
    ({"alert_id": "a", "number": 2, "retract": True}, {"alert_id": "a", "number": 1}, REPEAT),
    ({"alert_id": "a", "number": 2, "retract": True}, {"alert_id": "a", "number": 3}, REPEAT),
    ({"alert_id": "b", "number": 2}, {"alert_id": "a", "number": 3, "retract": True}, EARLY),
    ({"alert_id": "b", "number": 2, "retract": True}, {"alert_id": "a", "number": 3, "retract": True}, EARLY),
    ({"alert_id": "a", "number": 2, "retract": True}, {"alert_id": "b", "number": 3}, REVISION),
]


@pytest.mark.parametrize(("current", "incoming", "verdict"), JUDGEMENTS, ids=str)
def test_a_retraction_withdraws_its_own_alert_for_good(
    current: dict[str, Any], incoming: dict[str, Any], verdict: Verdict
) -> None:
    """Also one that is still on its way; not a later alert of the thread, and not what it does not name."""
    before = stored(**current, thread="t")
    before = StoredAlert(before.alert, before.id, ADA, before.position, before.at, seen=(before.id,))
    assert judge(before, stored(**incoming, thread="t")) is verdict


async def test_a_retraction_that_comes_before_its_alert_is_remembered(store: MemoryStore) -> None:
    """The thread goes on showing what it shows; the withdrawn alert, delayed or still scheduled, never appears."""
    await keep_one(store, stored("firing", 1, thread="t"))
    withdrawal = stored("reminder", 3, thread="t", retract=True)
    assert await keep_one(store, withdrawal) == Dropped(EARLY)
    assert await keep_one(store, withdrawal) == Dropped(OVERTAKEN)
    for number in (2, 4):
        assert await keep_one(store, stored("reminder", number, thread="t")) == Dropped(REPEAT)
    assert shown(store, "t") == ("firing", stored("x", 1).position)


async def test_a_retraction_of_an_earlier_alert_leaves_the_later_one(store: MemoryStore) -> None:
    """What has replaced the withdrawn alert stays."""
    for name, number in (("firing", 1), ("resolved", 2)):
        await keep_one(store, stored(name, number, thread="t"))
    assert await keep_one(store, stored("firing", 3, thread="t", retract=True)) == Dropped(OVERTAKEN)
    assert shown(store, "t")[0] == "resolved"


# Histories: every order, every interleaving of two consumers, and faults in between.


class History(Struct, frozen=True):
    """What happens to the messages of one audience."""

    alerts: tuple[StoredAlert, ...]
    deliveries: tuple[tuple[int, ...], ...]
    """Batches, as numbers of alerts; every alert is in one at least, redelivered ones in several."""
    faults: tuple[Fault | None, ...]
    pauses: tuple[int, ...]


@st.composite
def histories(draw: st.DrawFn, *, repeats: bool) -> History:
    """Random histories of up to eight messages in two threads and on their own."""
    size = draw(st.integers(1, 8))
    threads = draw(st.lists(st.sampled_from(["t", "u", None]), min_size=size, max_size=size))
    names = [draw(st.sampled_from("abc")) if repeats else f"id{number}" for number in range(size)]
    # A producer that repeats an alert repeats its thread as well.
    of_name = dict(zip(names, threads, strict=True))
    alerts = [stored(name, number, thread=of_name[name]) for number, name in enumerate(names)]
    order = draw(st.permutations(range(size))) + draw(st.lists(st.integers(0, size - 1), max_size=6))
    cuts = sorted({0, len(order), *draw(st.lists(st.integers(0, len(order)), max_size=4))})
    return History(
        tuple(alerts),
        tuple(tuple(dict.fromkeys(order[start:end])) for start, end in pairwise(cuts)),
        tuple(draw(st.lists(st.sampled_from([None, None, *Fault]), max_size=30))),
        tuple(draw(st.lists(st.integers(0, 3), max_size=60))),
    )


class Outcome(Struct, frozen=True):
    """What came of a history: the inbox, and everything that was to be told, in order."""

    store: MemoryStore
    told: list[StoredAlert]
    dropped: list[tuple[StoredAlert, Verdict]]


def live_through(history: History) -> Outcome:
    """Two consumers share the batches; what fails comes again until it does not."""
    outcome = Outcome(MemoryStore(), [], [])
    outcome.store.faults = iter(history.faults)
    outcome.store.pauses = iter(history.pauses)

    async def consume(batches: deque[Sequence[int]]) -> None:
        while batches:
            batch = batches.popleft()
            failed: list[int] = []
            kept = await keep(outcome.store, ADA, [history.alerts[index] for index in batch])
            for index, result in zip(batch, kept, strict=True):
                match result:
                    case StoredAlert():
                        outcome.told.append(result)
                    case Dropped(verdict):
                        outcome.dropped.append((history.alerts[index], verdict))
                    case BelfryError():
                        failed.append(index)
            if failed:
                batches.append(failed)

    async def both() -> None:
        await asyncio.gather(consume(deque(history.deliveries[::2])), consume(deque(history.deliveries[1::2])))

    asyncio.run(both())
    return outcome


@given(histories(repeats=False))
def test_every_card_ends_with_its_newest_alert(history: History) -> None:
    """Any order, any interleaving, any fault: the inbox converges, and what it shows in the end was told."""
    outcome = live_through(history)
    newest = {alert.card: alert.position for alert in sorted(history.alerts, key=lambda alert: alert.position)}
    assert {alert.card: alert.position for alert in outcome.store.of(ADA)} == newest
    assert set(newest.values()) <= {alert.position for alert in outcome.told}
    assert all(verdict in (OVERTAKEN, REPEAT) for _, verdict in outcome.dropped)


@given(histories(repeats=True))
def test_no_alert_is_ever_told_as_two(history: History) -> None:
    """However often a producer repeats an id, one of its messages is told and the others never."""
    outcome = live_through(history)
    positions: dict[str, set[str]] = {}
    for alert in outcome.told:
        positions.setdefault(alert.id, set()).add(alert.position)
    assert all(len(told) == 1 for told in positions.values())
    told = {alert.position for alert in outcome.told}
    assert {alert.position for alert in outcome.store.of(ADA)} <= told
    assert {alert.card for alert in outcome.store.of(ADA)} == {alert.card for alert in history.alerts}


@given(histories(repeats=True))
def test_what_a_card_shows_is_told_on_every_redelivery(history: History) -> None:
    """After whatever has happened, the messages behind the cards can be redelivered, and only they are told again."""
    outcome = live_through(history)
    outcome.store.faults = iter(())
    before = outcome.store.writes
    current = {alert.position for alert in outcome.store.of(ADA)}
    for alert in history.alerts:
        [result] = asyncio.run(keep(outcome.store, ADA, [alert]))
        assert isinstance(result, StoredAlert) == (alert.position in current)
    assert outcome.store.writes == before


@given(histories(repeats=False), st.data())
def test_a_withdrawn_alert_never_shows_again(history: History, data: st.DataObject) -> None:
    """Wherever its retraction comes in the order, in the end the alert is gone, or overtaken in its thread."""
    victim = data.draw(st.sampled_from(history.alerts))
    number = len(history.alerts)
    withdrawal = stored(victim.id, number, retract=True, thread=victim.alert.thread)
    deliveries = [*history.deliveries]
    deliveries.insert(data.draw(st.integers(0, len(deliveries))), (number,))
    outcome = live_through(History((*history.alerts, withdrawal), tuple(deliveries), history.faults, history.pauses))
    current = outcome.store.cards[ADA, victim.card].stored
    assert current.retracted or current.id != victim.id
