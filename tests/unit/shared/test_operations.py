import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from shared.api.operations import HEALTH_SECONDS
from shared.audience import EVERYONE, Audience
from shared.errors import RefusedError, TransientError
from shared.inbox.sync import SyncPoint, seal
from tests.unit.shared.fakes import ADA, BEN, NOON, OFFICE, place, received, stored
from tests.unit.shared.house import House, bearer

ALERT: dict[str, Any] = {"to": ["user:ada"], "title": "Your order is on its way"}
JSON = {"content-type": "application/json"}
OUTAGES = Audience.parse("topic:outages")
PRODUCER = bearer("shop", "Alerts.Send") | JSON
EVENING = (NOON + timedelta(hours=8)).isoformat()


@pytest.fixture
def house() -> House:
    """An application in which anyone may subscribe to `outages`."""
    return House({"outages": ["*"]})


def operations(house: House) -> dict[str, Any]:
    """Every operation that needs a token."""
    inboxes, persons = house.worker.inboxes, house.worker.persons
    return {
        "send": house.worker.producers.send,
        "history": inboxes.history,
        "changes": inboxes.changes,
        "mark": inboxes.mark,
        "mark all": inboxes.mark_all,
        "negotiate": persons.negotiate,
        "subscriptions": persons.subscriptions,
        "subscribe": persons.subscribe,
        "unsubscribe": persons.unsubscribe,
        "preferences": persons.preferences,
        "prefer": persons.prefer,
        "export": persons.export,
        "leave": persons.leave,
    }


NAMES = sorted(operations(House()))


# Who asks.


@pytest.mark.parametrize("name", NAMES)
async def test_without_a_token_nothing_is_done(house: House, name: str) -> None:
    """401, a challenge, and a problem document; no word about the request itself."""
    answer = await house.ask(operations(house)[name], JSON, body=ALERT, query={"limit": "x"})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="belfry"'
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body["code"] == "unauthenticated"
    assert house.outbox.scheduled == []


@pytest.mark.parametrize("name", NAMES)
async def test_with_a_wrong_token_the_challenge_says_so(house: House, name: str) -> None:
    """A client knows that a new token may help (RFC 6750)."""
    answer = await house.ask(operations(house)[name], {"authorization": "Bearer x.y.z"})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="belfry", error="invalid_token"'


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("history", "changes")])
async def test_a_token_whose_header_was_replaced_on_the_way_is_found_beside_it(house: House, name: str) -> None:
    """Azure Static Web Apps puts a token of its own into Authorization: the client's own counts."""
    own = bearer("ada", "Alerts.Send")["authorization"]
    headers = {"authorization": "Bearer the.platforms.own", "x-authorization": own} | JSON
    answer = await house.ask(operations(house)[name], headers, body=ALERT, query={"dryRun": "true"})
    assert answer.body["code"] == "invalid-parameter"


@pytest.mark.parametrize("name", NAMES)
async def test_an_issuer_that_is_away_is_no_fault_of_the_person(house: House, name: str) -> None:
    """503 with the time to wait, not 401: nobody is signed out."""
    house.keys.away = True
    answer = await house.ask(operations(house)[name], bearer("ada"))
    assert (answer.status, answer.body["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("history", "changes")])
async def test_parameters_that_do_not_exist_are_refused(house: House, name: str) -> None:
    """A typo must not pass for an answer."""
    headers = bearer("ada", "Alerts.Send") | JSON
    answer = await house.ask(operations(house)[name], headers, body=ALERT, query={"dryRun": "true"})
    assert (answer.status, answer.body["code"], answer.body["field"]) == (400, "invalid-parameter", "dryRun")
    assert house.outbox.scheduled == []


# Sending.


async def test_an_alert_is_accepted(house: House) -> None:
    """202 with its id, and it is on the queue."""
    answer = await house.ask(house.worker.producers.send, PRODUCER, body=ALERT | {"id": "order-42"})
    assert (answer.status, answer.body) == (202, {"accepted": [{"id": "order-42"}]})
    assert [message.message_id for message in house.outbox.scheduled] == ["order-42"]


async def test_sending_needs_its_role(house: House) -> None:
    """403 names the role; nothing is sent."""
    answer = await house.ask(house.worker.producers.send, bearer("ada", "back-office") | JSON, body=ALERT)
    assert (answer.status, answer.body["code"]) == (403, "forbidden")
    assert "Alerts.Send" in answer.body["detail"]
    assert house.outbox.scheduled == []


async def test_all_are_valid_or_none_is_sent(house: House) -> None:
    """One mistake among a hundred: the others wait for its correction."""
    alerts = [ALERT | {"id": f"a{number}"} for number in range(100)]
    alerts[99] = alerts[99] | {"to": ["ada"]}
    answer = await house.ask(house.worker.producers.send, PRODUCER, body=alerts)
    assert (answer.status, answer.body["code"], answer.body["field"]) == (400, "invalid-alert", "[99].to[0]")
    assert house.outbox.scheduled == []


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ([ALERT] * 101, PRODUCER, 413),
        (b"x" * 7_000_000, PRODUCER, 413),
        (ALERT, PRODUCER | {"content-type": "a/b"}, 415),
    ],
    ids=["a hundred and one", "too long", "another media type"],
)
async def test_what_is_too_much_or_something_else_is_refused(
    house: House, body: Any, headers: dict[str, str], status: int
) -> None:
    """With the status that says why."""
    answer = await house.ask(house.worker.producers.send, headers, body=body)
    assert answer.status == status
    assert house.outbox.scheduled == []


