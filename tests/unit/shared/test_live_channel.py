import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.channels.live import MAXIMUM_FRAME_BYTES, LiveChannel
from shared.errors import RefusedError, TransientError
from tests.unit.shared.fakes import ADA, BEN, OFFICE, RecordingPublisher, stored

DATA_BYTES = 16_000


def large(number: int) -> dict[str, Any]:
    """Fields of about as large an alert as there is."""
    return {"body": "\U0001f514" * 4000, "data": {"x": "y" * DATA_BYTES, "n": number}}


async def test_an_audience_gets_one_frame_for_a_batch(publisher: RecordingPublisher) -> None:
    """The alerts of an audience are joined: the cost is one message, whatever their number."""
    alerts = [stored(f"a{number}", number, audience) for number in range(16) for audience in (ADA, OFFICE)]
    assert await LiveChannel(publisher).deliver(alerts) == [None] * 32
    assert sorted(str(audience) for audience, _ in publisher.frames) == ["role:back-office", "user:ada"]
    assert all(frame["type"] == "alerts" and len(frame["alerts"]) == 16 for _, frame in publisher.frames)


async def test_the_cards_of_an_audience_come_in_their_order(publisher: RecordingPublisher) -> None:
    """By position, whatever order the batch had."""
    await LiveChannel(publisher).deliver([stored("c", 3), stored("b", 2, BEN), stored("a", 1), stored("b", 2)])
    assert [card["id"] for card in publisher.cards(ADA)] == ["a", "b", "c"]
    assert [card["id"] for card in publisher.cards(BEN)] == ["b"]


async def test_a_card_is_sent_as_new(publisher: RecordingPublisher) -> None:
    """Unread and in its place; a withdrawn one only by its key."""
    await LiveChannel(publisher).deliver([stored("a", 1), stored("b", 2, retract=True, thread="t")])
    first, second = publisher.cards(ADA)
    assert (first["card"], first["read"], first["archived"]) == ("a", False, False)
    assert second == {"card": "t", "position": stored("b", 2).position, "retracted": True}


async def test_frames_stay_below_the_limit_of_the_service(publisher: RecordingPublisher) -> None:
    """A batch of the largest alerts goes in several frames, in order, none too large as it is written, in ASCII."""
    alerts = [stored(f"a{number:02d}", number, **large(number)) for number in range(60)]
    assert await LiveChannel(publisher).deliver(alerts) == [None] * 60
    assert len(publisher.frames) > 1
    assert all(len(json.dumps(frame)) <= 1_000_000 for _, frame in publisher.frames)
    assert [card["id"] for card in publisher.cards(ADA)] == [f"a{number:02d}" for number in range(60)]
    # Not more frames than needed: two neighbours do not fit into one.
    sizes = [len(json.dumps(frame)) for _, frame in publisher.frames]
    assert all(size + next_size > MAXIMUM_FRAME_BYTES for size, next_size in pairwise(sizes))


async def test_one_audience_that_fails_does_not_hinder_the_others(publisher: RecordingPublisher) -> None:
    """Each alert gets the outcome of its own audience, in the order given."""
    publisher.down = {ADA: TransientError("busy"), OFFICE: RefusedError("never")}
    alerts = [stored("a", 1, ADA), stored("a", 1, BEN), stored("a", 1, OFFICE), stored("b", 2, ADA)]
    outcomes = await LiveChannel(publisher).deliver(alerts)
    assert outcomes == [publisher.down[ADA], None, publisher.down[OFFICE], publisher.down[ADA]]
    assert [audience for audience, _ in publisher.frames] == [BEN]


async def test_a_frame_that_fails_fails_only_its_own_alerts() -> None:
    """Of a batch in several frames those that were taken are not sent again."""

    class FailingFirst(RecordingPublisher):
        async def publish(self, audience: Any, frame: dict[str, Any]) -> None:
            self.down = {ADA: TransientError("busy")} if self.begun == 0 else {}
            await super().publish(audience, frame)

    publisher = FailingFirst()
    outcomes = await LiveChannel(publisher).deliver([stored(f"a{n:02d}", n, **large(n)) for n in range(60)])
    failed = [outcome is not None for outcome in outcomes]
    told = len(publisher.cards(ADA))
    assert 0 < told < 60
    assert failed == [True] * (60 - told) + [False] * told


async def test_a_defect_is_not_taken_for_success(publisher: RecordingPublisher) -> None:
    """What is no error of ours goes to the caller, who tries again."""
    publisher.down = {ADA: KeyError("a bug")}
    with pytest.raises(KeyError):
        await LiveChannel(publisher).deliver([stored("a", 1, BEN), stored("a", 1, ADA)])


async def test_nothing_to_tell_is_nothing_sent(publisher: RecordingPublisher) -> None:
    """No empty frames."""
    assert await LiveChannel(publisher).deliver([]) == []
    assert publisher.begun == 0


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from([ADA, BEN, OFFICE])), max_size=32))
async def test_every_alert_is_told_once_in_order(batch: list[tuple[int, Any]]) -> None:
    """For any batch: each audience is told of exactly its own alerts, in their order, in one frame."""
    publisher = RecordingPublisher()
    outcomes = await LiveChannel(publisher).deliver([stored(f"a{n:02d}", n, audience) for n, audience in batch])
    assert outcomes == [None] * len(batch)
    for audience in (ADA, BEN, OFFICE):
        expected = sorted(f"a{number:02d}" for number, owner in batch if owner == audience)
        assert [card["id"] for card in publisher.cards(audience)] == expected
    assert len(publisher.frames) == len({audience for _, audience in batch})
