from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from azure.servicebus import ServiceBusClient, ServiceBusMessage
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    MessagingEntityNotFoundError,
    ServiceBusAuthenticationError,
    ServiceBusAuthorizationError,
)

from tests.contract.service_bus.receiving import receive


def test_everything_a_sender_says_arrives(client: ServiceBusClient, plain: str) -> None:
    """A message arrives with its body, all its properties and the broker's stamp."""
    identifier = uuid4()
    sent = ServiceBusMessage(
        b"body",
        message_id="m-1",
        subject="subject",
        correlation_id="correlation",
        reply_to="reply-to",
        to="to",
        content_type="application/json",
        time_to_live=timedelta(minutes=5),
        application_properties={"text": "ü", "number": 7, "truth": True, "fraction": 1.5, "identifier": identifier},
    )
    before = datetime.now(UTC) - timedelta(seconds=1)
    with client.get_queue_sender(plain) as sender, client.get_queue_receiver(plain) as receiver:
        sender.send_messages(sent)
        (message,) = receive(receiver, 1)
        assert isinstance(message.lock_token, UUID)
        assert message.locked_until_utc is not None
        assert message.locked_until_utc > datetime.now(UTC)
        receiver.complete_message(message)
    assert b"".join(message.body) == b"body"
    assert (message.message_id, message.subject, message.correlation_id) == ("m-1", "subject", "correlation")
    assert (message.reply_to, message.to, message.content_type) == ("reply-to", "to", "application/json")
    assert message.time_to_live == timedelta(minutes=5)
    assert message.application_properties == {
        b"text": b"\xc3\xbc",
        b"number": 7,
        b"truth": True,
        b"fraction": 1.5,
        b"identifier": identifier,
    }
    assert message.delivery_count == 0
    assert message.enqueued_time_utc is not None
    assert before < message.enqueued_time_utc < datetime.now(UTC) + timedelta(seconds=1)


def test_a_batch_arrives_in_order(client: ServiceBusClient, plain: str) -> None:
    """A batch is as many messages as were put into it, in their order, with rising sequence numbers."""
    with client.get_queue_sender(plain) as sender, client.get_queue_receiver(plain) as receiver:
        batch = sender.create_message_batch()
        for number in range(120):
            batch.add_message(ServiceBusMessage(str(number)))
        sender.send_messages(batch)
        sender.send_messages([ServiceBusMessage(str(number)) for number in range(120, 130)])
        messages = receive(receiver, 130)
        for message in messages:
            receiver.complete_message(message)
    assert [str(message) for message in messages] == [str(number) for number in range(130)]
    numbers = [message.sequence_number or 0 for message in messages]
    assert numbers == sorted(set(numbers))


def test_a_large_message_arrives(client: ServiceBusClient, plain: str) -> None:
    """A message of nearly 256 KB goes in and out in many frames."""
    body = bytes(range(256)) * 1000
    with client.get_queue_sender(plain) as sender, client.get_queue_receiver(plain) as receiver:
        sender.send_messages(ServiceBusMessage(body))
        (message,) = receive(receiver, 1)
        receiver.complete_message(message)
    assert b"".join(message.body) == body


def test_a_message_that_is_too_large_is_refused(client: ServiceBusClient, plain: str) -> None:
    """A message above the limit is refused as such, and the sender can go on."""
    with client.get_queue_sender(plain) as sender, client.get_queue_receiver(plain) as receiver:
        with pytest.raises(MessageSizeExceededError):
            sender.send_messages(ServiceBusMessage(bytes(270_000)))
        sender.send_messages(ServiceBusMessage("fits"))
        (message,) = receive(receiver, 1)
        receiver.complete_message(message)
    assert str(message) == "fits"


def test_an_unknown_queue_is_not_found(client: ServiceBusClient) -> None:
    """A queue that is not configured is refused as not found, for senders, receivers and peeks."""
    with pytest.raises(MessagingEntityNotFoundError), client.get_queue_sender("nowhere") as sender:
        sender.send_messages(ServiceBusMessage("lost"))
    with pytest.raises(MessagingEntityNotFoundError), client.get_queue_receiver("nowhere") as receiver:
        receiver.receive_messages(max_wait_time=1)
    with pytest.raises(MessagingEntityNotFoundError), client.get_queue_receiver("nowhere") as receiver:
        receiver.peek_messages()


@pytest.mark.parametrize(
    ("right", "wrong"), [("SharedAccessKey=", "SharedAccessKey=no"), ("KeyName=Root", "KeyName=Toor")]
)
def test_wrong_credentials_open_nothing(connection_string: str, right: str, wrong: str) -> None:
    """Another key, or a policy of another name, is refused."""
    refused = connection_string.replace(right, wrong)
    with (
        ServiceBusClient.from_connection_string(refused, retry_total=0) as stranger,
        pytest.raises((ServiceBusAuthenticationError, ServiceBusAuthorizationError)),
        stranger.get_queue_sender("contract-plain") as sender,
    ):
        sender.send_messages(ServiceBusMessage("forged"))
