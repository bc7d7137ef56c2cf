import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.servicebus import ServiceBusMessage

from belfry.inbox import Inbox
from tests.system import SECONDS, System


class Client:
    """A person who asks over HTTP."""

    def __init__(self, system: System, user: str, *roles: str) -> None:
        self.system = system
        self.user = user
        self.roles = roles

    async def ask(self, method: str, path: str, expected: int = 200, **options: Any) -> Any:
        """The JSON of an answer that has the expected status."""
        token = await self.system.token(self.user, *self.roles)
        status, _, answer = await self.system.request(method, path, token=token, **options)
        assert status == expected, answer
        return answer

    async def changes(self, since: str, expected: int = 200) -> Any:
        """What changed."""
        return await self.ask("GET", "/alerts/changes", expected, params={"since": since})

    async def own(self, **parameters: str) -> list[dict[str, Any]]:
        """The first page, without the broadcasts of other tests."""
        page = await self.ask("GET", "/alerts", params={"limit": "100", **parameters})
        return [card for card in page["alerts"] if card["audience"] != "everyone"]


async def _send(system: System, inbox: Inbox, *alerts: dict[str, Any]) -> list[str]:
    async with system.publisher() as publisher:
        sent = await publisher.send_many(alerts)
    await inbox.wait_for(sent, SECONDS)
    return sent


async def test_a_mark_is_kept_told_to_other_tabs_and_part_of_catching_up(system: System, unique: str) -> None:
    """Read on one tab is read on the other at once, in the history, and for a client that was away."""
    client = Client(system, unique)
    frames: list[dict[str, Any]] = []
    async with system.inbox(unique) as inbox:
        inbox.on_frame = frames.append
        [card] = await _send(system, inbox, {"to": [f"user:{unique}"], "title": "Read me"})
        away = (await client.ask("GET", "/alerts"))["sync"]
        mark = await client.ask("PATCH", f"/alerts/{card}", json={"read": True})
        assert (mark["card"], mark["read"], mark["archived"]) == (card, True, False)
        await inbox.wait_until(lambda _: any(frame["type"] == "marks" for frame in frames), SECONDS)
    [frame] = [frame for frame in frames if frame["type"] == "marks"]
    assert frame["marks"] == [mark]
    assert [card["read"] for card in await client.own()] == [True]
    changes = await client.changes(away)
    assert changes["marks"] == [mark]
    again = await client.ask("PATCH", f"/alerts/{card}", json={"read": False})
    assert again["version"] > mark["version"]
    assert [card["read"] for card in await client.own()] == [False]


async def test_an_archived_card_is_put_away_and_comes_back(system: System, unique: str) -> None:
    """Archived cards leave the history and the count; to undo is to say so."""
    client = Client(system, unique)
    async with system.inbox(unique) as inbox:
        [card] = await _send(system, inbox, {"to": [f"user:{unique}"], "title": "Put me away"})
    await client.ask("PATCH", f"/alerts/{card}", json={"archived": True})
    assert await client.own() == []
    await client.ask("PATCH", f"/alerts/{card}", json={"archived": False})
    assert [found["card"] for found in await client.own()] == [card]


async def test_mark_all_is_one_write_and_holds_for_what_was_there(system: System, unique: str) -> None:
    """Everything that was stored is read, what was marked unread too; what comes later is not."""
    client = Client(system, unique)
    async with system.inbox(unique) as inbox:
        first = await _send(system, inbox, *({"to": [f"user:{unique}"], "title": f"{n}"} for n in range(5)))
        await client.ask("PATCH", f"/alerts/{first[0]}", json={"read": False})
        answer = await client.ask("POST", "/alerts/read")
        assert answer["readUpTo"]
        page = await client.ask("GET", "/alerts")
        assert page["unread"] == 0
        assert page["readUpTo"] == answer["readUpTo"]
        assert all(card["read"] for card in await client.own())
        [later] = await _send(system, inbox, {"to": [f"user:{unique}"], "title": "Later"})
    page = await client.ask("GET", "/alerts", params={"unread": "true"})
    assert [card["card"] for card in page["alerts"]] == [later]
    assert page["unread"] == 1


