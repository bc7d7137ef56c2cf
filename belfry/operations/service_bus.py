"""Messages that could not be delivered, in Service Bus: looked at, sent again, removed.

Service Bus hands messages over in their order and counts every hand-over: after ten it buries a message where nobody
looks. So what lies before a message that is wanted is not given back but deferred, *set aside*: it stays where it is,
can be looked at as before, and is received by its number from then on. Each message is passed over once at most.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from itertools import batched
from typing import Final

from azure.identity.aio import DefaultAzureCredential
from azure.servicebus import (
    ServiceBusMessageState,
    ServiceBusReceivedMessage,
    ServiceBusSubQueue,
    parse_connection_string,
)
from azure.servicebus.aio import ServiceBusClient, ServiceBusReceiver
from azure.servicebus.amqp import AmqpMessageBodyType
from azure.servicebus.exceptions import MessageLockLostError, MessageNotFoundError
from msgspec import Struct

from belfry.operations.parked import Parked, Place, replay
from shared.azure.calling import calling
from shared.azure.service_bus import ALERTS, SERVICE, ServiceBus
from shared.errors import RefusedError, SettingsError, TransientError
from shared.wire.message import Received

BATCH: Final = 50
"""Messages that are locked, sent and completed at a time: a few seconds' work, and a lock lasts a minute."""
PATIENCE: Final = 75.0
"""Seconds to wait for messages that someone else has locked: the locks of a run that was cut off last a minute."""
_PEEK: Final = 250
_WAIT: Final = 2.0
"""Seconds to wait for a message that can be received."""

type Progress = Callable[[int], None]
"""Called with the number of each message that is done with."""
type Waiting = Callable[[int], None]
"""Called with how many messages cannot be had yet, each time that none could be had."""


class Access(Struct, frozen=True):
    """How the namespace is reached."""

    address: str
    """A connection string, or the namespace's host name."""
    by_identity: bool
    """Whether it is a host name, reached as whoever is signed in."""
    client_id: str | None = None
    """Of a managed identity, where there are several."""

    @classmethod
    def by_connection_string(cls, connection: str) -> "Access":
        """By a connection string of the namespace.

        Raises:
            SettingsError: it is none.
        """
        try:
            properties = parse_connection_string(connection)
        except ValueError as error:
            raise SettingsError(f"SERVICE_BUS_CONNECTION cannot be used: {error}") from error
        if properties.entity_path:
            raise SettingsError("SERVICE_BUS_CONNECTION must be for the namespace, without EntityPath")
        return cls(connection, by_identity=False)

    @asynccontextmanager
    async def credential(self) -> AsyncIterator[DefaultAzureCredential | None]:
        """The credential while the block runs; None where the connection string has one in it."""
        if not self.by_identity:
            yield None
            return
        async with DefaultAzureCredential(managed_identity_client_id=self.client_id) as credential:
            yield credential