@pytest.mark.parametrize("trouble", [TransientError("down"), RefusedError("never")], ids=str)
async def test_an_alert_that_the_queue_did_not_take_is_not_accepted(
    house: House, trouble: TransientError | RefusedError
) -> None:
    """503, to be tried again; the reason stays in the log."""
    house.outbox.trouble = trouble
    answer = await house.ask(house.worker.producers.send, PRODUCER, body=ALERT)
    assert (answer.status, answer.body["code"]) == (503, "unavailable")
    assert str(trouble) not in json.dumps(answer.body)


async def test_from_post_to_inbox_and_screen(house: House) -> None:
    """What was posted is in the history, and was published to its audience."""
    await house.ask(house.worker.producers.send, PRODUCER, body=[ALERT, ALERT | {"to": ["everyone"], "id": "all"}])
    messages = [received(message, place(number)) for number, message in enumerate(house.outbox.scheduled)]
    await house.worker.deliver(messages)
    answer = await house.ask(house.worker.inboxes.history, bearer("ada"))
    assert [card["title"] for card in answer.body["alerts"]] == [ALERT["title"]] * 2
    assert answer.body["unread"] == 2
    assert [card["id"] for card in house.live.cards(EVERYONE)] == ["all"]


# Reading.


async def test_another_persons_history_is_out_of_reach(house: House) -> None:
    """Whatever is asked for, a token opens its own person's audiences only."""
    house.store.put(stored("a", 1, ADA), stored("b", 2, BEN), stored("o", 3, OFFICE), stored("e", 4, EVERYONE))
    expected = {"ada": ["e", "a"], "ben": ["e", "b"], "eve": ["e"]}
    for user, ids in expected.items():
        answer = await house.ask(house.worker.inboxes.history, bearer(user))
        assert [card["id"] for card in answer.body["alerts"]] == ids
    answer = await house.ask(house.worker.inboxes.history, bearer("eve", "back-office"))
    assert [card["id"] for card in answer.body["alerts"]] == ["e", "o"]


async def test_another_persons_card_cannot_be_marked(house: House) -> None:
    """404, as if it did not exist."""
    house.store.put(stored("b", 2, BEN))
    answer = await house.ask(house.worker.inboxes.mark, bearer("ada") | JSON, body={"read": True}, params={"card": "b"})
    assert (answer.status, answer.body["code"]) == (404, "card-not-found")
    assert house.people.kept == {}


async def test_another_persons_sync_token_is_refused(house: House) -> None:
    """A token is bound to its person; who comes with another loads the history again."""
    mine = (await house.ask(house.worker.inboxes.history, bearer("ada"))).body["sync"]
    answer = await house.ask(house.worker.inboxes.changes, bearer("ben"), query={"since": mine})
    assert (answer.status, answer.body["code"]) == (410, "sync-expired")


async def test_a_sync_token_of_a_store_that_is_gone_is_refused(house: House) -> None:
    """Why a token cannot be honoured makes no difference to a client: it loads the history again."""
    before = seal(SyncPoint(0, ("alerts", "people"), 0, {}, 0), "ada", b"the key of a store that was made anew")
    answer = await house.ask(house.worker.inboxes.changes, bearer("ada"), query={"since": before})
    assert (answer.status, answer.body["code"]) == (410, "sync-expired")


