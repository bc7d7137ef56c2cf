from typing import Any

import pytest

from tests.phone import Phone
from tests.system import SECONDS, System, eventually


async def _send(system: System, *alerts: dict[str, Any]) -> None:
    async with system.publisher() as publisher:
        await publisher.send_many(alerts)


async def _rings(phone: Phone, times: int) -> None:
    async def rung() -> bool:
        return [kind for kind, _ in await phone.shown()].count("alert") == times

    await eventually(rung)


@pytest.mark.local_only(reason="what a device was sent cannot be asked of a real hub")
async def test_what_nobody_reads_rings_and_goes_to_others(system: System, unique: str) -> None:
    """After its time the alert is pushed though they are online, and is in the inbox of those who come next."""
    ada, cat = Phone(system, f"ada-{unique}"), Phone(system, f"cat-{unique}", f"on-call-{unique}")
    await ada.register()
    await cat.register()
    alert = {
        "id": unique,
        "to": [f"user:{ada.user}"],
        "title": "The pump stands still",
        "severity": "critical",
        "escalate": {"after": "PT2S", "to": [f"role:on-call-{unique}"]},
    }
    async with system.inbox(ada.user) as inbox, system.inbox(cat.user, *cat.roles) as next_one:
        await _send(system, alert)
        await inbox.wait_for([unique], SECONDS)
        assert await ada.shown() == []
        assert unique not in next_one.cards
        await next_one.wait_for([unique], SECONDS)
        await _rings(ada, 1)
        await _rings(cat, 1)
    [card] = await system.history(cat.user, *cat.roles)
    assert (card["card"], card["audience"]) == (unique, f"role:on-call-{unique}")


@pytest.mark.local_only(reason="what a device was sent cannot be asked of a real hub")
async def test_what_is_read_in_time_does_not_ring(system: System, unique: str) -> None:
    """Read, put away, marked with all others, withdrawn or resolved: it is over, at once."""
    people = {name: Phone(system, f"{name}-{unique}") for name in ("read", "archived", "all", "gone", "better", "late")}
    for phone in people.values():
        await phone.register()
    escalate = {"escalate": {"after": "PT4S"}, "push": "never", "severity": "critical"}
    alerts = [
        {"id": f"{name}-{unique}", "thread": phone.user, "to": [f"user:{phone.user}"], "title": name, **escalate}
        for name, phone in people.items()
    ]
    await _send(system, *alerts)
    for phone in people.values():

        async def kept(phone: Phone = phone) -> bool:
            return len(await system.history(phone.user)) == 1

        await eventually(kept)
    await people["read"].ask("PATCH", f"/alerts/{people['read'].user}", json={"read": True})
    await people["archived"].ask("PATCH", f"/alerts/{people['archived'].user}", json={"archived": True})
    await people["all"].ask("POST", "/alerts/read")
    gone, better = people["gone"], people["better"]
    await _send(
        system,
        {"id": f"gone-{unique}", "to": [f"user:{gone.user}"], "retract": True},
        {"thread": better.user, "to": [f"user:{better.user}"], "title": "Resolved", "push": "never"},
    )
    await _rings(people["late"], 1)
    for name in ("read", "archived", "all", "gone", "better"):
        assert [kind for kind, _ in await people[name].shown()].count("alert") == 0, name


@pytest.mark.local_only(reason="what a device was sent cannot be asked of a real hub")
async def test_it_repeats_until_somebody_has_acted(system: System, unique: str) -> None:
    """One of a role acts, and it is quiet for all of them."""
    role = f"crew-{unique}"
    ann, ben = Phone(system, f"ann-{unique}", role), Phone(system, f"ben-{unique}", role)
    await ann.register()
    await ben.register()
    await _send(
        system,
        {
            "id": unique,
            "to": [f"role:{role}"],
            "title": "Fire",
            "severity": "critical",
            "escalate": {"after": "PT1S", "repeat": {"every": "PT2S", "times": 10}},
        },
    )
    await _rings(ben, 3)
    await ann.ask("PATCH", f"/alerts/{unique}", json={"read": True})

    async def over() -> bool:
        return await system.waiting() == 0

    await eventually(over)
    rings = [kind for kind, _ in await ben.shown()].count("alert")
    assert 3 <= rings <= 4


async def test_an_escalation_that_is_not_valid_is_refused(system: System) -> None:
    """Durations and their bounds, audiences, numbers: the field is named."""
    producer = await system.token("shop", "Alerts.Send")
    alert = {"to": ["everyone"], "title": "x"}
    for escalate, field in (
        ({}, "escalate.after"),
        ({"after": "5 minutes"}, "escalate.after"),
        ({"after": "PT0S"}, "escalate.after"),
        ({"after": "P30D"}, "escalate.after"),
        ({"after": "PT5M", "to": ["nobody"]}, "escalate.to[0]"),
        ({"after": "PT5M", "repeat": {"every": "PT5M", "times": 0}}, "escalate.repeat.times"),
        ({"after": "PT5M", "repeat": {"every": "PT0S", "times": 1}}, "escalate.repeat.every"),
    ):
        status, _, problem = await system.request(
            "POST", "/alerts", token=producer, json={**alert, "escalate": escalate}
        )
        assert (status, problem["code"], problem["field"]) == (400, "invalid-alert", field)
