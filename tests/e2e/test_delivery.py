import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.servicebus import ServiceBusMessage

from tests.system import SECONDS, System, eventually, own


async def test_an_alert_reaches_a_connected_user_at_once_and_stays_in_the_history(system: System, unique: str) -> None:
    """What a producer enqueues for a user arrives live, with every field, and is served by the history afterwards."""
    alert = {
        "id": f"order-{unique}",
        "to": [f"user:{unique}"],
        "title": "Order 42 is on its way",
        "body": "It left the house at 9:41.\nZażółć gęślą jaźń 🙂",
        "severity": "success",
        "category": "orders",
        "url": "/orders/42",
        "icon": "https://example.com/i.png",
        "actions": [{"id": "track", "title": "Track it", "url": "/orders/42/track"}],
        "data": {"order": 42, "lines": [{"sku": "a", "n": 1.5}], "note": None},
        "expiresAt": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
    }
    async with system.inbox(unique) as inbox, system.publisher() as publisher:
        assert await publisher.send(alert) == alert["id"]
        await inbox.wait_for([f"order-{unique}"], SECONDS)
    live = inbox.cards[f"order-{unique}"]
    [kept] = await system.history(unique)
    assert live == kept
    for name in set(alert) - {"expiresAt"}:
        assert kept[name] == alert[name]
    assert (kept["card"], kept["audience"]) == (alert["id"], f"user:{unique}")
    assert (kept["read"], kept["archived"]) == (False, False)


async def test_roles_and_everyone_are_one_card_for_a_person_in_several_audiences(system: System, unique: str) -> None:
    """An alert to a user, their role and everyone is one card for them, and reaches the others too."""
    role = f"ops-{unique}"
    async with (
        system.inbox(f"ada-{unique}", role) as ada,
        system.inbox(f"bob-{unique}") as bob,
        system.publisher() as publisher,
    ):
        everywhere = await publisher.send(
            {"to": [f"user:ada-{unique}", f"role:{role}", "everyone"], "title": "Power is out"}
        )
        only_role = await publisher.send({"to": [f"role:{role}"], "title": "Who is on call?"})
        await ada.wait_for([everywhere, only_role], SECONDS)
        await bob.wait_for([everywhere], SECONDS)
    history = await system.history(f"ada-{unique}", role, everyone=True)
    assert [card["card"] for card in history].count(everywhere) == 1
    assert history[0]["card"] == only_role
    assert next(card for card in history if card["card"] == everywhere)["audience"] == f"user:ada-{unique}"
    assert only_role not in bob.cards
    assert only_role not in [card["card"] for card in await system.history(f"bob-{unique}")]


async def test_a_batch_with_rotten_messages_delivers_the_rest_and_parks_them(system: System, unique: str) -> None:
    """Of 32 messages three can never work: 29 are delivered, 3 parked with the reason and the bytes they came as."""
    rotten = {
        b'{"title": "\xff\xfe"}': "UTF-8",
        b"not JSON at all": "JSON",
        json.dumps({"to": [f"user:{unique}"], "title": "x", "titel": "typo"}).encode(): "titel",
    }
    good = [json.dumps({"to": [f"user:{unique}"], "title": f"Alert {number}"}).encode() for number in range(29)]
    bodies = [*good[:10], *rotten, *good[10:]]
    async with system.inbox(unique) as inbox, system.service_bus() as client:
        sender = client.get_queue_sender("alerts")
        async with sender:
            await sender.send_messages(
                [ServiceBusMessage(body, message_id=f"{unique}-{index}") for index, body in enumerate(bodies)]
            )
        await inbox.wait_until(lambda inbox: len(own(inbox)) == 29, SECONDS)
    assert len(await system.history(unique)) == 29
    parked = {b"".join(message.body): message.application_properties for message in await system.poisoned(3)}
    assert parked.keys() == rotten.keys()
    for body, word in rotten.items():
        properties: dict[Any, Any] = parked[body] or {}
        assert word in properties[b"reason"].decode()
        assert properties[b"messageId"].decode().startswith(unique)