class ParkedMessages:
    """The messages in one of the places where they end that could not be delivered.

    Args:
        receiver: of the place.
        sending: the queue that they are sent to again.
        place: which.
        patience: see `PATIENCE`.
    """

    def __init__(
        self, receiver: ServiceBusReceiver, sending: ServiceBus, place: Place, *, patience: float = PATIENCE
    ) -> None:
        self._receiver = receiver
        self._sending = sending
        self._place = place
        self._patience = patience

    @classmethod
    @asynccontextmanager
    async def open(cls, access: Access, place: Place, *, patience: float = PATIENCE) -> AsyncIterator["ParkedMessages"]:
        """Those of one place, while the block runs; the first call connects."""
        async with access.credential() as credential, AsyncExitStack() as opened:
            sending = ServiceBus(access.address, credential)
            opened.push_async_callback(sending.close)
            client = await opened.enter_async_context(_connect(access.address, credential))
            # Its link opens with the first call, so that what fails then fails as that call does.
            receiver = _receiver(client, place)
            opened.push_async_callback(receiver.close)
            yield cls(receiver, sending, place, patience=patience)

    async def list(self, limit: int | None = None) -> Sequence[Parked]:
        """Those that lie there, in their order, without taking them; raises `BelfryError` when that fails.

        Args:
            limit: the most; None: all.
        """
        found = await self._peek(1, lambda found: limit is not None and len(found) >= limit)
        return found[:limit]

    async def find(self, numbers: Collection[int]) -> Sequence[Parked]:
        """Those of these numbers, in their order, without taking them.

        Raises:
            RefusedError: one is not there; names it.
            TransientError: Service Bus does not answer as it should.
        """
        found = await self._look(numbers)
        if missing := sorted(set(numbers) - {parked.number for parked in found}):
            raise RefusedError(f"{self._place} has no message {', '.join(map(str, missing))}")
        return found

    async def replay(
        self, messages: Sequence[Parked], done: Progress, waiting: Waiting, *, body: bytes | None = None
    ) -> None:
        """Have messages delivered after all.

        Each is sent first and removed once the queue has it, so that none is lost however this ends. One that was cut
        off in between is sent again by the next replay; the queue, or else the inbox, knows it then.

        Args:
            messages: which.
            done: called with each that is sent and removed.
            waiting: called when none can be had for a while.
            body: a corrected one, sent in place of the original bytes.

        Raises:
            InvalidAlertError: the corrected body is not valid.
            TransientError: Service Bus failed, or someone else holds messages. What is not done is still there.
        """

        async def send(locked: Sequence[Parked]) -> None:
            await self._sending.send(ALERTS, [replay(parked, body) for parked in locked])

        if body is not None:
            for parked in messages:
                replay(parked, body)  # it is looked at before anything is locked
        await self._remove(messages, send, done, waiting)

    async def drop(self, messages: Sequence[Parked], done: Progress, waiting: Waiting) -> None:
        """Remove messages for good; arguments and errors as of `replay`."""

        async def nothing(_: Sequence[Parked]) -> None:
            pass

        await self._remove(messages, nothing, done, waiting)

    async def _remove(
        self,
        messages: Sequence[Parked],
        first: Callable[[Sequence[Parked]], Awaitable[None]],
        done: Progress,
        waiting: Waiting,
    ) -> None:
        """Complete messages; what is to be done `first` is done while they are locked."""
        clock = asyncio.get_running_loop().time
        remaining = {parked.number: parked.set_aside for parked in messages}
        deadline = clock() + self._patience
        while remaining:
            if locked := await self._lock(remaining):
                await first([_parked(message, self._place) for message in locked])
                for message in locked:
                    if await self._complete(message):
                        del remaining[_number(message)]
                        done(_number(message))
                deadline = clock() + self._patience
                continue
            # Others may be at work here, too: what is gone is done with.
            there = await self._look(remaining)
            remaining = {parked.number: parked.set_aside for parked in there}
            if remaining and clock() > deadline:
                raise TransientError(f"{self._place}: someone else has locked what is left ({len(remaining)})")
            if remaining:
                waiting(len(remaining))

    async def _lock(self, wanted: Mapping[int, bool]) -> Sequence[ServiceBusReceivedMessage]:
        """Lock some of the wanted messages (by number, whether set aside); none, if none can be had for a while."""
        aside = [number for number, set_aside in wanted.items() if set_aside]
        for numbers in batched(aside, BATCH, strict=False):
            if locked := await self._lock_set_aside(numbers):
                return locked
        if len(aside) == len(wanted):
            await asyncio.sleep(_WAIT)
            return ()
        count = min(BATCH, len(wanted) - len(aside))
        while received := await self._receive(count):
            mine = [message for message in received if message.sequence_number in wanted]
            for message in received:
                if message not in mine:
                    async with calling(SERVICE):
                        await self._receiver.defer_message(message)
            if mine:
                return mine
            count = BATCH  # there are others before them, perhaps many
        return ()

    async def _receive(self, count: int) -> Sequence[ServiceBusReceivedMessage]:
        async with calling(SERVICE):
            return await self._receiver.receive_messages(count, max_wait_time=_WAIT)

    async def _lock_set_aside(self, numbers: Sequence[int]) -> Sequence[ServiceBusReceivedMessage]:
        try:
            async with calling(SERVICE):
                return await self._receiver.receive_deferred_messages(list(numbers))
        except TransientError as error:
            # The service gives all or none: one that is locked, or gone, hides the others.
            if not isinstance(error.__cause__, MessageNotFoundError | MessageLockLostError):
                raise
        if len(numbers) == 1:
            return ()
        return [message for number in numbers for message in await self._lock_set_aside([number])]

    async def _complete(self, message: ServiceBusReceivedMessage) -> bool:
        """Remove a locked message; returns whether its lock lasted. If not, the message comes again."""
        try:
            async with calling(SERVICE):
                await self._receiver.complete_message(message)
        except TransientError as error:
            if isinstance(error.__cause__, MessageLockLostError):
                return False
            raise
        return True

    async def _look(self, numbers: Collection[int]) -> Sequence[Parked]:
        """Those of these numbers that are there."""
        last = max(numbers)
        found = await self._peek(min(numbers), lambda found: found[-1].number >= last)
        return [parked for parked in found if parked.number in numbers]

    async def _peek(self, first: int, enough: Callable[[Sequence[Parked]], bool]) -> Sequence[Parked]:
        """Those from a number on, page by page until there are enough, or no more."""
        found: list[Parked] = []
        while not found or not enough(found):
            async with calling(SERVICE):
                page = await self._receiver.peek_messages(
                    _PEEK, sequence_number=found[-1].number + 1 if found else first
                )
            if not page:
                break
            found += [_parked(message, self._place) for message in page]
        return found


def _connect(address: str, credential: DefaultAzureCredential | None) -> ServiceBusClient:
    # Few retries: an operator sees what is wrong, and decides.
    if credential:
        return ServiceBusClient(address, credential, retry_total=1, retry_backoff_factor=0.2)
    return ServiceBusClient.from_connection_string(address, retry_total=1, retry_backoff_factor=0.2)


def _receiver(client: ServiceBusClient, place: Place) -> ServiceBusReceiver:
    if place is Place.DEAD_LETTERS:
        return client.get_queue_receiver(ALERTS, sub_queue=ServiceBusSubQueue.DEAD_LETTER)
    return client.get_queue_receiver(place)


def _parked(message: ServiceBusReceivedMessage, place: Place) -> Parked:
    received = Received(
        body=_body(message),
        message_id=message.message_id or "",
        enqueued=message.enqueued_time_utc or datetime.fromtimestamp(0, UTC),
        sequence_number=_number(message),
        content_type=message.content_type,
        properties={_text(name): _text(value) for name, value in (message.application_properties or {}).items()},
    )
    return Parked(place, received, set_aside=message.state is ServiceBusMessageState.DEFERRED)


def _number(message: ServiceBusReceivedMessage) -> int:
    return message.sequence_number or 0


def _body(message: ServiceBusReceivedMessage) -> bytes:
    if message.body_type is not AmqpMessageBodyType.DATA:
        # Its producer sent an AMQP value where bytes are due: its text is what can be shown, and sent. The client gives
        # strings as the bytes that they came in.
        return message.body if isinstance(message.body, bytes) else str(message).encode()
    return b"".join(message.body)


def _text[T](value: T | bytes) -> T | str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
