"""A queue: what it holds, who waits for it, and what time does to it. Pure: the clock is injected, nothing is awaited.

    scheduled ──due──► active ◄──abandoned, released, lock expired── locked ──completed──► gone
                         │ ▲                                           │ │
                         │ └───────────────received────────────────────┘ └──deferred──► deferred
                         └──expired, delivered too often, dead-lettered──► dead letters (or gone)

A dead-letter queue is a queue too, but without deadlines, without a limit of deliveries, and nobody sends to it.
"""

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from emulators.service_bus.configuration import QueueDescription
from emulators.service_bus.delivery import DESCRIPTION, REASON, Consumer, Delivery, Outcome, Settlement
from emulators.service_bus.duplicates import DuplicateHistory
from emulators.service_bus.errors import (
    LockLostError,
    MessageNotFoundError,
    NotAllowedError,
)
from emulators.service_bus.journal import Acceptance, Journal, MessageKey, MessageRecord
from emulators.service_bus.message import (
    Message,
    MessageState,
    Stamp,
    parse,
    render,
    with_application_properties,
)

type Clock = Callable[[], int]
"""Milliseconds since 1970."""

DEAD_LETTER_SUFFIX: Final = "/$deadletterqueue"

_PEEK_LIMIT: Final = 1024 * 1024
"""Bytes that one peek returns at most, unless its first message alone is larger."""
_STALE_ALARMS: Final = 1024
"""How many alarms of messages that are gone are put up with."""


@dataclass(slots=True)
class _Held:
    """A message in the queue."""

    message: Message
    sequence_number: int
    state: MessageState
    enqueued_at: int
    time_to_live: int | None
    delivery_count: int = 0
    token: bytes | None = None
    """Of its lock, while it is locked."""
    locked_until: int = 0

    @property
    def expires_at(self) -> int | None:
        """When it expires if nobody holds it; a scheduled message only begins to live when it is due."""
        if self.time_to_live is None or self.state is not MessageState.ACTIVE:
            return None
        return self.enqueued_at + self.time_to_live

    @property
    def alarm(self) -> int | None:
        """When time alone changes it."""
        return self.message.scheduled_for if self.state is MessageState.SCHEDULED else self.expires_at


