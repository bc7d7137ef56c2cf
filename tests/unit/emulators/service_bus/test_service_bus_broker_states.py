"""The broker against a model that is too simple to be wrong, through sends, receipts, time, and crashes."""

import copy
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from emulators.service_bus.amqp.encoding import encode, encode_described_list
from emulators.service_bus.amqp.values import Symbol, Timestamp, UInt, Value
from emulators.service_bus.broker import Broker
from emulators.service_bus.configuration import QueueDescription
from emulators.service_bus.delivery import Delivery, Outcome, Settlement
from emulators.service_bus.errors import LockLostError, MessageNotFoundError, NotAllowedError
from emulators.service_bus.message import MessageState, Section, parse, sections
from emulators.service_bus.queues import Queue
from emulators.service_bus.store import Store

QUEUE = QueueDescription(
    "alerts",
    lock_duration=50,
    max_delivery_count=3,
    default_time_to_live=1000,
    dead_letters_expired=True,
    duplicate_window=200,
)
START = 1_000_000


def encoded(message_id: str, time_to_live: int | None, due: int | None) -> bytes:
    """A message as a client encodes it."""
    annotations: dict[Value, Value] = {}
    if due is not None:
        annotations[Symbol("x-opt-scheduled-enqueue-time")] = Timestamp(due)
    return (
        encode_described_list(Section.HEADER, [None, None, None if time_to_live is None else UInt(time_to_live)])
        + b"\x00\x53\x72"
        + encode(annotations)
        + encode_described_list(Section.PROPERTIES, [message_id])
        + b"\x00\x53\x75"
        + encode(b"body")
    )


@dataclass
class Expected:
    """A message, as the model has it."""

    message_id: str
    number: int
    state: MessageState
    enqueued_at: int
    time_to_live: int
    due: int | None
    dead: bool = False
    reason: str | None = None
    deliveries: int = 0
    token: bytes | None = None
    locked_until: int = 0


@dataclass
class Model:
    """What was sent and has not gone, and what is remembered of ids and numbers."""

    messages: list[Expected] = field(default_factory=list)
    accepted: dict[str, int] = field(default_factory=dict)
    last_number: int = 0

    def next_number(self) -> int:
        """Numbers rise."""
        self.last_number += 1
        return self.last_number


class Taker:
    """A consumer that takes one message."""

    deletes = False

    def __init__(self) -> None:
        self.delivery: Delivery | None = None

    @property
    def ready(self) -> bool:
        """Until it has one."""
        return self.delivery is None

    def deliver(self, delivery: Delivery) -> None:
        """Take it."""
        self.delivery = delivery


def described(raw: bytes) -> tuple[Any, ...]:
    """What the broker says of a message."""
    found: Any = sections(raw)
    annotations = found[Section.MESSAGE_ANNOTATIONS]
    return (
        found[Section.PROPERTIES][0],
        annotations["x-opt-sequence-number"],
        annotations["x-opt-message-state"],
        annotations["x-opt-enqueued-time"],
        found[Section.HEADER][4],
        found.get(Section.APPLICATION_PROPERTIES, {}).get("DeadLetterReason"),
    )


