import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from belfry.inbox import Inbox
from tests.phone import Phone
from tests.system import System, eventually, own

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


ALERT = {"id": "fire", "to": ["user:ada"], "title": "Fire", "push": "always"}


async def _phones(system: System) -> list[Phone]:
    """Ada's, one of each kind."""
    phones = [Phone(system, "ada", name=platform) for platform in ("fcmv1", "apns")]
    for phone in phones:
        await phone.register(phone.name)
    return phones


async def _is_there_once(system: System, phones: list[Phone], inbox: Inbox, *, frames: int, pushes: int) -> None:
    """Once on each phone, once on the screen, once in the inbox, however often these were told."""
    await inbox.wait_until(lambda inbox: inbox.frames == frames, 120)
    for phone in phones:
        await phone.wait_for(*[("alert", "Fire")] * pushes)
        assert await phone.on_screen() == ["Fire"]
        device = await phone.known()
        assert device is not None
        assert [item["collapseId"] for item in device["notifications"]] == ["fire"] * pushes
        assert [item["replaced"] for item in device["notifications"]] == [False, *[True] * (pushes - 1)]
    assert list(own(inbox)) == ["fire"]
    assert [card["card"] for card in await system.history("ada")] == ["fire"]

    async def drained() -> bool:
        return await system.waiting() == 0

    await eventually(drained)
    assert (await system.dead_letters(), await system.parked()) == (0, 0)


@pytest.mark.timeout(300)
async def test_what_was_pushed_but_not_published_is_one_notification_after_a_crash(system: System) -> None:
    """A host that dies between the channels, the push gone out and the live frame not: both are told again."""
    phones = await _phones(system)
    async with system.inbox("ada") as inbox, system.publisher() as publisher:
        system.cloud.child("web_pubsub").pause()
        await publisher.send(ALERT)
        for phone in phones:
            await phone.wait_for(("alert", "Fire"))
        system.cloud.child("functions_host").kill()
        assert inbox.frames == 0
        await asyncio.to_thread(system.cloud.restart, "web_pubsub")
        await asyncio.to_thread(system.cloud.restart, "functions_host")
        await _is_there_once(system, phones, inbox, frames=1, pushes=2)


@pytest.mark.timeout(300)
async def test_what_was_published_but_not_pushed_is_one_card_after_a_crash(system: System) -> None:
    """The other way round: the client hears of the card again and shows it once, and the phones ring yet."""
    phones = await _phones(system)
    async with system.inbox("ada") as inbox, system.publisher() as publisher:
        system.cloud.child("notification_hubs").pause()
        await publisher.send(ALERT)
        await inbox.wait_for(["fire"], 30)
        system.cloud.child("functions_host").kill()
        await asyncio.to_thread(system.cloud.restart, "notification_hubs")
        assert [await phone.shown() for phone in phones] == [[], []]
        await asyncio.to_thread(system.cloud.restart, "functions_host")
        await _is_there_once(system, phones, inbox, frames=2, pushes=1)


@pytest.mark.timeout(300)
async def test_what_was_told_but_not_settled_is_told_again_after_a_crash(system: System) -> None:
    """A host that dies when all is done, and the queue does not know yet: everything comes twice, and is there once."""
    phones = await _phones(system)
    async with system.inbox("ada") as inbox:
        live = system.cloud.child("web_pubsub")
        live.pause()
        async with system.publisher() as publisher:
            await publisher.send(ALERT)
        for phone in phones:
            await phone.wait_for(("alert", "Fire"))
        system.cloud.child("service_bus").pause()  # nothing is settled from now on
        live.resume()
        await inbox.wait_for(["fire"], 30)
        system.cloud.child("functions_host").kill()
        await asyncio.to_thread(system.cloud.restart, "service_bus")
        await asyncio.to_thread(system.cloud.restart, "functions_host")
        await _is_there_once(system, phones, inbox, frames=2, pushes=2)
