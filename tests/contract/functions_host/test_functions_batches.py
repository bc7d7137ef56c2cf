import uuid
from datetime import UTC, datetime, timedelta

from azure.servicebus import ServiceBusMessage

from .conftest import LOCK_SECONDS, Queue, StartHost


async def test_batch_metadata(queue: Queue, start_host: StartHost) -> None:
    """A batch arrives with each message's bytes, properties and broker data, as in Azure."""
    identifier = uuid.uuid4()
    sent_at = datetime.now(UTC).replace(tzinfo=None)
    first = ServiceBusMessage(
        b"\xff\x00 not text",
        message_id="first",
        content_type="application/octet-stream",
        correlation_id="corrélation",
        subject="sübject",
        to="somewhere",
        reply_to="elsewhere",
        time_to_live=timedelta(hours=1),
        application_properties={"text": "日本", "number": 7, "id": identifier, "half": 0.5, "yes": True},
    )
    await queue.send(first, ServiceBusMessage(b"second", message_id="second"))
    host = start_host(queue, "batches")
    host.wait_for(lambda host: len(host.bodies("batches")) == 2)
    one, two = (message for line in host.invocations("batches") for message in line["messages"])

    assert one["body"].encode("latin-1") == b"\xff\x00 not text"
    assert (one["message_id"], two["message_id"]) == ("first", "second")
    assert two["sequence_number"] == one["sequence_number"] + 1
    assert (one["delivery_count"], two["delivery_count"]) == (1, 1)
    assert one["content_type"] == "application/octet-stream"
    assert one["correlation_id"] == "corrélation"
    assert one["subject"] == one["label"] == "sübject"
    assert (one["to"], one["reply_to"]) == ("somewhere", "elsewhere")
    properties = {"text": "日本", "number": 7, "id": str(identifier), "half": 0.5, "yes": True}
    assert one["application_properties"] == one["user_properties"] == properties
    assert two["application_properties"] == {}
    uuid.UUID(one["lock_token"])
    enqueued = datetime.fromisoformat(one["enqueued_time_utc"])
    assert enqueued.tzinfo is None
    assert abs(enqueued - sent_at) < timedelta(seconds=10)
    assert datetime.fromisoformat(one["expires_at_utc"]) == enqueued + timedelta(hours=1)


async def test_success_completes(queue: Queue, start_host: StartHost) -> None:
    """Messages of a batch that succeeded are gone."""
    await queue.send("one", "two", "three")
    host = start_host(queue, "batches")
    host.wait_for(lambda host: len(host.bodies("batches ended")) == 3)
    host.child.stop()
    assert await queue.peek() == []


async def test_exception_abandons(queue: Queue, start_host: StartHost) -> None:
    """After an exception the whole batch comes again at once, with the next delivery count."""
    await queue.send("fail", "with it")
    host = start_host(queue, "batches")
    host.wait_for(lambda host: sorted(host.bodies("batches ended")) == ["fail", "with it"])
    deliveries = [(m["body"], m["delivery_count"]) for line in host.invocations("batches") for m in line["messages"]]
    assert ("fail", 1) in deliveries
    assert ("fail", 2) in deliveries
    log = host.log.read_text()
    assert "ValueError: as asked" in log
    assert "batches" in log


async def test_batches_are_not_larger_than_asked(queue: Queue, start_host: StartHost) -> None:
    """`maxMessageBatchSize` is the most that an invocation gets, and a full queue is taken in batches of it."""
    await queue.send(*(f"{number}" for number in range(64)))
    host = start_host(queue, "batches")
    host.wait_for(lambda host: len(host.bodies("batches ended")) == 64)
    sizes = [len(line["messages"]) for line in host.invocations("batches")]
    assert max(sizes) == 16
    assert host.bodies("batches") == [f"{number}" for number in range(64)]


async def test_minimum_batch(queue: Queue, start_host: StartHost) -> None:
    """With `minMessageBatchSize` few messages are held back for more, until `maxBatchWaitTime` has passed."""
    settings = {
        "AzureFunctionsJobHost__extensions__serviceBus__minMessageBatchSize": "3",
        "AzureFunctionsJobHost__extensions__serviceBus__maxBatchWaitTime": "00:00:04",
    }
    host = start_host(queue, "batches", settings)
    await queue.send("a", "b")
    await queue.send("c")
    host.wait_for(lambda host: len(host.bodies("batches ended")) == 3)
    await queue.send("d")
    host.wait_for(lambda host: len(host.bodies("batches ended")) == 4)
    assert [len(line["messages"]) for line in host.invocations("batches")] == [3, 1]


async def test_batch_locks_are_not_renewed(queue: Queue, start_host: StartHost) -> None:
    """A batch that takes longer than the lock is delivered again, as in Azure; the host says why and goes on."""
    await queue.send(f"slow{LOCK_SECONDS + 1}")
    host = start_host(queue, "batches")
    host.wait_for_log("was lost; it will be delivered again")
    host.wait_for(lambda host: len(host.bodies("batches")) == 2)
    counts = [message["delivery_count"] for line in host.invocations("batches") for message in line["messages"]]
    assert counts == [1, 2]


async def test_json_batches(queue: Queue, start_host: StartHost) -> None:
    """Without a data type a batch is passed on as JSON, written anew."""
    await queue.send('{"a":   "é"}')
    host = start_host(queue, "documents")
    host.wait_for(lambda host: host.bodies("documents"))
    (body,) = host.bodies("documents")
    assert body.encode("latin-1").decode() == '{"a":"é"}'


async def test_json_batches_must_be_json(queue: Queue, start_host: StartHost) -> None:
    """Without a data type a body that is not JSON fails its batch, as in Azure, with a hint."""
    await queue.send("not json")
    host = start_host(queue, "documents")
    assert "func.DataType.BINARY" in host.wait_for_log("was not invoked")
    assert not host.bodies("documents")