async def test_a_new_revision_is_unread_again(system: System, unique: str) -> None:
    """A mark is about the revision it names."""
    client = Client(system, unique)
    alert = {"to": [f"user:{unique}"], "thread": unique, "title": "Firing"}
    async with system.inbox(unique) as inbox, system.publisher() as publisher:
        await publisher.send(alert)
        await inbox.wait_for([unique], SECONDS)
        stale = inbox.cards[unique]["position"]
        await client.ask("PATCH", f"/alerts/{unique}", json={"read": True, "archived": True})
        await publisher.send({**alert, "title": "Firing again"})
        await inbox.wait_until(lambda inbox: inbox.cards[unique]["title"] == "Firing again", SECONDS)
    [card] = await client.own()
    assert (card["read"], card["archived"]) == (False, False)
    problem = await client.ask("PATCH", f"/alerts/{unique}", 409, json={"read": True, "position": stale})
    assert problem["code"] == "card-revised"


async def test_the_unread_count_is_exact_up_to_a_hundred(system: System, unique: str) -> None:
    """As many as are unread; 100 for more."""
    client = Client(system, unique)
    base = (await client.ask("POST", "/alerts/read"))["readUpTo"]
    assert base is not None
    async with system.inbox(unique) as inbox:
        cards = await _send(system, inbox, *({"to": [f"user:{unique}"], "title": f"{n}"} for n in range(99)))
        counts = [(await client.ask("GET", "/alerts", params={"limit": "1"}))["unread"]]
        await client.ask("PATCH", f"/alerts/{cards[3]}", json={"read": True})
        await client.ask("PATCH", f"/alerts/{cards[4]}", json={"archived": True})
        counts.append((await client.ask("GET", "/alerts", params={"limit": "1"}))["unread"])
        await _send(system, inbox, *({"to": [f"user:{unique}"], "title": f"{n}"} for n in range(10)))
        counts.append((await client.ask("GET", "/alerts", params={"limit": "1"}))["unread"])
    assert counts == [99, 97, 100]


async def test_changes_are_complete_or_refused(system: System, unique: str) -> None:
    """Everything since the token; 410 when the audiences changed, for another person's token, and for a forged one."""
    client = Client(system, unique)
    since = (await client.ask("GET", "/alerts"))["sync"]
    async with system.inbox(unique) as inbox:
        sent = await _send(system, inbox, *({"to": [f"user:{unique}"], "title": f"{n}"} for n in range(7)))
    changes = await client.changes(since)
    assert [card["card"] for card in changes["alerts"] if card["audience"] != "everyone"] == sent
    assert changes["more"] is False
    assert changes["unread"] >= 7
    assert [card for card in (await client.changes(changes["sync"]))["alerts"] if card["audience"] != "everyone"] == []
    mallory = Client(system, f"mallory-{unique}")
    assert (await mallory.changes(since, 410))["code"] == "sync-expired"
    forged = since[:-6] + ("A" if since[-6] != "A" else "B") + since[-5:]
    assert (await client.changes(forged, 410))["code"] == "sync-expired"
    promoted = Client(system, unique, "back-office")
    assert (await promoted.changes(since, 410))["code"] == "sync-expired"


async def test_a_topic_is_heard_from_the_subscription_on(system: System, unique: str) -> None:
    """Subscribing joins the open connection, and what was before does not flood the inbox; leaving ends it."""
    client = Client(system, unique)
    topic = "offers"
    async with system.inbox(unique) as inbox, system.publisher() as publisher:
        before = await publisher.send({"to": [f"topic:{topic}"], "title": "Before"})
        marker = await publisher.send({"to": [f"user:{unique}"], "title": "Stored after it"})
        await inbox.wait_for([marker], SECONDS)
        subscribed = await client.ask("PUT", f"/subscriptions/{topic}")
        assert subscribed["topic"] == topic
        assert await client.ask("PUT", f"/subscriptions/{topic}") == subscribed
        during = await publisher.send({"to": [f"topic:{topic}"], "title": "During"})
        await inbox.wait_for([during], SECONDS)
        assert before not in inbox.cards
        assert [card["card"] for card in await client.own()] == [during, marker]
        assert (await client.ask("GET", "/subscriptions"))["subscriptions"] == [subscribed]
        await client.ask("DELETE", f"/subscriptions/{topic}", 204)
        after = await publisher.send({"to": [f"topic:{topic}"], "title": "After"})
        marker = await publisher.send({"to": [f"user:{unique}"], "title": "Last"})
        await inbox.wait_for([marker], SECONDS)
        assert after not in inbox.cards
    assert [card["title"] for card in await client.own()] == ["Last", "Stored after it"]


