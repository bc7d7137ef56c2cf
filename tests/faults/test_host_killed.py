import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from tests.system import System, eventually

PEOPLE = 50
ALERTS = 5_000
KILLS = 20


@pytest.mark.timeout(600)
async def test_a_host_killed_again_and_again_loses_and_repeats_nothing(system: System) -> None:
    """With the host killed 20 times in mid-work, every alert is in the inbox once and reached its clients."""
    people = [f"person-{number}" for number in range(PEOPLE)]
    # Every tenth alert goes to the role that all have, the others to one person each.
    alerts = [
        {
            "id": f"alert-{number}",
            "to": ["role:crew"] if number % 10 == 0 else [f"user:{people[number % PEOPLE]}"],
            "title": f"Alert {number}",
        }
        for number in range(ALERTS)
    ]
    expected = {
        person: {str(alert["id"]) for alert in alerts if alert["to"] in (["role:crew"], [f"user:{person}"])}
        for person in people
    }
    dice = random.Random(20)

    async def produce() -> None:
        async with system.publisher() as publisher:
            for start in range(0, ALERTS, 50):
                await publisher.send_many(alerts[start : start + 50])
                await asyncio.sleep(0.25)

    async def kill() -> None:
        for _ in range(KILLS):
            await asyncio.sleep(dice.uniform(0.1, 1.0))
            await asyncio.to_thread(system.cloud.restart, "functions_host")

    async with AsyncExitStack() as stack:
        inboxes = {person: await stack.enter_async_context(system.inbox(person, "crew")) for person in people}
        await asyncio.gather(produce(), kill())
        # What a killed host held is locked for up to a minute.
        for person, inbox in inboxes.items():
            await inbox.wait_for(expected[person], 180)
            assert inbox.frames >= len(expected[person])
            assert inbox.connections == 1
    for person in people:
        cards = [card["card"] for card in await system.history(person, "crew")]
        assert len(cards) == len(set(cards))
        assert set(cards) == expected[person]

    async def drained() -> bool:
        return await system.waiting() == 0

    await eventually(drained, 90)
    assert await system.dead_letters() == 0
    assert await system.parked() == 0


@pytest.mark.timeout(300)
async def test_what_was_kept_but_not_told_is_told_after_a_crash(system: System) -> None:
    """A host that dies between keeping and publishing leaves a message that another one publishes."""
    async with system.inbox("ada") as inbox, system.publisher() as publisher:
        # A live service that has stopped in its tracks: the host keeps the alert, and hangs on telling it.
        system.cloud.child("web_pubsub").pause()
        await publisher.send({"id": "kept", "to": ["user:ada"], "title": "Kept"})

        async def kept() -> bool:
            return [card["card"] for card in await system.history("ada")] == ["kept"]

        await eventually(kept)
        system.cloud.child("functions_host").kill()
        # What the dead host had sent must not be read from the socket after all.
        await asyncio.to_thread(system.cloud.restart, "web_pubsub")
        await asyncio.to_thread(system.cloud.restart, "functions_host")
        await inbox.wait_until(lambda inbox: inbox.frames == 1, 120)
    assert [card["card"] for card in await system.history("ada")] == ["kept"]
