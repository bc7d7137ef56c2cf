import asyncio
import signal
import time
from pathlib import Path
from typing import Any

from azure.servicebus import ServiceBusMessage

from emulators.children import Child

from .conftest import Host, Queue, StartHost, connection_string, write_queues
from .relay import Relay

_PREFETCH = {
    "AzureFunctionsJobHost__extensions__serviceBus__prefetchCount": "20",
    "AzureFunctionsJobHost__extensions__serviceBus__maxMessageBatchSize": "1",
}


async def _refuse_connections(port: int, count: int) -> None:
    """Listen on a port, and hang up on whoever connects, until `count` have tried."""
    tries = asyncio.Semaphore(0)

    def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        tries.release()

    async with await asyncio.start_server(hang_up, "127.0.0.1", port), asyncio.timeout(30):
        for _ in range(count):
            await tries.acquire()


def _deliveries(host: Host) -> dict[str, list[int]]:
    counts: dict[str, list[int]] = {}
    for line in host.invocations("batches"):
        for message in line["messages"]:
            counts.setdefault(message["body"], []).append(message["delivery_count"])
    return counts


async def test_running_batch_is_finished(queue: Queue, start_host: StartHost) -> None:
    """SIGTERM while a function runs: it ends, its messages are completed, and the host ends with status 0."""
    await queue.send("slow2")
    host = start_host(queue, "batches")
    host.wait_for(lambda host: host.bodies("batches"))
    assert host.child.stop() == 0
    assert host.bodies("batches ended") == ["slow2"]
    assert await queue.peek() == []


async def test_prefetched_messages_are_released(queue: Queue, start_host: StartHost) -> None:
    """Messages that were prefetched and not begun are free for others at once, without a higher delivery count."""
    await queue.send("slow2", *(f"{number}" for number in range(10)))
    host = start_host(queue, "batches", _PREFETCH)
    host.wait_for(lambda host: host.bodies("batches"))
    host.child.stop()
    assert host.bodies("batches") == ["slow2"]
    begun = time.monotonic()
    left = await queue.receive(10)
    assert time.monotonic() - begun < 4
    assert [b"".join(message.body).decode() for message in left] == [f"{number}" for number in range(10)]
    assert {message.delivery_count for message in left} == {0}


async def test_two_hosts_share_a_queue(queue: Queue, start_host: StartHost) -> None:
    """Two hosts on one queue compete: of 500 messages each is processed once, and both get some."""
    hosts = [start_host(queue, "batches"), start_host(queue, "batches")]
    await queue.send(*(ServiceBusMessage(f"{number}") for number in range(500)))
    hosts[0].wait_for(lambda _: sum(len(host.bodies("batches ended")) for host in hosts) >= 500, 40)
    for host in hosts:
        host.child.stop()
    assert sorted(int(body) for host in hosts for body in host.bodies("batches")) == list(range(500))
    assert all(host.bodies("batches") for host in hosts)
    assert await queue.peek() == []


async def test_one_of_two_hosts_ends(queue: Queue, start_host: StartHost) -> None:
    """A host that is stopped in the middle hands over to the other: nothing is lost, and nothing counts as failed."""
    settings = _PREFETCH | {"AzureFunctionsJobHost__extensions__serviceBus__maxMessageBatchSize": "4"}
    hosts = [start_host(queue, "batches", settings), start_host(queue, "batches", settings)]
    await queue.send(*(f"{number}" for number in range(300)))
    hosts[0].wait_for(lambda host: host.bodies("batches"))
    hosts[0].child.stop()
    hosts[1].wait_for(lambda _: sum(len(host.bodies("batches ended")) for host in hosts) >= 300, 40)
    hosts[1].child.stop()
    deliveries: dict[str, Any] = {}
    for host in hosts:
        for body, counts in _deliveries(host).items():
            deliveries.setdefault(body, []).extend(counts)
    assert deliveries == {f"{number}": [1] for number in range(300)}


async def test_host_that_is_killed_loses_nothing(queue: Queue, start_host: StartHost) -> None:
    """SIGKILL while a function runs: another host gets the message when its lock ends, as a second delivery."""
    await queue.send("slow3")
    first = start_host(queue, "batches")
    first.wait_for(lambda host: host.bodies("batches"))
    first.child.kill()
    second = start_host(queue, "batches")
    second.wait_for(lambda host: host.bodies("batches ended"))
    assert _deliveries(second)["slow3"][-1] >= 2


async def test_service_bus_restarts(tmp_path: Path, start_host: StartHost) -> None:
    """While Service Bus is away the host waits and says so once; when it is back the host goes on by itself."""
    queues = write_queues(tmp_path / "queues.json", ["alerts"])
    arguments = ["--data", str(tmp_path / "bus"), "--queues", str(queues)]
    with Child("emulators.service_bus", ["--port", "0", *arguments]) as bus:
        url = bus.url
        queue = Queue(connection_string(url), "alerts")
        await queue.send("before")
        host = start_host(queue, "batches")
        host.wait_for(lambda host: host.bodies("batches ended"))
    host.wait_for_log("cannot be received from")
    port = url.rpartition(":")[2].strip("/")
    await _refuse_connections(int(port), 5)
    with Child("emulators.service_bus", ["--port", port, *arguments]):
        log = host.wait_for_log("received from again")
        await queue.send("after")
        # The first may come again: whether it was settled before the service went away is a matter of luck.
        host.wait_for(lambda host: set(host.bodies("batches ended")) == {"before", "after"})
        host.child.stop()
    assert log.count("cannot be received from") == 1


async def test_host_starts_without_service_bus(tmp_path: Path, start_host: StartHost) -> None:
    """The host is ready while Service Bus is not there yet, and receives once it is."""
    queues = write_queues(tmp_path / "queues.json", ["alerts"])
    arguments = ["--data", str(tmp_path / "bus"), "--queues", str(queues)]
    with Child("emulators.service_bus", ["--port", "0", *arguments]) as bus:
        url = bus.url
    queue = Queue(connection_string(url), "alerts")
    host = start_host(queue, "singles")
    host.wait_for_log("cannot be received from")
    with Child("emulators.service_bus", ["--port", url.rpartition(":")[2].strip("/"), *arguments]):
        await queue.send("at last")
        host.wait_for(lambda host: host.bodies("singles ended"))
        host.child.stop()


def test_interrupt_ends_the_host(queue: Queue, start_host: StartHost) -> None:
    """An idle host ends within two seconds of SIGINT, with status 0."""
    host = start_host(queue, "batches")
    process = host.child._process
    assert process
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 0
    assert time.monotonic() - begun < 3


async def test_function_outlives_its_connection(queue: Queue, start_host: StartHost) -> None:
    """A function that runs while the connection breaks has its message completed over the next one."""
    await queue.send("slow3")
    with Relay(queue.port) as relay:
        host = start_host(Queue(connection_string(f"//localhost:{relay.port}"), queue.name), "singles")
        host.wait_for(lambda host: host.bodies("singles"))
        relay.cut()
        host.wait_for_log("received from again")
        host.wait_for(lambda host: host.bodies("singles ended"))
        host.child.stop()
    assert await queue.peek() == []
    assert host.bodies("singles") == ["slow3"]