class BrokerMachine(RuleBasedStateMachine):
    """Does to broker and model the same, and compares all that can be seen after each step."""

    tokens: Bundle[bytes] = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.store = Store(":memory:")
        self.model = Model()
        self.committed = Model()
        self.acknowledged_number = 0
        self.restart()

    def teardown(self) -> None:
        """Close the database."""
        self.store.close()

    def restart(self) -> None:
        """What a new process does."""
        self.broker = Broker([QUEUE], lambda: self.now, self.store.load())

    def queue(self, *, dead: bool = False) -> Queue:
        """The queue, or its dead letters."""
        return self.broker.queue("alerts/$deadletterqueue" if dead else "alerts")

    def find(self, token: bytes) -> Expected | None:
        """The message that the token locks."""
        for each in self.model.messages:
            if each.token == token and each.locked_until > self.now:
                return each
        return None

    def bury(self, message: Expected, reason: str | None) -> None:
        """Dead-letter in the model."""
        message.dead, message.reason, message.state, message.token = True, reason, MessageState.ACTIVE, None

    def unlock(self, message: Expected, *, failed: bool) -> None:
        """Give a message back in the model."""
        message.token = None
        message.deliveries += failed
        if message.dead:
            return
        if message.deliveries >= QUEUE.max_delivery_count:
            self.bury(message, "MaxDeliveryCountExceeded")
        elif message.state is MessageState.ACTIVE and message.enqueued_at + message.time_to_live <= self.now:
            self.bury(message, "TTLExpiredException")

    @rule(
        message_id=st.sampled_from("abcdefgh"),
        time_to_live=st.sampled_from([None, None, 20, 60, 5000]),
        delay=st.sampled_from([None, None, None, -10, 0, 10, 200]),
    )
    def send(self, message_id: str, time_to_live: int | None, delay: int | None) -> None:
        """A message is active, or scheduled, or swallowed as a duplicate."""
        due = None if delay is None else self.now + delay
        self.queue().send([parse(encoded(message_id, time_to_live, due))])
        self.model.accepted = {
            name: at for name, at in self.model.accepted.items() if at + (QUEUE.duplicate_window or 0) > self.now
        }
        if message_id in self.model.accepted:
            return
        self.model.accepted[message_id] = self.now
        later = due is not None and due > self.now
        self.model.messages.append(
            Expected(
                message_id,
                self.model.next_number(),
                MessageState.SCHEDULED if later else MessageState.ACTIVE,
                self.now,
                min(time_to_live or 1000, 1000),
                due,
            )
        )

    @rule(target=tokens, dead=st.booleans())
    def receive(self, dead: bool) -> bytes:  # noqa: FBT001  # Hypothesis passes by keyword
        """The active message with the lowest number is locked, if there is one."""
        taker = Taker()
        self.queue(dead=dead).wait(taker)
        self.queue(dead=dead).leave(taker)
        candidates = [
            each
            for each in self.model.messages
            if each.dead is dead and each.state is MessageState.ACTIVE and each.token is None
        ]
        if not candidates:
            assert taker.delivery is None
            return b""
        assert taker.delivery is not None
        message = min(candidates, key=lambda each: each.number)
        message.token, message.locked_until = taker.delivery.token, self.now + QUEUE.lock_duration
        assert described(taker.delivery.encoded)[:2] == (message.message_id, message.number)
        return taker.delivery.token

    @rule(target=tokens, data=st.data())
    def receive_deferred(self, data: st.DataObject) -> bytes:
        """A deferred message is locked by its number, unless it is locked already."""
        deferred = [each for each in self.model.messages if each.state is MessageState.DEFERRED]
        if not deferred:
            return b""
        message = data.draw(st.sampled_from(deferred))
        queue = self.queue(dead=message.dead)
        if message.token is not None:
            with pytest.raises(MessageNotFoundError):
                queue.receive_deferred([message.number], delete=False)
            return b""
        (delivery,) = queue.receive_deferred([message.number], delete=False)
        message.token, message.locked_until = delivery.token, self.now + QUEUE.lock_duration
        return delivery.token

    @rule(token=consumes(tokens), outcome=st.sampled_from(Outcome))
    def settle(self, token: bytes, outcome: Outcome) -> None:
        """A lock is settled once, and only while it lasts."""
        message = self.find(token)
        if message is None:
            for dead in (False, True):
                with pytest.raises(LockLostError):
                    self.queue(dead=dead).settle([token], Settlement(outcome))
            return
        if message.dead and outcome is Outcome.DEAD_LETTERED:
            with pytest.raises(NotAllowedError):
                self.queue(dead=True).settle([token], Settlement(outcome))
            return
        self.queue(dead=message.dead).settle([token], Settlement(outcome))
        match outcome:
            case Outcome.COMPLETED:
                self.model.messages.remove(message)
            case Outcome.DEAD_LETTERED:
                self.bury(message, None)
            case Outcome.DEFERRED:
                message.state = MessageState.DEFERRED
                self.unlock(message, failed=True)
            case Outcome.ABANDONED:
                self.unlock(message, failed=True)
            case Outcome.RELEASED:
                self.unlock(message, failed=False)

    @rule(token=tokens)
    def renew(self, token: bytes) -> None:
        """A lock that lasts can be made to last longer."""
        message = self.find(token)
        if message is None:
            with pytest.raises(LockLostError):
                self.queue().renew([token])
            return
        self.queue(dead=message.dead).renew([token])
        message.locked_until = self.now + QUEUE.lock_duration

    @precondition(lambda self: any(each.state is MessageState.SCHEDULED for each in self.model.messages))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """A scheduled message can be taken back."""
        scheduled = [each for each in self.model.messages if each.state is MessageState.SCHEDULED]
        message = data.draw(st.sampled_from(scheduled))
        self.queue().cancel_scheduled([message.number])
        self.model.messages.remove(message)

    @rule(milliseconds=st.sampled_from([1, 10, 20, 30, 50, 200, 1000]))
    def pass_time(self, milliseconds: int) -> None:
        """Locks run out, scheduled messages become due, and messages expire."""
        self.now += milliseconds
        self.tick()

    def tick(self) -> None:
        """What is due, in broker and model."""
        self.broker.tick()
        for message in sorted(self.model.messages, key=lambda each: each.locked_until):
            if message.token is not None and message.locked_until <= self.now:
                self.unlock(message, failed=True)
        for message in sorted(self.model.messages, key=lambda each: (each.due or 0, each.number)):
            if message.state is MessageState.SCHEDULED and (message.due or 0) <= self.now:
                message.state, message.enqueued_at = MessageState.ACTIVE, self.now
                message.number = self.model.next_number()
            elif message.state is MessageState.ACTIVE and message.token is None:
                self.unlock(message, failed=False)

    @rule()
    def commit(self) -> None:
        """From here on everything is acknowledged."""
        numbers = list(self.broker.journal.changes.last_numbers.values())
        assert all(number > self.acknowledged_number for number in numbers)
        self.acknowledged_number = max([self.acknowledged_number, *numbers])
        self.store.commit(self.broker.journal.take())
        self.committed = copy.deepcopy(self.model)

    @rule()
    def crash(self) -> None:
        """What was committed is there again, unlocked and not counted as delivered; the rest never was."""
        self.restart()
        self.model = copy.deepcopy(self.committed)
        for message in self.model.messages:
            message.token = None
        self.tick()

    @invariant()
    def nothing_is_lost_and_nothing_comes_back(self) -> None:
        """Queue and dead letters hold just what the model holds."""
        for dead in (False, True):
            seen = [described(raw) for raw in self.queue(dead=dead).peek(0, 1000)]
            expected = [
                (each.message_id, each.number, each.state, each.enqueued_at, each.deliveries, each.reason)
                for each in sorted(self.model.messages, key=lambda each: each.number)
                if each.dead is dead
            ]
            assert seen == expected

    @invariant()
    def the_next_alarm_is_not_late(self) -> None:
        """Whatever time alone changes next, the broker asks to be woken for it."""
        moments = [each.locked_until for each in self.model.messages if each.token is not None]
        for each in self.model.messages:
            if each.state is MessageState.SCHEDULED:
                moments.append(each.due or 0)
            elif each.state is MessageState.ACTIVE and each.token is None and not each.dead:
                moments.append(each.enqueued_at + each.time_to_live)
        if moments:
            alarm = self.broker.next_alarm()
            assert alarm is not None
            assert alarm <= min(moments)


BrokerMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)


class TestBroker(BrokerMachine.TestCase):  # type: ignore[valid-type,misc]  # made by Hypothesis at run time
    """Nothing acknowledged is lost, nothing completed comes back, numbers rise, counts and dead letters are right."""
