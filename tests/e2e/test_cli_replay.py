"""Messages that could not be delivered, in a Service Bus of their own: no host takes them again meanwhile."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from azure.servicebus import ServiceBusMessage, ServiceBusReceivedMessage, ServiceBusSubQueue
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.amqp import AmqpAnnotatedMessage

from belfry.operations.parked import Place
from belfry.operations.service_bus import Access, ParkedMessages
from emulators.children import Child
from shared.azure.service_bus import to_service_bus
from shared.errors import TransientError
from shared.wire.message import Received, open_parcel, poison

pytestmark = pytest.mark.local_only(reason="it kills commands at work on a queue of its own")

QUEUES = Path("infra/service-bus.json")
LOCK_SECONDS = 3
"""Few, so that the locks of a killed command need not be awaited for long."""
MOST_DELIVERIES = 10
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def access(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Access]:
    """The deployment's queues; their locks last `LOCK_SECONDS`, unless a test says otherwise."""
    queues = json.loads(QUEUES.read_text())
    for queue in queues["UserConfig"]["Namespaces"][0]["Queues"]:
        assert queue["Properties"]["MaxDeliveryCount"] == MOST_DELIVERIES
        queue["Properties"]["LockDuration"] = f"PT{getattr(request, 'param', LOCK_SECONDS)}S"
    file = tmp_path / "queues.json"
    file.write_text(json.dumps(queues))
    with Child("emulators.service_bus", ["--port", "0", "--ephemeral", "--queues", str(file)]) as child:
        yield Access(
            f"Endpoint={child.url};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;"
            "UseDevelopmentEmulator=true;",
            by_identity=False,
        )


def original(number: int) -> Received:
    """A message of the queue `alerts`."""
    body = json.dumps({"to": ["user:ada"], "title": f"Alert {number}"}).encode()
    return Received(body, f"m{number}", NOON, number + 1, "application/json", {"number": number})


@asynccontextmanager
async def connected(access: Access) -> AsyncIterator[ServiceBusClient]:
    """A client of the queues."""
    async with ServiceBusClient.from_connection_string(access.address, retry_total=1) as client:
        yield client


async def park(access: Access, count: int) -> None:
    """Give up so many alerts, as the application does."""
    async with connected(access) as client, client.get_queue_sender(Place.POISON) as sender:
        for start in range(0, count, 100):
            numbers = range(start, min(start + 100, count))
            await sender.send_messages(
                [
                    to_service_bus(poison(original(number), "x", parcel=open_parcel(original(number))))
                    for number in numbers
                ]
            )


async def enqueued(access: Access) -> list[ServiceBusReceivedMessage]:
    """What is in the queue `alerts`."""
    found: list[ServiceBusReceivedMessage] = []
    async with connected(access) as client, client.get_queue_receiver("alerts") as receiver:
        while page := await receiver.peek_messages(250):
            found += page
    return found


def bodies(messages: list[ServiceBusReceivedMessage]) -> list[bytes]:
    """Their bytes, in a fixed order."""
    return sorted(b"".join(message.body) for message in messages)


async def start(access: Access, *arguments: str) -> Process:
    """A command, as a process of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "belfry",
        *arguments,
        env={"SERVICE_BUS_CONNECTION": access.address},
        stdout=PIPE,
        stderr=PIPE,
    )


async def test_a_replay_that_is_killed_again_and_again_loses_nothing(access: Access) -> None:
    """Of 300 parked alerts each is in the queue once at the end, though the command was killed four times at work."""
    await park(access, 300)
    for lines in (1, 20, 70, 33):
        process = await start(access, "poison", "replay", "--all")
        assert process.stdout is not None
        for _ in range(lines):
            assert await process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        await process.communicate()
        assert process.returncode == -signal.SIGKILL
    process = await start(access, "poison", "replay", "--all")
    _, said = await process.communicate()
    assert (process.returncode, b"Replayed" in said) == (0, True)
    assert bodies(await enqueued(access)) == sorted(original(number).body for number in range(300))
    async with ParkedMessages.open(access, Place.POISON) as messages:
        assert await messages.list() == []


KILLED_IN_BETWEEN = """
import asyncio, os, signal, sys
from belfry.operations.parked import Place
from belfry.operations.service_bus import Access, ParkedMessages

async def killed(self, message):
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    ParkedMessages._complete = killed
    async with ParkedMessages.open(Access(sys.argv[1], by_identity=False), Place.POISON) as messages:
        await messages.replay(await messages.list(), print, print)

