from hypothesis import given
from hypothesis import strategies as st

from emulators.functions_host.batching import BatchBuffer


def test_without_a_minimum() -> None:
    """With a minimum of one, everything that was received is a batch at once."""
    buffer: BatchBuffer[int] = BatchBuffer(1, 10, 30)
    assert buffer.add([1, 2], 0) == [1, 2]
    assert buffer.add([], 1) == []
    assert buffer.due is None


def test_held_back() -> None:
    """Fewer than the minimum are held back until more come."""
    buffer: BatchBuffer[int] = BatchBuffer(3, 10, 30)
    assert buffer.add([1], 0) == []
    assert buffer.due == 30
    assert buffer.add([2], 10) == []
    assert buffer.due == 30
    assert buffer.add([3, 4], 20) == [1, 2, 3, 4]
    assert buffer.due is None


def test_overdue() -> None:
    """When the wait is over, what there is becomes the batch."""
    buffer: BatchBuffer[int] = BatchBuffer(3, 10, 30)
    buffer.add([1], 0)
    assert buffer.overdue(29) == []
    assert buffer.overdue(30) == [1]
    assert buffer.overdue(60) == []


def test_remaining() -> None:
    """At the end everything is handed out, in batches no larger than the maximum."""
    buffer: BatchBuffer[int] = BatchBuffer(2, 2, 30)
    assert buffer.add([1, 2, 3, 4, 5], 0) == [1, 2]
    assert [buffer.remaining(), buffer.remaining(), buffer.remaining()] == [[3, 4], [5], []]


@given(st.integers(1, 5), st.integers(0, 5), st.lists(st.lists(st.integers(), max_size=8), max_size=10))
def test_nothing_is_lost(minimum: int, room: int, received: list[list[int]]) -> None:
    """Every message is handed out once, in order, in batches within the bounds."""
    maximum = minimum + room
    buffer: BatchBuffer[int] = BatchBuffer(minimum, maximum, 30)
    batches = [batch for now, items in enumerate(received) if (batch := buffer.add(items, now))]
    assert all(minimum <= len(batch) <= maximum for batch in batches)
    while batch := buffer.remaining():
        assert len(batch) <= maximum
        batches.append(batch)
    assert [item for batch in batches for item in batch] == [item for items in received for item in items]