async def test_a_topic_is_closed_unless_opened(system: System, unique: str) -> None:
    """Who may subscribe is the deployment's decision, by role."""
    customer, clerk = Client(system, unique), Client(system, f"clerk-{unique}", "back-office")
    assert (await customer.ask("PUT", "/subscriptions/secrets", 403))["code"] == "topic-closed"
    assert (await customer.ask("PUT", "/subscriptions/stock-eu", 403))["code"] == "topic-closed"
    await clerk.ask("PUT", "/subscriptions/stock-eu")
    assert (await customer.ask("PUT", "/subscriptions/a%20b", 400))["field"] == "topic"


async def test_filters_narrow_the_history(system: System, unique: str) -> None:
    """By severity, by category, by what is unread; an unknown value is refused and named."""
    client = Client(system, unique)
    alerts = [
        {"to": [f"user:{unique}"], "title": f"{severity}", "severity": severity, "category": category}
        for severity, category in (("info", "orders"), ("critical", "payments"), ("warning", "orders"))
    ]
    async with system.inbox(unique) as inbox:
        info, critical, warning = await _send(system, inbox, *alerts)
        [plain] = await _send(system, inbox, {"to": [f"user:{unique}"], "title": "Plain"})
    assert [card["card"] for card in await client.own(severity="critical,warning")] == [warning, critical]
    assert [card["card"] for card in await client.own(severity="info")] == [plain, info]
    assert [card["card"] for card in await client.own(category="orders")] == [warning, info]
    await client.ask("PATCH", f"/alerts/{warning}", json={"read": True})
    assert [card["card"] for card in await client.own(category="orders", unread="true")] == [info]
    assert [card["card"] for card in await client.own(unread="false")] == [warning]
    for parameters in (
        {"severity": "fatal"},
        {"unread": "maybe"},
        {"limit": "0"},
        {"category": "A B"},
        {"before": "x"},
    ):
        problem = await client.ask("GET", "/alerts", 400, params=parameters)
        assert problem["code"] == "invalid-parameter"
        assert [problem["field"]] == list(parameters)


async def test_an_older_revision_in_another_audience_does_not_come_back(system: System, unique: str) -> None:
    """A thread whose latest revision went to fewer audiences is one card, the latest, on every page."""
    role = f"ops-{unique}"
    client = Client(system, unique, role)
    async with system.inbox(unique, role) as inbox, system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}", f"role:{role}"], "thread": unique, "title": "Old"})
        await inbox.wait_for([unique], SECONDS)
        await _send(system, inbox, *({"to": [f"user:{unique}"], "title": f"{n}"} for n in range(5)))
        await publisher.send({"to": [f"user:{unique}"], "thread": unique, "title": "New"})
        await inbox.wait_until(lambda inbox: inbox.cards[unique]["title"] == "New", SECONDS)
    for limit in (1, 2, 100):
        cards = await system.history(unique, role, limit=limit)
        assert [card["title"] for card in cards] == ["New", "4", "3", "2", "1", "0"]
    assert (await client.ask("PATCH", f"/alerts/{unique}", json={"read": True}))["position"] == cards[0]["position"]


async def test_what_is_withdrawn_before_it_is_due_is_never_shown(system: System, unique: str) -> None:
    """A retraction also reaches an alert that is still scheduled."""
    due = datetime.now(UTC) + timedelta(seconds=2)
    async with system.inbox(unique) as inbox, system.publisher() as publisher:
        await publisher.send({"id": unique, "to": [f"user:{unique}"], "title": "Never", "deliverAt": due})
        await publisher.send({"id": unique, "to": [f"user:{unique}"], "retract": True})
        later = await publisher.send(
            {"to": [f"user:{unique}"], "title": "Later", "deliverAt": due + timedelta(milliseconds=500)}
        )
        await inbox.wait_for([later], SECONDS)
        assert inbox.cards.get(unique, {"retracted": True}).get("retracted")
    assert [card["card"] for card in await system.history(unique)] == [later]


