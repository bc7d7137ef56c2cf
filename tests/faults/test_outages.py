import asyncio
import time

import pytest

from tests.system import System, eventually

OUTAGE_SECONDS = 60
RATE = 20
PEOPLE = ("ada", "bob", "cyd")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("service", ["web_pubsub", "cosmos"])
async def test_an_outage_of_a_minute_costs_a_delay_and_nothing_else(system: System, service: str) -> None:
    """With a service away for 60 s under load, nothing is dead-lettered or parked, and everything arrives."""
    sent: list[str] = []
    ended = asyncio.Event()

    async def produce() -> None:
        async with system.publisher() as publisher:
            while not ended.is_set():
                person = PEOPLE[len(sent) % len(PEOPLE)]
                to = [f"user:{person}", "everyone"] if len(sent) % 5 == 0 else [f"user:{person}"]
                sent.append(await publisher.send({"to": to, "title": f"Alert {len(sent)}"}))
                await asyncio.sleep(1 / RATE)

    async with system.inbox("ada") as ada, system.inbox("bob") as bob, system.inbox("cyd") as cyd:
        inboxes = {"ada": ada, "bob": bob, "cyd": cyd}
        producing = asyncio.create_task(produce())
        await asyncio.sleep(5)
        child = system.cloud.child(service)
        child.kill()
        began = time.monotonic()
        await asyncio.sleep(OUTAGE_SECONDS)
        if service == "web_pubsub":
            # Who is not connected is not held up either: the inbox goes on being filled.
            kept = {card["card"] for person in PEOPLE for card in await system.history(person, everyone=True)}
            assert len(kept) >= len(sent) - 2 * RATE
        await asyncio.to_thread(child.start)
        assert time.monotonic() - began >= OUTAGE_SECONDS
        await asyncio.sleep(5)
        ended.set()
        await producing

        async def drained() -> bool:
            return await system.waiting() == 0

        # The third rung of the ladder, 2 min ± 20 %, is the first after an outage of a minute for what failed early.
        await eventually(drained, 300)
        for index, person in enumerate(PEOPLE):
            mine = {
                identifier for number, identifier in enumerate(sent) if number % len(PEOPLE) == index or number % 5 == 0
            }
            cards = [card["card"] for card in await system.history(person, everyone=True)]
            assert len(cards) == len(set(cards))
            assert set(cards) == mine
            await inboxes[person].wait_for(mine, 30)
    assert await system.dead_letters() == 0
    assert await system.parked() == 0
