import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from azure.servicebus import (
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusSubQueue,
)
from azure.servicebus.exceptions import MessageNotFoundError

from tests.contract.service_bus.receiving import receive


def test_a_scheduled_message_comes_when_it_is_due(client: ServiceBusClient, plain: str) -> None:
    """A scheduled message is enqueued when it is due: that is its enqueued time, and it gets a new sequence number."""
    due = datetime.now(UTC) + timedelta(seconds=1.5)
    with client.get_queue_sender(plain) as sender, client.get_queue_receiver(plain) as receiver:
        (number,) = sender.schedule_messages(ServiceBusMessage("scheduled"), due)
        sender.send_messages(ServiceBusMessage("annotated", scheduled_enqueue_time_utc=due))
        sender.send_messages(ServiceBusMessage("at once"))
        messages = receive(receiver, 3)
        for message in messages:
            receiver.complete_message(message)
    assert [str(message) for message in messages] == ["at once", "scheduled", "annotated"]
    assert messages[1].sequence_number is not None
    assert messages[0].sequence_number is not None
    assert messages[1].sequence_number > messages[0].sequence_number > number
    for message in messages[1:]:
        assert message.enqueued_time_utc is not None
        assert timedelta(milliseconds=-1) <= message.enqueued_time_utc - due < timedelta(seconds=1)


def test_a_cancelled_message_never_comes(client: ServiceBusClient, plain: str) -> None:
    """A scheduled message can be cancelled, once."""
    with client.get_queue_sender(plain) as sender, client.get_queue_receiver(plain) as receiver:
        numbers = sender.schedule_messages(
            [ServiceBusMessage("no"), ServiceBusMessage("never")], datetime.now(UTC) + timedelta(seconds=1)
        )
        sender.cancel_scheduled_messages(numbers)
        with pytest.raises(MessageNotFoundError):
            sender.cancel_scheduled_messages(numbers[0])
        assert receiver.receive_messages(1, max_wait_time=2) == []


def test_expired_messages_become_dead_letters(client: ServiceBusClient, left_behind: Callable[[str], None]) -> None:
    """Where the queue says so, a message past the queue's or its own time to live is dead-lettered."""
    left_behind("contract-expiring")
    with (
        client.get_queue_sender("contract-expiring") as sender,
        client.get_queue_receiver("contract-expiring", sub_queue=ServiceBusSubQueue.DEAD_LETTER) as dead_letters,
    ):
        sender.send_messages(ServiceBusMessage("the queue's"))
        sender.send_messages(ServiceBusMessage("its own", time_to_live=timedelta(milliseconds=100)))
        messages = receive(dead_letters, 2)
        for message in messages:
            dead_letters.complete_message(message)
    assert [str(message) for message in messages] == ["its own", "the queue's"]
    assert {message.dead_letter_reason for message in messages} == {"TTLExpiredException"}


def test_expired_messages_are_dropped_elsewhere(client: ServiceBusClient, left_behind: Callable[[str], None]) -> None:
    """Where the queue does not ask for dead letters, an expired message is gone."""
    left_behind("contract-dropping")
    with (
        client.get_queue_sender("contract-dropping") as sender,
        client.get_queue_receiver("contract-dropping") as receiver,
    ):
        sender.send_messages(ServiceBusMessage("brief"))
        deadline = time.monotonic() + 10
        while receiver.peek_messages(1, sequence_number=1):
            assert time.monotonic() < deadline


def test_duplicates_are_swallowed(client: ServiceBusClient, unique: str) -> None:
    """A second message with an id is acknowledged and swallowed, whether the first was sent or only scheduled."""
    sent, scheduled = uuid4().hex, uuid4().hex
    with client.get_queue_sender(unique) as sender, client.get_queue_receiver(unique) as receiver:
        sender.send_messages(ServiceBusMessage("first", message_id=sent))
        sender.send_messages(ServiceBusMessage("second", message_id=sent))
        sender.schedule_messages(
            ServiceBusMessage("due", message_id=scheduled), datetime.now(UTC) + timedelta(seconds=1)
        )
        sender.send_messages([ServiceBusMessage("twice", message_id=scheduled), ServiceBusMessage("other")])
        messages = receive(receiver, 3)
        for message in messages:
            receiver.complete_message(message)
        sender.send_messages(ServiceBusMessage("third", message_id=sent))
        assert receiver.peek_messages(1, sequence_number=1) == []
    assert [str(message) for message in messages] == ["first", "other", "due"]