async def test_messages_as_large_as_the_queue_takes_are_parked_too(system: System, unique: str) -> None:
    """Though with the reason they are larger than that; they hold up none that came with them."""
    large = ServiceBusMessage(b"x" * 255_000, message_id=f"{unique}-body")
    wide = ServiceBusMessage(
        json.dumps({"to": [f"user:{unique}"], "title": "x"}),
        message_id=f"{unique}-properties",
        application_properties={f"name-{number}": "x" * 15_000 for number in range(4)},
    )
    async with system.inbox(unique) as inbox, system.service_bus() as client:
        async with client.get_queue_sender("alerts") as sender:
            await sender.send_messages(large)
            await sender.send_messages(wide)
            good = json.dumps({"to": [f"user:{unique}"], "title": "Good"})
            await sender.send_messages(ServiceBusMessage(good, message_id=f"{unique}-good"))
        await inbox.wait_until(lambda inbox: len(own(inbox)) == 1, SECONDS)
    properties: list[dict[Any, Any]] = [parked.application_properties or {} for parked in await system.poisoned(2)]
    assert sorted(each[b"reason"].decode() for each in properties) == [
        "the alert has 255,000 bytes, more than 65,536",
        "the application properties have 60,024 bytes, more than 16,384",
    ]


async def test_properties_that_are_wide_numbers_hold_nothing_up(system: System, unique: str) -> None:
    """A moment in milliseconds, say: what carries one is parked, or waits for its time, like any other."""
    wide: dict[str | bytes, Any] = {"builtAt": {"TYPE": "LONG", "VALUE": 1_795_152_345_678}}  # as the SDK takes types
    alert = {"to": [f"user:{unique}"], "title": "Later"}
    soon = {"deliverAt": (datetime.now(UTC) + timedelta(seconds=2)).isoformat()}
    async with system.inbox(unique) as inbox, system.service_bus() as client:
        async with client.get_queue_sender("alerts") as sender:
            await sender.send_messages(
                [
                    ServiceBusMessage(body, message_id=f"{unique}-{index}", application_properties=wide)
                    for index, body in enumerate(
                        [b"rotten", json.dumps(alert | soon).encode(), json.dumps(alert).encode()]
                    )
                ]
            )
        await inbox.wait_for([f"{unique}-1", f"{unique}-2"], SECONDS)
    [parked] = await system.poisoned(1)
    properties: dict[Any, Any] = parked.application_properties or {}
    assert (b"".join(parked.body), properties[b"builtAt"]) == (b"rotten", 1_795_152_345_678)


async def test_two_producers_with_the_same_id_make_one_card(system: System, unique: str) -> None:
    """The id is the idempotency key from queue to screen, also where the queue cannot know."""
    alert = {"id": unique, "to": [f"user:{unique}"], "title": "Only once"}
    async with system.inbox(unique) as inbox, system.publisher() as publisher, system.service_bus() as client:
        await asyncio.gather(publisher.send(alert), publisher.send(alert))
        async with client.get_queue_sender("alerts") as sender:  # another message id: the queue lets it pass
            await sender.send_messages(ServiceBusMessage(json.dumps(alert), message_id=f"{unique}-other"))
        last = await publisher.send({"to": [f"user:{unique}"], "title": "Last"})
        await inbox.wait_for([last], SECONDS)
        await eventually(lambda: _count(system, unique, 2))
    assert [card["card"] for card in await system.history(unique)] == [last, unique]
    assert inbox.frames == 2


async def test_a_later_alert_of_a_thread_replaces_the_card(system: System, unique: str) -> None:
    """Firing, then resolved: one card, which shows the latest; a repeat of the first does not bring it back."""
    firing = {
        "id": f"f-{unique}",
        "thread": unique,
        "to": [f"user:{unique}"],
        "title": "Firing",
        "severity": "critical",
    }
    resolved = {**firing, "id": f"r-{unique}", "title": "Resolved", "severity": "success"}
    async with system.inbox(unique) as inbox, system.publisher() as publisher, system.service_bus() as client:
        await publisher.send(firing)
        await inbox.wait_for([unique], SECONDS)
        await publisher.send(resolved)
        await inbox.wait_until(lambda inbox: inbox.cards[unique]["title"] == "Resolved", SECONDS)
        async with client.get_queue_sender("alerts") as sender:
            await sender.send_messages(ServiceBusMessage(json.dumps(firing), message_id=f"{unique}-again"))
        last = await publisher.send({"to": [f"user:{unique}"], "title": "Last"})
        await inbox.wait_for([last], SECONDS)
    assert [card["title"] for card in await system.history(unique)] == ["Last", "Resolved"]
    assert inbox.cards[unique]["title"] == "Resolved"


async def test_a_retracted_alert_is_gone_everywhere(system: System, unique: str) -> None:
    """To retract by id takes the card off the screen and out of the history."""
    async with system.inbox(unique) as inbox, system.publisher() as publisher:
        await publisher.send({"id": unique, "to": [f"user:{unique}"], "title": "Oops"})
        await inbox.wait_for([unique], SECONDS)
        await publisher.send({"id": unique, "to": [f"user:{unique}"], "retract": True})
        await inbox.wait_until(lambda inbox: inbox.cards[unique].get("retracted") is True, SECONDS)
    assert await system.history(unique) == []


