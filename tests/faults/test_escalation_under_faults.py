import asyncio

import pytest

from tests.phone import Phone
from tests.system import System, eventually

PEOPLE = 20
ALERTS = 500


@pytest.mark.timeout(600)
async def test_exactly_what_nobody_has_read_escalates_also_when_the_host_dies(system: System) -> None:
    """Of 500 alerts half are read in time; the other half rings, and nothing else, though the host is killed twice."""
    phones = [Phone(system, f"person-{number}") for number in range(PEOPLE)]
    for phone in phones:
        await phone.register()
    alerts = [
        {
            "id": f"alert-{number}",
            "to": [f"user:{phones[number % PEOPLE].user}"],
            "title": f"Alert {number}",
            "push": "never",
            "escalate": {"after": "PT100S"},
        }
        for number in range(ALERTS)
    ]
    async with system.publisher() as publisher:
        await publisher.send_many(alerts)
    await asyncio.to_thread(system.cloud.restart, "functions_host")

    async def kept() -> bool:
        histories = await asyncio.gather(*(system.history(phone.user) for phone in phones))
        return sum(map(len, histories)) == ALERTS

    # What the killed host held is locked for a minute; those that were kept after that escalate later, too.
    await eventually(kept, 120)
    for number in range(0, ALERTS, 2):
        # Every other alert of each person: pairs of rounds through all people.
        chosen = number + (number // PEOPLE) % 2
        await phones[chosen % PEOPLE].ask("PATCH", f"/alerts/alert-{chosen}", json={"read": True})
    read = {number + (number // PEOPLE) % 2 for number in range(0, ALERTS, 2)}
    await asyncio.to_thread(system.cloud.restart, "functions_host")

    async def over() -> bool:
        return await system.waiting() == 0

    await eventually(over, 300)
    for index, phone in enumerate(phones):
        device = await phone.known()
        assert device is not None
        rung = {
            item["payload"]["message"]["android"]["data"]["card"]
            for item in device["notifications"]
            if item["kind"] == "alert"
        }
        assert rung == {f"alert-{number}" for number in range(index, ALERTS, PEOPLE) if number not in read}
    assert await system.parked() == 0
    assert await system.dead_letters() == 0
