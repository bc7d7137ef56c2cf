import asyncio

from azure.servicebus import ServiceBusMessage, ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import AutoLockRenewer, ServiceBusClient


async def test_a_stream_of_messages(connection_string: str, plain: str) -> None:
    """Iterating with prefetch hands out every message in order."""
    async with (
        ServiceBusClient.from_connection_string(connection_string, retry_total=0) as client,
        client.get_queue_sender(plain) as sender,
        client.get_queue_receiver(plain, prefetch_count=50) as receiver,
    ):
        await sender.send_messages([ServiceBusMessage(str(number)) for number in range(250)])
        received = []
        async with asyncio.timeout(30):
            async for message in receiver:
                received.append(int(str(message)))
                await receiver.complete_message(message)
                if len(received) == 250:
                    break
    assert received == list(range(250))


async def test_settling_many_at_once(connection_string: str, plain: str) -> None:
    """Messages of one receive call can be settled concurrently, each in its own way."""
    async with (
        ServiceBusClient.from_connection_string(connection_string, retry_total=0) as client,
        client.get_queue_sender(plain) as sender,
        client.get_queue_receiver(plain) as receiver,
        client.get_queue_receiver(plain, sub_queue=ServiceBusSubQueue.DEAD_LETTER) as dead_letters,
    ):
        await sender.send_messages([ServiceBusMessage(str(number)) for number in range(20)])
        messages: list[ServiceBusReceivedMessage] = []
        while len(messages) < 20:
            messages += await receiver.receive_messages(20 - len(messages), max_wait_time=20)
        await asyncio.gather(
            *(receiver.complete_message(message) for message in messages[:17]),
            receiver.abandon_message(messages[17]),
            receiver.defer_message(messages[18]),
            receiver.dead_letter_message(messages[19], reason="wrong"),
        )
        (abandoned,) = await receiver.receive_messages(1, max_wait_time=20)
        assert messages[18].sequence_number is not None
        (deferred,) = await receiver.receive_deferred_messages([messages[18].sequence_number])
        (dead,) = await dead_letters.receive_messages(1, max_wait_time=20)
        await receiver.complete_message(abandoned)
        await receiver.complete_message(deferred)
        await dead_letters.complete_message(dead)
    assert [str(message) for message in (abandoned, deferred, dead)] == ["17", "18", "19"]
    assert (abandoned.delivery_count, deferred.delivery_count) == (1, 1)
    assert dead.dead_letter_reason == "wrong"


async def test_the_lock_renewer_keeps_a_message(connection_string: str, locks: str) -> None:
    """The client's automatic lock renewer holds a message beyond its lock duration."""
    async with (
        ServiceBusClient.from_connection_string(connection_string, retry_total=0) as client,
        client.get_queue_sender(locks) as sender,
        client.get_queue_receiver(locks) as receiver,
        AutoLockRenewer() as renewer,
    ):
        await sender.send_messages(ServiceBusMessage("long work"))
        (message,) = await receiver.receive_messages(1, max_wait_time=20)
        renewer.register(receiver, message, max_lock_renewal_duration=60)
        assert await receiver.receive_messages(1, max_wait_time=7) == []
        await receiver.complete_message(message)
