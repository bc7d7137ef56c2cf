from datetime import UTC, datetime, timedelta

import pytest
from azure.servicebus import (
    ServiceBusClient,
    ServiceBusMessage,
    ServiceBusMessageState,
    ServiceBusReceiveMode,
    ServiceBusSubQueue,
)
from azure.servicebus.exceptions import MessageLockLostError, MessageNotFoundError

from tests.contract.service_bus.receiving import receive


def test_an_abandoned_message_comes_back_counted(client: ServiceBusClient, plain: str) -> None:
    """An abandoned message comes at once again with its number, its enqueued time, and one more delivery."""
    with client.get_queue_sender(plain) as sender, client.get_queue_receiver(plain) as receiver:
        sender.send_messages(ServiceBusMessage("again"))
        (first,) = receive(receiver, 1)
        receiver.abandon_message(first)
        (second,) = receive(receiver, 1)
        receiver.complete_message(second)
    assert (first.delivery_count, second.delivery_count) == (0, 1)
    assert first.sequence_number == second.sequence_number
    assert first.enqueued_time_utc == second.enqueued_time_utc


def test_dead_letters_carry_their_reason(client: ServiceBusClient, plain: str) -> None:
    """A dead-lettered message is in the sub-queue with reason and description, where it is peeked and settled."""
    with (
        client.get_queue_sender(plain) as sender,
        client.get_queue_receiver(plain) as receiver,
        client.get_queue_receiver(plain, sub_queue=ServiceBusSubQueue.DEAD_LETTER) as dead_letters,
    ):
        sender.send_messages(ServiceBusMessage("wrong", application_properties={"kept": "yes"}))
        (message,) = receive(receiver, 1)
        receiver.dead_letter_message(message, reason="why", error_description="because")
        (peeked,) = dead_letters.peek_messages(10, sequence_number=1)
        (dead,) = receive(dead_letters, 1)
        dead_letters.abandon_message(dead)
        (again,) = receive(dead_letters, 1)
        dead_letters.complete_message(again)
    for each in (peeked, dead, again):
        assert (each.dead_letter_reason, each.dead_letter_error_description) == ("why", "because")
        assert each.application_properties is not None
        assert each.application_properties[b"kept"] == b"yes"
        assert each.sequence_number == message.sequence_number
        assert each.enqueued_time_utc == message.enqueued_time_utc


def test_too_many_deliveries_make_a_dead_letter(client: ServiceBusClient, plain: str) -> None:
    """A message that was delivered as often as the queue allows is dead-lettered with the service's reason."""
    with (
        client.get_queue_sender(plain) as sender,
        client.get_queue_receiver(plain) as receiver,
        client.get_queue_receiver(plain, sub_queue=ServiceBusSubQueue.DEAD_LETTER) as dead_letters,
    ):
        sender.send_messages(ServiceBusMessage("hot potato"))
        for count in range(3):
            (message,) = receive(receiver, 1)
            assert message.delivery_count == count
            receiver.abandon_message(message)
        (dead,) = receive(dead_letters, 1)
        dead_letters.complete_message(dead)
        assert receiver.peek_messages(1, sequence_number=1) == []
    assert dead.dead_letter_reason == "MaxDeliveryCountExceeded"
    assert dead.dead_letter_error_description == "Message could not be consumed after 3 delivery attempts."


def test_a_deferred_message_waits_to_be_asked_for(client: ServiceBusClient, plain: str) -> None:
    """A deferred message is only received by its sequence number, and once completed not even by that."""
    with client.get_queue_sender(plain) as sender, client.get_queue_receiver(plain) as receiver:
        sender.send_messages([ServiceBusMessage("later"), ServiceBusMessage("now")])
        later, now = receive(receiver, 2)
        receiver.defer_message(later)
        receiver.abandon_message(now)
        (next_one,) = receive(receiver, 1)
        receiver.complete_message(next_one)
        (peeked,) = receiver.peek_messages(5, sequence_number=1)
        assert later.sequence_number is not None
        (asked_for,) = receiver.receive_deferred_messages([later.sequence_number])
        receiver.complete_message(asked_for)
        with pytest.raises(MessageNotFoundError):
            receiver.receive_deferred_messages([later.sequence_number])
    assert str(next_one) == "now"
    assert peeked.state == ServiceBusMessageState.DEFERRED
    assert str(asked_for) == "later"
    assert asked_for.delivery_count == 1