WRONG: list[tuple[str, str]] = [
    ("limit", "0"),
    ("limit", "101"),
    ("limit", "-1"),
    ("limit", "ten"),
    ("limit", "1.0"),
    ("limit", ""),
    ("limit", "٣"),
    ("limit", "9" * 5000),
    ("before", "yesterday"),
    ("before", ""),
    ("before", "1795152345678-42"),
    ("unread", "yes"),
    ("unread", ""),
    ("unread", "True"),
    ("severity", "fatal"),
    ("severity", ""),
    ("severity", "info,,critical"),
    ("category", "Not A Category"),
    ("category", ""),
    ("user", "ben"),
    ("Limit", "5"),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda value: ascii(value)[:20])
async def test_a_wrong_parameter_of_the_history_is_refused_by_name(house: House, name: str, value: str) -> None:
    """400, and which one it is."""
    answer = await house.ask(house.worker.inboxes.history, bearer("ada"), query={name: value})
    assert (answer.status, answer.body["code"], answer.body["field"]) == (400, "invalid-parameter", name)


async def test_the_history_comes_in_pages(house: House) -> None:
    """Twenty cards unless asked otherwise; `next` is the `before` of the next page."""
    house.store.put(*(stored(f"a{number}", number) for number in range(45)))
    pages: list[int] = []
    query: dict[str, str] = {}
    while True:
        answer = await house.ask(house.worker.inboxes.history, bearer("ada"), query=query)
        pages.append(len(answer.body["alerts"]))
        if answer.body["next"] is None:
            break
        query = {"before": answer.body["next"]}
    assert pages == [20, 20, 5]


@pytest.mark.parametrize("since", ["x", "e30", "a" * 10_000, "\ud800", "MQ" * 40])
async def test_a_wrong_sync_token_is_refused(house: House, since: str) -> None:
    """410: load the history, which gives a right one."""
    answer = await house.ask(house.worker.inboxes.changes, bearer("ada"), query={"since": since})
    assert (answer.status, answer.body["code"]) == (410, "sync-expired")


async def test_a_missing_sync_token_is_a_mistake(house: House) -> None:
    """400, and the parameter by name."""
    answer = await house.ask(house.worker.inboxes.changes, bearer("ada"), query={"since": ""})
    assert (answer.status, answer.body["field"]) == (400, "since")


async def test_a_store_that_is_away_is_told_as_that(house: House) -> None:
    """503 for a passing failure, 500 for a defect; neither tells what is inside."""
    for trouble, status, code in (
        (TransientError("db-1 is down"), 503, "unavailable"),
        (KeyError("db-1"), 500, "internal"),
    ):
        house.store.down = {ADA: trouble}
        answer = await house.ask(house.worker.inboxes.history, bearer("ada"))
        assert (answer.status, answer.body["code"]) == (status, code)
        assert "db-1" not in json.dumps(answer.body)


async def test_answers_are_not_kept_on_the_way(house: House) -> None:
    """They are about one person at one moment."""
    answer = await house.ask(house.worker.inboxes.history, bearer("ada"))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


# Marking.


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"read": None}, ""),
        ({"read": "yes"}, "read"),
        ({"archived": 1}, "archived"),
        ({"raed": True}, "raed"),
        ({"read": True, "position": "x"}, "position"),
        ([], ""),
        (b"", ""),
        (b"{", ""),
    ],
    ids=str,
)
async def test_a_wrong_mark_is_refused_by_name(house: House, body: Any, field: str) -> None:
    """400, and nothing is changed."""
    house.store.put(stored("a"))
    answer = await house.ask(house.worker.inboxes.mark, bearer("ada") | JSON, body=body, params={"card": "a"})
    assert (answer.status, answer.body["code"], answer.body.get("field", "")) == (400, "invalid-body", field)
    assert house.people.kept == {}


async def test_marking_a_revision_that_was_replaced_is_a_conflict(house: House) -> None:
    """409: what the person read is not what is there."""
    house.store.put(stored("b", 2, thread="t"))
    body = {"read": True, "position": stored("a", 1).position}
    answer = await house.ask(house.worker.inboxes.mark, bearer("ada") | JSON, body=body, params={"card": "t"})
    assert (answer.status, answer.body["code"]) == (409, "card-revised")


# Subscribing.