class Queue:
    """One queue, or the dead letters of one."""

    def __init__(
        self, path: str, description: QueueDescription, clock: Clock, journal: Journal, dead_letters: "Queue | None"
    ) -> None:
        self.path = path
        self._description = description
        self._clock = clock
        self._journal = journal
        self._dead_letters = dead_letters
        self._last_number = 0
        self._held: dict[int, _Held] = {}
        self._ready: list[int] = []
        """Heap of sequence numbers; those that are gone by then are passed over."""
        self._locks: dict[bytes, _Held] = {}
        """By token, in the order in which they expire: every lock of a queue lasts equally long."""
        self._alarms: list[tuple[int, int]] = []
        """Heap of moments and sequence numbers; an alarm counts only if it is still the message's own."""
        self._waiting: dict[Consumer, None] = {}
        """Consumers that want messages, in the order in which they get them."""
        self._history = DuplicateHistory(path, description.duplicate_window, journal)

    @property
    def is_dead_letter(self) -> bool:
        """Whether it holds the dead letters of another queue."""
        return self._dead_letters is None

    # Sending

    def send(self, messages: Iterable[Message]) -> list[int]:
        """Take messages, and return their sequence numbers. What is due later is scheduled.

        A duplicate is swallowed: its sequence number is that of the message that was accepted first.

        Raises:
            NotAllowedError: these are dead letters.
        """
        if self._dead_letters is None:
            raise NotAllowedError("Messages cannot be sent to a dead-letter queue.")
        now = self._clock()
        self._history.forget(now)
        numbers = [self._accept(message, now) for message in messages]
        self._dispatch()
        return numbers

    def cancel_scheduled(self, numbers: Sequence[int]) -> None:
        """Take scheduled messages back: all of them or, if one is not scheduled any more, none.

        Raises:
            MessageNotFoundError: one of them is not scheduled.
        """
        held = [self._find(number, MessageState.SCHEDULED) for number in numbers]
        for each in held:
            self._remove(each)

    def _accept(self, message: Message, now: int) -> int:
        first = self._history.find(message.message_id)
        if first is not None:
            return first.sequence_number
        number = self._next_number()
        scheduled = message.scheduled_for is not None and message.scheduled_for > now
        held = _Held(
            message,
            number,
            MessageState.SCHEDULED if scheduled else MessageState.ACTIVE,
            enqueued_at=now,
            time_to_live=self._lifetime(message),
        )
        self._insert(held)
        self._history.remember(message.message_id, Acceptance(now, number))
        return number

    def _lifetime(self, message: Message) -> int | None:
        limits = [each for each in (message.time_to_live, self._description.default_time_to_live) if each is not None]
        return min(limits, default=None)

    def _next_number(self) -> int:
        self._last_number += 1
        self._journal.changes.last_numbers[self.path] = self._last_number
        return self._last_number

    # Receiving

    def wait(self, consumer: Consumer) -> None:
        """Give the consumer messages, now and as they come, for as long as it is ready."""
        self._waiting[consumer] = None
        self._dispatch()

    def leave(self, consumer: Consumer) -> None:
        """Give the consumer nothing any more. What it has locked stays locked: it can be settled by its token."""
        self._waiting.pop(consumer, None)

    def receive_deferred(self, numbers: Sequence[int], *, delete: bool) -> list[Delivery]:
        """Receive deferred messages: all of them or, if one is not there, none.

        Raises:
            MessageNotFoundError: one of them is not deferred, or is locked.
        """
        held = [self._find(number, MessageState.DEFERRED) for number in numbers]
        return [self._take(each, delete=delete) for each in held]

    def peek(self, from_number: int, count: int) -> list[bytes]:
        """Messages of any state from that sequence number on, in order, without locking them."""
        result: list[bytes] = []
        size = 0
        for number in heapq.nsmallest(count, (each for each in self._held if each >= from_number)):
            encoded = self._render(self._held[number])
            size += len(encoded)
            if result and size > _PEEK_LIMIT:
                break
            result.append(encoded)
        return result

    def _dispatch(self) -> None:
        while self._ready and self._waiting:
            consumer = next(iter(self._waiting))
            del self._waiting[consumer]
            if not consumer.ready:
                continue
            held = self._next_ready()
            self._waiting[consumer] = None
            if held is not None:
                consumer.deliver(self._take(held, delete=consumer.deletes))

    def _next_ready(self) -> _Held | None:
        now = self._clock()
        while self._ready:
            held = self._held.get(heapq.heappop(self._ready))
            if held is None or held.token is not None or held.state is not MessageState.ACTIVE:
                continue
            if held.expires_at is not None and held.expires_at <= now:
                self._expire(held)
                continue
            return held
        return None

    def _take(self, held: _Held, *, delete: bool) -> Delivery:
        token = uuid4().bytes
        if delete:
            self._remove(held)
            return Delivery(token, self._render(held))
        held.token = token
        held.locked_until = self._clock() + self._description.lock_duration
        self._locks[token] = held
        return Delivery(token, self._render(held))

    def _render(self, held: _Held) -> bytes:
        return render(
            held.message,
            Stamp(
                sequence_number=held.sequence_number,
                enqueued_at=held.enqueued_at,
                state=held.state,
                delivery_count=held.delivery_count,
                time_to_live=held.time_to_live,
                locked_until=None if held.token is None else held.locked_until,
            ),
        )

    # Settling

    def settle(self, tokens: Sequence[bytes], settlement: Settlement) -> None:
        """Be done with locked messages: all of them or, if one is refused, none.

        Raises:
            LockLostError: nothing is locked by one of the tokens any more.
            NotAllowedError: a dead letter cannot be dead-lettered.
        """
        held = {token: self._locked(token) for token in tokens}
        if settlement.outcome is Outcome.DEAD_LETTERED and self._dead_letters is None:
            raise NotAllowedError("A message in a dead-letter queue cannot be dead-lettered.")
        for each in held.values():
            self._settle(each, settlement)
        self._dispatch()

    def renew(self, tokens: Sequence[bytes]) -> list[int]:
        """Lock messages for another lock duration, and return until when each is locked.

        Raises:
            LockLostError: one of them is not locked any more; none was renewed.
        """
        held = [self._locked(token) for token in tokens]
        until = self._clock() + self._description.lock_duration
        for token, each in zip(tokens, held, strict=True):
            each.locked_until = until
            self._locks[token] = self._locks.pop(token)
        return [until] * len(held)

    def _settle(self, held: _Held, settlement: Settlement) -> None:
        if settlement.outcome is Outcome.COMPLETED:
            self._remove(held)
            return
        held.message = with_application_properties(held.message, settlement.properties)
        match settlement.outcome:
            case Outcome.DEAD_LETTERED:
                self._bury(held)
            case Outcome.DEFERRED:
                held.state = MessageState.DEFERRED
                self._unlock(held, failed=True)
            case Outcome.ABANDONED:
                self._unlock(held, failed=True)
            case Outcome.RELEASED:
                self._unlock(held, failed=False)

    def _locked(self, token: bytes) -> _Held:
        held = self._locks.get(token)
        if held is None or held.locked_until <= self._clock():
            raise LockLostError
        return held

    def _unlock(self, held: _Held, *, failed: bool) -> None:
        if held.token is not None:
            del self._locks[held.token]
            held.token = None
        held.delivery_count += failed
        self._save(held)
        if self._dead_letters is not None and held.delivery_count >= self._description.max_delivery_count:
            self._bury(
                held,
                "MaxDeliveryCountExceeded",
                f"Message could not be consumed after {held.delivery_count} delivery attempts.",
            )
        elif held.expires_at is not None and held.expires_at <= self._clock():
            self._expire(held)
        elif held.state is MessageState.ACTIVE:
            heapq.heappush(self._ready, held.sequence_number)

    # Time

    def next_alarm(self) -> int | None:
        """When `tick` has something to do, in milliseconds since 1970."""
        moments = [self._alarms[0][0]] if self._alarms else []
        if self._locks:
            moments.append(next(iter(self._locks.values())).locked_until)
        return min(moments, default=None)

    def tick(self) -> None:
        """Do what is due: release locks that ran out, enqueue scheduled messages, take away expired ones."""
        now = self._clock()
        while self._locks:
            held = next(iter(self._locks.values()))
            if held.locked_until > now:
                break
            self._unlock(held, failed=True)
        while self._alarms and self._alarms[0][0] <= now:
            moment, number = heapq.heappop(self._alarms)
            due = self._held.get(number)
            # A locked message may still be completed after its time; if it is not, it expires when it is unlocked.
            if due is None or due.alarm != moment or due.token is not None:
                continue
            if due.state is MessageState.SCHEDULED:
                self._activate(due, now)
            else:
                self._expire(due)
        self._dispatch()

    def _activate(self, held: _Held, now: int) -> None:
        """Enqueue a scheduled message as if it was sent now: the service gives it a new sequence number."""
        self._remove(held)
        held.sequence_number = self._next_number()
        held.state = MessageState.ACTIVE
        held.enqueued_at = now
        self._insert(held)

    def _expire(self, held: _Held) -> None:
        if self._description.dead_letters_expired:
            self._bury(held, "TTLExpiredException", "The message expired and was dead lettered.")
        else:
            self._remove(held)

    def _bury(self, held: _Held, reason: str = "", description: str = "") -> None:
        """Move a message to the dead letters, where it keeps its sequence number and its enqueued time."""
        if self._dead_letters is None:
            raise NotAllowedError("A message in a dead-letter queue cannot be dead-lettered.")
        self._remove(held)
        if reason:
            held.message = with_application_properties(held.message, {REASON: reason, DESCRIPTION: description})
        held.state = MessageState.ACTIVE
        held.time_to_live = None
        self._dead_letters.take_over(held)

    def take_over(self, held: _Held) -> None:
        """Take a message that another queue gave up."""
        self._insert(held)
        self._dispatch()

    # Keeping

    def restore(
        self, records: Iterable[MessageRecord], last_number: int, acceptances: Iterable[tuple[str, Acceptance]]
    ) -> None:
        """Begin with what was committed. Nothing is locked; deliveries that were under way do not count as failed."""
        self._last_number = last_number
        for record in sorted(records, key=lambda each: each.key.sequence_number):
            message = parse(record.encoded)
            self._hold(
                _Held(
                    message,
                    record.key.sequence_number,
                    record.state,
                    record.enqueued_at,
                    None if self.is_dead_letter else self._lifetime(message),
                    record.delivery_count,
                )
            )
        self._history.restore(acceptances)

    def _find(self, number: int, state: MessageState) -> _Held:
        held = self._held.get(number)
        if held is None or held.state is not state or held.token is not None:
            raise MessageNotFoundError(f"No {state.name.lower()} message has the sequence number {number}.")
        return held

    def _insert(self, held: _Held) -> None:
        self._hold(held)
        self._save(held)

    def _hold(self, held: _Held) -> None:
        self._held[held.sequence_number] = held
        if held.state is MessageState.ACTIVE:
            heapq.heappush(self._ready, held.sequence_number)
        if held.alarm is not None:
            heapq.heappush(self._alarms, (held.alarm, held.sequence_number))

    def _save(self, held: _Held) -> None:
        key = MessageKey(self.path, held.sequence_number)
        self._journal.changes.messages[key] = MessageRecord(
            key, held.message.encoded, held.state, held.enqueued_at, held.delivery_count
        )

    def _remove(self, held: _Held) -> None:
        del self._held[held.sequence_number]
        if held.token is not None:
            del self._locks[held.token]
            held.token = None
        self._journal.changes.messages[MessageKey(self.path, held.sequence_number)] = None
        if len(self._alarms) > _STALE_ALARMS + 2 * len(self._held):
            self._alarms = [(each.alarm, number) for number, each in self._held.items() if each.alarm is not None]
            heapq.heapify(self._alarms)
