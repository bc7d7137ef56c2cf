import json
import time

from .conftest import LOCK_SECONDS, Queue, StartHost


async def test_single_message(queue: Queue, start_host: StartHost) -> None:
    """A function that takes single messages gets one with its metadata, and it is completed."""
    await queue.send("é")
    host = start_host(queue, "singles")
    host.wait_for(lambda host: host.bodies("singles ended"))
    message = host.invocations("singles")[0]["messages"][0]
    assert message["body"].encode("latin-1").decode() == "é"
    assert message["delivery_count"] == 1
    assert message["enqueued_time_utc"]
    assert message["application_properties"] == {}
    host.child.stop()
    assert await queue.peek() == []


async def test_exception_abandons_the_message(queue: Queue, start_host: StartHost) -> None:
    """After an exception the message comes again, with the next delivery count; others are not touched."""
    await queue.send("before", "fail", "after")
    host = start_host(queue, "singles")
    host.wait_for(lambda host: len(host.bodies("singles ended")) == 3)
    counts = {m["body"]: m["delivery_count"] for line in host.invocations("singles") for m in line["messages"]}
    assert counts == {"before": 1, "fail": 2, "after": 1}


async def test_lock_is_renewed(queue: Queue, start_host: StartHost) -> None:
    """The lock of a single message is kept for as long as its function runs, far beyond the queue's lock duration."""
    await queue.send(f"slow{LOCK_SECONDS * 2 + 1}")
    host = start_host(queue, "singles")
    host.wait_for(lambda host: host.bodies("singles ended"), LOCK_SECONDS * 2 + 20)
    host.child.stop()
    assert len(host.bodies("singles")) == 1
    assert await queue.peek() == []


async def test_lock_renewal_ends(queue: Queue, start_host: StartHost) -> None:
    """Beyond `maxAutoLockRenewalDuration` the lock is given up and the message comes again."""
    settings = {"AzureFunctionsJobHost__extensions__serviceBus__maxAutoLockRenewalDuration": "00:00:00"}
    await queue.send(f"slow{LOCK_SECONDS + 1}")
    host = start_host(queue, "singles", settings)
    host.wait_for(lambda host: len(host.bodies("singles")) == 2)
    host.wait_for_log("was lost; it will be delivered again")


async def test_concurrent_calls(queue: Queue, start_host: StartHost) -> None:
    """As many messages are in work at a time as `maxConcurrentCalls` allows, and no more."""
    settings = {"AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls": "2"}
    await queue.send("slow2", "slow2", "slow2")
    host = start_host(queue, "singles", settings)
    host.wait_for(lambda host: len(host.bodies("singles")) == 2)
    begun = time.monotonic()
    host.wait_for(lambda host: len(host.bodies("singles")) == 3)
    assert time.monotonic() - begun > 1
    host.wait_for(lambda host: len(host.bodies("singles ended")) == 3)


async def test_automatic_completion_can_be_off(queue: Queue, start_host: StartHost) -> None:
    """With `autoCompleteMessages` off, a message that succeeded is left alone and comes again when its lock ends."""
    settings = {"AzureFunctionsJobHost__extensions__serviceBus__autoCompleteMessages": "false"}
    await queue.send("left")
    host = start_host(queue, "singles", settings)
    host.wait_for(lambda host: len(host.bodies("singles ended")) == 2, LOCK_SECONDS + 20)


async def test_body_fields_overwrite_metadata(queue: Queue, start_host: StartHost) -> None:
    """A JSON body that is passed as text overwrites metadata of the same name, as in Azure."""
    await queue.send(json.dumps({"to": "from the body", "subject": "also", "list": [1]}))
    host = start_host(queue, "singles")
    host.wait_for(lambda host: host.bodies("singles"))
    message = host.invocations("singles")[0]["messages"][0]
    assert (message["to"], message["subject"]) == ("from the body", "also")