async def test_topics_are_closed_unless_opened(house: House) -> None:
    """403 for the closed ones; an open one is subscribed to from now on, and joined on open connections."""
    closed = await house.ask(house.worker.persons.subscribe, bearer("ada"), params={"topic": "board"})
    assert (closed.status, closed.body["code"]) == (403, "topic-closed")
    opened = await house.ask(house.worker.persons.subscribe, bearer("ada"), params={"topic": "outages"})
    assert (opened.status, opened.body) == (200, {"topic": "outages", "since": "2026-03-01T12:00:00.000Z"})
    assert house.live.groups == {("ada", OUTAGES)}
    listed = await house.ask(house.worker.persons.subscriptions, bearer("ada"))
    assert listed.body == {"subscriptions": [opened.body]}
    ended = await house.ask(house.worker.persons.unsubscribe, bearer("ada"), params={"topic": "outages"})
    assert (ended.status, ended.body) == (204, None)
    assert house.live.groups == set()


@pytest.mark.parametrize("topic", ["", "a/b", "a b", "x" * 65, "ü"])
async def test_a_wrong_topic_is_refused(house: House, topic: str) -> None:
    """400, before anything is looked up."""
    answer = await house.ask(house.worker.persons.subscribe, bearer("ada"), params={"topic": topic})
    assert (answer.status, answer.body["code"], answer.body["field"]) == (400, "invalid-parameter", "topic")


async def test_negotiation_names_what_will_be_heard(house: House) -> None:
    """The address, the person, their audiences with the topics, and until when it can be used."""
    await house.ask(house.worker.persons.subscribe, bearer("ada"), params={"topic": "outages"})
    answer = await house.ask(house.worker.persons.negotiate, bearer("ada", "back-office"))
    assert answer.body == {
        "url": "wss://live.example/?user=ada&groups=role:back-office,topic:outages&seconds=3600",
        "user": "ada",
        "audiences": ["user:ada", "role:back-office", "everyone", "topic:outages"],
        "expiresAt": "2026-03-01T13:00:00.000Z",
    }


# Leaving.


async def test_leaving_takes_everything_along_and_nothing_of_others(house: House) -> None:
    """Profile, marks and the alerts for this person alone are gone; the next export has nothing in it."""
    house.store.put(stored("a", 1, ADA), stored("b", 2, BEN), stored("e", 3, EVERYONE))
    for user in ("ada", "ben"):
        await house.ask(house.worker.persons.subscribe, bearer(user), params={"topic": "outages"})
        await house.ask(house.worker.inboxes.mark, bearer(user) | JSON, body={"read": True}, params={"card": "e"})
    before = (await house.ask(house.worker.persons.export, bearer("ada"))).body
    assert [mark["card"] for mark in before["marks"]] == ["e"]
    assert [card["id"] for card in before["alerts"]] == ["a"]
    assert "outages" in before["profile"]["subscriptions"]
    assert (await house.ask(house.worker.persons.leave, bearer("ada"))).status == 204
    after = (await house.ask(house.worker.persons.export, bearer("ada"))).body
    assert (after["marks"], after["alerts"], after["profile"]) == ([], [], None)
    others = (await house.ask(house.worker.persons.export, bearer("ben"))).body
    assert (len(others["marks"]), len(others["alerts"])) == (1, 1)
    assert house.live.groups == {("ben", OUTAGES)}


# Health.


async def test_health_needs_no_token_and_says_what_answers(house: House) -> None:
    """200 when everything does, 503 when not, and which; asked often it costs little."""
    asked = 0

    async def well() -> None:
        nonlocal asked
        asked += 1

    house.checks["a"] = well
    answer = await house.ask(house.worker.health.health)
    assert (answer.status, answer.body["status"], answer.body["backends"]["a"]["answers"]) == (200, "ok", True)
    for _ in range(100):
        await house.ask(house.worker.health.health)
    assert asked == 1
    assert HEALTH_SECONDS > 0


async def test_a_slow_look_at_health_serves_all_who_waited(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it takes longer than an answer counts: else each who waits would look again, one after the other."""
    asked = 0
    monkeypatch.setattr("shared.api.operations.HEALTH_SECONDS", 0.3)

    async def slow() -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.4)

    house.checks["a"] = slow
    await asyncio.gather(*(house.ask(house.worker.health.health) for _ in range(20)))
    assert asked == 1


async def test_health_says_which_backend_does_not_answer() -> None:
    """503, and not in the words of the error."""

    async def well() -> None:
        pass

    async def ill() -> None:
        raise TransientError("password=secret")

    sick = House()
    sick.checks |= {"a": well, "b": ill}
    answer = await sick.ask(sick.worker.health.health)
    assert (answer.status, answer.body["status"], answer.body["backends"]["b"]) == (503, "degraded", {"answers": False})
    assert "secret" not in json.dumps(answer.body)