async def test_an_alert_is_not_delivered_before_its_time(system: System, unique: str) -> None:
    """`deliverAt` holds the alert back, and then it is delivered once."""
    due = datetime.now(UTC) + timedelta(seconds=2)
    async with system.inbox(unique) as inbox, system.publisher() as publisher:
        await publisher.send({"id": unique, "to": [f"user:{unique}"], "title": "Later", "deliverAt": due})
        marker = await publisher.send({"to": [f"user:{unique}"], "title": "Now"})
        await inbox.wait_for([marker], SECONDS)
        assert unique not in inbox.cards
        await inbox.wait_for([unique], SECONDS)
        assert datetime.now(UTC) >= due
    assert [card["card"] for card in await system.history(unique)] == [unique, marker]


async def test_an_expired_alert_is_never_shown(system: System, unique: str) -> None:
    """What arrives after its time is over is dropped without a trace on screen."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    async with system.inbox(unique) as inbox, system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "Too late", "expiresAt": past})
        marker = await publisher.send({"to": [f"user:{unique}"], "title": "Now"})
        await inbox.wait_for([marker], SECONDS)
        assert list(own(inbox)) == [marker]
    assert [card["card"] for card in await system.history(unique)] == [marker]


EVENT = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.placed"}


@pytest.mark.parametrize("mode", ["structured", "binary"])
async def test_cloudevents_on_the_queue_are_alerts(system: System, unique: str, mode: str) -> None:
    """Any CloudEvents emitter that speaks AMQP is a producer, in both modes."""
    alert = {"to": [f"user:{unique}"], "title": "From an event"}
    if mode == "structured":
        message = ServiceBusMessage(
            json.dumps({**EVENT, "id": unique, "data": alert}), content_type="application/cloudevents+json"
        )
    else:
        attributes: dict[str | bytes, Any] = {f"cloudEvents:{name}": value for name, value in EVENT.items()}
        message = ServiceBusMessage(
            json.dumps(alert),
            content_type="application/json",
            application_properties={**attributes, "cloudEvents:id": unique},
        )
    async with system.inbox(unique) as inbox, system.service_bus() as client:
        async with client.get_queue_sender("alerts") as sender:
            await sender.send_messages(message)
        await inbox.wait_until(lambda inbox: len(own(inbox)) == 1, SECONDS)
    [card] = await system.history(unique)
    assert card["title"] == "From an event"
    assert card["id"].startswith("ce-")


async def test_alerts_are_taken_over_http_all_or_none(system: System, unique: str) -> None:
    """A producer without AMQP posts one, many, or CloudEvents; one that is not valid keeps all of them back."""
    producer = await system.token("shop", "Alerts.Send")
    alert = {"to": [f"user:{unique}"], "title": "Posted"}
    event = {**EVENT, "id": unique, "data": alert}
    status, _, answer = await system.request("POST", "/alerts", token=producer, json=[alert, {**alert, "title": ""}])
    assert (status, answer["code"], answer["field"]) == (400, "invalid-alert", "[1].title")
    accepted: list[str] = []
    binary = {"ce-specversion": "1.0", "ce-id": f"{unique}-b", "ce-source": "/shop", "ce-type": "x"}
    for options in (
        {"json": alert},
        {"json": [alert] * 3},
        {"json": event, "headers": {"Content-Type": "application/cloudevents+json"}},
        {"json": alert, "headers": binary},
    ):
        status, _, answer = await system.request("POST", "/alerts", token=producer, **options)
        assert status == 202, answer
        accepted += [item["id"] for item in answer["accepted"]]
    await eventually(lambda: _count(system, unique, 6))
    assert {card["card"] for card in await system.history(unique)} == set(accepted)


async def test_the_history_is_read_page_by_page(system: System, unique: str) -> None:
    """Pages follow each other newest first without a gap or a repeat."""
    async with system.inbox(unique) as inbox, system.publisher() as publisher:
        sent = await publisher.send_many({"to": [f"user:{unique}"], "title": f"{number}"} for number in range(25))
        await inbox.wait_until(lambda inbox: len(own(inbox)) == 25, SECONDS)
    assert [card["card"] for card in await system.history(unique, limit=7)] == sent[::-1]


async def _count(system: System, user: str, expected: int) -> bool:
    return len(await system.history(user)) == expected