def test_receive_and_delete_deletes(client: ServiceBusClient, plain: str) -> None:
    """In receive-and-delete mode a message is gone once it is received."""
    mode = ServiceBusReceiveMode.RECEIVE_AND_DELETE
    with client.get_queue_sender(plain) as sender, client.get_queue_receiver(plain, receive_mode=mode) as receiver:
        sender.send_messages([ServiceBusMessage(str(number)) for number in range(5)])
        assert [str(message) for message in receive(receiver, 5)] == ["0", "1", "2", "3", "4"]
        assert receiver.peek_messages(1, sequence_number=1) == []


def test_peek_sees_all_and_locks_nothing(client: ServiceBusClient, plain: str) -> None:
    """Peek pages through active, locked and scheduled messages by sequence number and leaves them as they are."""
    due = datetime.now(UTC) + timedelta(hours=1)
    with client.get_queue_sender(plain) as sender, client.get_queue_receiver(plain) as receiver:
        sender.send_messages([ServiceBusMessage(str(number)) for number in range(4)])
        (scheduled,) = sender.schedule_messages(ServiceBusMessage("4"), due)
        (locked,) = receive(receiver, 1)
        first_page = receiver.peek_messages(3, sequence_number=1)
        second_page = receiver.peek_messages(3)
        assert receiver.peek_messages(3) == []
        sender.cancel_scheduled_messages(scheduled)
        receiver.complete_message(locked)
        for message in receive(receiver, 3):
            receiver.complete_message(message)
    assert [str(message) for message in first_page] == ["0", "1", "2"]
    assert [str(message) for message in second_page] == ["3", "4"]
    assert second_page[1].state == ServiceBusMessageState.SCHEDULED
    assert second_page[1].scheduled_enqueue_time_utc == due.replace(microsecond=due.microsecond // 1000 * 1000)


def test_competing_receivers_share_a_queue(connection_string: str, plain: str) -> None:
    """Receivers on several connections get each message once between them."""
    with (
        ServiceBusClient.from_connection_string(connection_string, retry_total=0) as one,
        ServiceBusClient.from_connection_string(connection_string, retry_total=0) as other,
        one.get_queue_sender(plain) as sender,
        one.get_queue_receiver(plain) as left,
        other.get_queue_receiver(plain) as right,
    ):
        sender.send_messages([ServiceBusMessage(str(number)) for number in range(40)])
        seen = []
        for receiver in (left, right, left, right):
            for message in receive(receiver, 10):
                seen.append(int(str(message)))
                receiver.complete_message(message)
    assert sorted(seen) == list(range(40))


def test_prefetched_messages_go_back_when_the_receiver_closes(client: ServiceBusClient, plain: str) -> None:
    """What a receiver had prefetched and not handed out is released when it closes, and not counted as delivered."""
    with client.get_queue_sender(plain) as sender:
        sender.send_messages([ServiceBusMessage(str(number)) for number in range(20)])
    with client.get_queue_receiver(plain, prefetch_count=20) as hoarder:
        (first,) = receive(hoarder, 1)
        hoarder.complete_message(first)
    with client.get_queue_receiver(plain) as receiver:
        rest = receive(receiver, 19)
        for message in rest:
            receiver.complete_message(message)
    assert [str(message) for message in rest] == [str(number) for number in range(1, 20)]
    assert {message.delivery_count for message in rest} == {0}


def test_a_lock_that_ran_out_is_lost(client: ServiceBusClient, locks: str) -> None:
    """A message whose lock ran out is delivered again, counted; the late settlement is refused."""
    with client.get_queue_sender(locks) as sender, client.get_queue_receiver(locks) as receiver:
        sender.send_messages(ServiceBusMessage("slow"))
        (late,) = receive(receiver, 1)
        (again,) = receive(receiver, 1)
        # The client refuses by its own clock first: it is told that there is time, so that the service must answer.
        late._expiry = datetime.now(UTC) + timedelta(minutes=1)
        with pytest.raises(MessageLockLostError):
            receiver.complete_message(late)
        with pytest.raises(MessageLockLostError):
            receiver.renew_message_lock(late)
        receiver.complete_message(again)
    assert again.delivery_count == 1


def test_a_renewed_lock_holds(client: ServiceBusClient, locks: str) -> None:
    """Renewing a lock makes it last as long again."""
    with client.get_queue_sender(locks) as sender, client.get_queue_receiver(locks) as receiver:
        sender.send_messages(ServiceBusMessage("careful"))
        (message,) = receive(receiver, 1)
        before = message.locked_until_utc
        assert before is not None
        assert receiver.receive_messages(1, max_wait_time=3) == []
        renewed = receiver.renew_message_lock(message)
        assert receiver.receive_messages(1, max_wait_time=3) == []
        receiver.complete_message(message)
    assert before + timedelta(seconds=2) < renewed