asyncio.run(main())
"""


async def test_a_replay_that_is_killed_between_sending_and_removing_is_repeated_without_harm(access: Access) -> None:
    """The messages lie in both queues then; the next replay finds them sent, and removes them."""
    await park(access, 20)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED_IN_BETWEEN, access.address)
    assert await process.wait() == -signal.SIGKILL
    async with ParkedMessages.open(access, Place.POISON) as messages:
        parked = await messages.list()
        assert (len(parked), len(await enqueued(access))) == (20, 20)
        done: list[int] = []
        await messages.replay(parked, done.append, lambda _: None)
        assert sorted(done) == [each.number for each in parked]
        assert await messages.list() == []
    assert bodies(await enqueued(access)) == sorted(original(number).body for number in range(20))


async def test_a_replayed_message_is_the_original(access: Access) -> None:
    """Bytes, content type and properties are as they were; id and position are those of the alert."""
    await park(access, 1)
    async with ParkedMessages.open(access, Place.POISON) as messages:
        await messages.replay(await messages.list(), lambda _: None, lambda _: None)
    [message] = await enqueued(access)
    assert (b"".join(message.body), message.content_type) == (original(0).body, "application/json")
    parcel = open_parcel(original(0))
    assert message.application_properties == {
        b"number": 0,
        b"belfryId": parcel.id.encode(),
        b"position": parcel.position.encode(),
        b"belfryAudiences": b"user:ada",
    }


async def test_messages_that_are_passed_over_stay_where_operators_look(access: Access) -> None:
    """One by one from the last: however often the others are in the way, Service Bus never buries them."""
    await park(access, 2 * MOST_DELIVERIES)
    async with ParkedMessages.open(access, Place.POISON) as messages:
        numbers = [parked.number for parked in await messages.list()]
        for number in numbers[:MOST_DELIVERIES:-1]:
            await messages.drop(await messages.find([number]), lambda _: None, lambda _: None)
        left = await messages.list()
        assert [parked.number for parked in left] == numbers[: MOST_DELIVERIES + 1]
        await messages.replay(left, lambda _: None, lambda _: None)
    assert len(await enqueued(access)) == len(left)
    async with (
        connected(access) as client,
        client.get_queue_receiver(Place.POISON, sub_queue=ServiceBusSubQueue.DEAD_LETTER) as buried,
    ):
        assert await buried.peek_messages(1) == []


@pytest.mark.parametrize("access", [60], indirect=True)
async def test_what_someone_else_has_locked_is_waited_for(access: Access) -> None:
    """Whoever waits is told; when it takes too long they are told that, and nothing is lost."""
    await park(access, 3)
    done: list[int] = []
    async with connected(access) as client, client.get_queue_receiver(Place.POISON) as other:
        [held] = await other.receive_messages(1)
        async with ParkedMessages.open(access, Place.POISON, patience=0.1) as messages:
            with pytest.raises(TransientError, match=r"someone else has locked what is left \(1\)"):
                await messages.replay(await messages.list(), done.append, lambda _: None)
            assert (len(done), len(await messages.list())) == (2, 1)
        waiting = asyncio.Event()
        async with ParkedMessages.open(access, Place.POISON) as messages, asyncio.TaskGroup() as group:
            left = await messages.list()
            group.create_task(messages.replay(left, done.append, lambda _: waiting.set()))
            await waiting.wait()
            await other.abandon_message(held)
    assert len(done) == 3


async def test_what_someone_else_removes_meanwhile_is_done_with(access: Access) -> None:
    """Two operators at one queue do not wait for each other's messages for ever."""
    await park(access, 2)
    done: list[int] = []
    async with connected(access) as client, client.get_queue_receiver(Place.POISON) as other:
        [held] = await other.receive_messages(1)
        async with ParkedMessages.open(access, Place.POISON) as messages:
            parked = await messages.list()
            await other.complete_message(held)
            await messages.replay(parked, done.append, lambda _: None)
    assert done == [parked[1].number]


async def test_dead_letters_are_listed_and_replayed(access: Access) -> None:
    """As poison is: with the reason that Service Bus keeps, and the position that the message had."""
    async with connected(access) as client:
        async with client.get_queue_sender("alerts") as sender:
            await sender.send_messages(ServiceBusMessage(original(7).body, message_id="m7"))
        async with client.get_queue_receiver("alerts") as receiver:
            [message] = await receiver.receive_messages(1)
            first = (message.enqueued_time_utc, message.sequence_number)
            await receiver.dead_letter_message(message, reason="Broken", error_description="The host was down")
    process = await start(access, "dead-letters", "list", "--json")
    out, _ = await process.communicate()
    [listed] = json.loads(out)["messages"]
    assert (listed["id"], listed["reason"], listed["number"]) == ("m7", "Broken: The host was down", first[1])
    process = await start(access, "dead-letters", "replay", str(listed["number"]))
    out, _ = await process.communicate()
    assert (process.returncode, out.decode().split()) == (0, [str(listed["number"])])
    [again] = await enqueued(access)
    assert b"".join(again.body) == original(7).body
    assert first[0] is not None
    assert first[1] is not None
    parcel = open_parcel(Received(original(7).body, "m7", first[0], first[1]))
    assert again.application_properties == {b"belfryId": b"m7", b"position": parcel.position.encode()}


async def test_a_text_where_bytes_are_due_is_replayed_as_bytes(access: Access) -> None:
    """What JMS sends as a text is an AMQP value, which the platform does not hand over; replayed, it is."""
    async with connected(access) as client:
        async with client.get_queue_sender("alerts") as sender:
            await sender.send_messages(AmqpAnnotatedMessage(value_body=original(7).body.decode()))
        async with client.get_queue_receiver("alerts") as receiver:
            [message] = await receiver.receive_messages(1)
            await receiver.dead_letter_message(message, reason="MaxDeliveryCountExceeded")
    async with ParkedMessages.open(access, Place.DEAD_LETTERS) as messages:
        await messages.replay(await messages.list(), lambda _: None, lambda _: None)
    assert bodies(await enqueued(access)) == [original(7).body]
