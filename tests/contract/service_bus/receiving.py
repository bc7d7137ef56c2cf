"""Receiving with a deadline instead of a hope."""

import time

from azure.servicebus import ServiceBusReceivedMessage, ServiceBusReceiver

DEADLINE = 20.0


def receive(receiver: ServiceBusReceiver, count: int) -> list[ServiceBusReceivedMessage]:
    """Exactly that many messages; fails when they have not come after `DEADLINE` seconds."""
    received: list[ServiceBusReceivedMessage] = []
    deadline = time.monotonic() + DEADLINE
    while len(received) < count:
        left = deadline - time.monotonic()
        assert left > 0, f"{len(received)} of {count} messages came in {DEADLINE} s"
        received += receiver.receive_messages(count - len(received), max_wait_time=left)
    return received