async def test_preferences_are_kept_and_checked(system: System, unique: str) -> None:
    """What is put is what is got; what is wrong is refused and named."""
    client = Client(system, unique)
    wanted = {
        "mutedCategories": ["marketing"],
        "mutedTopics": ["offers"],
        "minimumSeverity": "warning",
        "quietHours": {"start": "22:00", "end": "07:00", "timeZone": "Europe/Warsaw", "days": ["monday"]},
        "criticalAlways": False,
    }
    assert (await client.ask("GET", "/preferences"))["minimumSeverity"] == "info"
    await client.ask("PUT", "/preferences", json=wanted)
    assert await client.ask("GET", "/preferences") == wanted
    for path, wrong in (
        ("quietHours.timeZone", {**wanted, "quietHours": {"start": "22:00", "end": "07:00", "timeZone": "Mars/Base"}}),
        ("quietHours.start", {**wanted, "quietHours": {"start": "24:00", "end": "07:00", "timeZone": "UTC"}}),
        ("minimumSeverity", {**wanted, "minimumSeverity": "fatal"}),
        ("mutedCategory", {**wanted, "mutedCategory": []}),
    ):
        problem = await client.ask("PUT", "/preferences", 400, json=wrong)
        assert (problem["code"], problem["field"]) == ("invalid-body", path)
    assert await client.ask("GET", "/preferences") == wanted


async def test_a_person_takes_everything_along_and_is_forgotten(system: System, unique: str) -> None:
    """Export holds all that is kept about them; after erasure nothing is left but what is for many."""
    client = Client(system, unique)
    async with system.inbox(unique) as inbox:
        [card] = await _send(system, inbox, {"to": [f"user:{unique}"], "title": "Mine"})
    await client.ask("PUT", "/subscriptions/offers")
    await client.ask("PATCH", f"/alerts/{card}", json={"read": True})
    export = await client.ask("GET", "/me/export")
    assert export["user"] == unique
    assert [alert["card"] for alert in export["alerts"]] == [card]
    assert [mark["card"] for mark in export["marks"]] == [card]
    assert "offers" in export["profile"]["subscriptions"]
    since = (await client.ask("GET", "/alerts"))["sync"]
    await client.ask("DELETE", "/me", 204)
    assert await client.own() == []
    export = await client.ask("GET", "/me/export")
    assert (export["alerts"], export["marks"], export["profile"]) == ([], [], None)
    assert (await client.changes(since, 410))["code"] == "sync-expired"


@pytest.mark.parametrize("path", ["/alerts/no-such-card", "/alerts/a%2Fb", "/alerts/" + "x" * 200])
async def test_a_card_that_is_not_there_cannot_be_marked(system: System, unique: str, path: str) -> None:
    """Of another person, or of nobody: 404 or 400, and nothing is written."""
    client = Client(system, unique)
    token = await system.token(unique)
    status, _, problem = await system.request("PATCH", path, token=token, json={"read": True})
    assert status in (400, 404)
    assert not problem or problem["code"] in ("card-not-found", "invalid-parameter")
    assert (await client.ask("GET", "/me/export"))["marks"] == []


async def test_a_delayed_alert_is_in_the_next_changes(system: System, unique: str) -> None:
    """An alert that was enqueued first and stored last has a low position, and is not skipped."""
    client = Client(system, unique)
    # Parked by its time: enqueued before the marker, stored after it. Its position says so too, for it takes a
    # retried copy's: the application property that deliver itself sets.
    early = datetime.now(UTC) - timedelta(minutes=5)
    position = f"{int(early.timestamp() * 1000):013d}-{0:019d}"
    async with system.inbox(unique) as inbox, system.service_bus() as bus:
        [marker] = await _send(system, inbox, {"to": [f"user:{unique}"], "title": "On time"})
        since = (await client.ask("GET", "/alerts"))["sync"]
        body = json.dumps({"id": f"late-{unique}", "to": [f"user:{unique}"], "title": "Late"})
        async with bus.get_queue_sender("alerts") as sender:
            await sender.send_messages(
                ServiceBusMessage(body, application_properties={"position": position, "attempt": 1})
            )
        await inbox.wait_for([f"late-{unique}"], SECONDS)
    assert [card["card"] for card in await client.own()] == [marker, f"late-{unique}"]
    changes = await client.changes(since)
    assert [card["card"] for card in changes["alerts"] if card["audience"] != "everyone"] == [f"late-{unique}"]
