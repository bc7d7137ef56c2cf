"""The Service Bus client's objects: made from a connection, and its messages turned into ours."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential
from azure.servicebus import ServiceBusReceivedMessage
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from azure.servicebus.amqp import AmqpMessageBodyType

from .message_metadata import Message, PropertyValue
from .settings import Connection

_OPTIONS: Mapping[str, Any] = {
    # Few, because the listener itself starts over for ever, and says when it has to.
    "retry_total": 2,
    "retry_backoff_factor": 0.1,
    "retry_backoff_max": 1,
}

_SOCKET_SECONDS = 0.02
"""How often the client looks at the clock: it is what an incomplete batch waits for more messages. The receiver takes
it from its own options alone, not from the client's."""

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
"""What .NET has for a time that was not given."""


@asynccontextmanager
async def open_receiver(connection: Connection, queue: str, prefetch: int) -> AsyncIterator[ServiceBusReceiver]:
    """Connect to a queue. Closing releases what was prefetched and not taken, without a penalty in delivery count.

    Raises:
        ServiceBusError: it cannot be reached, refuses the credentials, or has no such queue.
    """
    async with AsyncExitStack() as stack:
        client = await _client(connection, stack)
        await stack.enter_async_context(client)
        receiver = client.get_queue_receiver(queue, prefetch_count=prefetch, socket_timeout=_SOCKET_SECONDS)
        yield await stack.enter_async_context(receiver)


async def _client(connection: Connection, stack: AsyncExitStack) -> ServiceBusClient:
    if connection.connection_string:
        return ServiceBusClient.from_connection_string(connection.connection_string, **_OPTIONS)
    credential: DefaultAzureCredential | ManagedIdentityCredential = (
        ManagedIdentityCredential(client_id=connection.client_id or None)
        if connection.managed_identity
        else DefaultAzureCredential()
    )
    await stack.enter_async_context(credential)
    return ServiceBusClient(connection.namespace, credential, **_OPTIONS)


def message(received: ServiceBusReceivedMessage) -> Message:
    """What the client received, as triggers see it.

    The client does not tell text from bytes in application properties, nor a time from a number: bytes that are UTF-8
    become text, and times stay milliseconds since 1970.
    """
    is_data = received.body_type == AmqpMessageBodyType.DATA
    return Message(
        body=b"".join(received.body) if is_data else b"",
        body_is_data=is_data,
        sequence_number=received.sequence_number or 0,
        enqueued_at=received.enqueued_time_utc or _NEVER,
        delivery_count=(received.delivery_count or 0) + 1,  # the client counts from 0, the trigger from 1
        lock_token=str(received.lock_token),
        message_id=_string(received.message_id),
        content_type=received.content_type,
        correlation_id=_string(received.correlation_id),
        subject=received.subject,
        to=received.to,
        reply_to=received.reply_to,
        reply_to_session_id=received.reply_to_session_id,
        session_id=received.session_id,
        partition_key=received.partition_key,
        dead_letter_source=received.dead_letter_source,
        time_to_live=received.time_to_live,
        application_properties={
            str(_text(name)): _text(value) for name, value in (received.application_properties or {}).items()
        },
    )


def _string(value: Any) -> str | None:
    """AMQP identifiers may also be numbers, UUIDs or bytes."""
    return None if value is None else str(_text(value))


def _text(value: Any) -> PropertyValue:
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value
    converted: PropertyValue = value
    return converted
