import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from shared.alert import MAXIMUM_BYTES, Alert, Id
from shared.audience import Audience
from shared.errors import InvalidAlertError
from shared.position import position_of
from shared.wire.json import convert
from shared.wire.message import (
    MAXIMUM_CARRIED_BYTES,
    MAXIMUM_PARKED_BYTES,
    Outgoing,
    Parcel,
    Received,
    escalated,
    escalated_again,
    open_parcel,
    outgoing,
    poison,
    postponed,
    retry,
)
from tests.unit.shared.fakes import ADA, BEN, NOON, OFFICE, place, received

TO = [str(audience) for audience in (ADA, BEN, OFFICE)]
FIELDS: dict[str, Any] = {"to": TO, "title": "The build failed"}
EVENT = {"specversion": "1.0", "id": "17", "source": "/ci", "type": "alert"}
LATER = NOON + timedelta(minutes=5)


def message(
    fields: Mapping[str, Any] = FIELDS, message_id: str = "m1", number: int = 1, **properties: object
) -> Received:
    """A message with an alert as plain JSON."""
    where = place(number)
    body = json.dumps(fields).encode()
    return Received(body, message_id, where.enqueued, where.sequence_number, "application/json", properties)


def structured(fields: Mapping[str, Any] = FIELDS) -> Received:
    """A message with an alert in a structured event."""
    body = json.dumps(EVENT | {"data": fields}).encode()
    return structs.replace(message(), body=body, content_type="application/cloudevents+json")


def binary(fields: Mapping[str, Any] = FIELDS) -> Received:
    """A message with an alert in a binary event."""
    properties = {f"cloudEvents:{name}": value for name, value in EVENT.items()}
    return structs.replace(message(fields), properties=properties)


MODES = {"plain": message, "structured": structured, "binary": binary}
modes = st.sampled_from([kind(FIELDS | named) for kind in MODES.values() for named in ({}, {"id": "own"})])


def test_a_message_is_opened_for_everything_at_once() -> None:
    """A producer's message is for all audiences of its alert and all channels, at the position the queue gave it."""
    parcel = open_parcel(message(number=5))
    assert parcel == Parcel(
        alert=Alert(to=tuple(TO), title="The build failed"),
        id="m1",
        position=position_of(place(5).enqueued, 5),
        message=parcel.message,
        audiences=(ADA, BEN, OFFICE),
    )
    assert parcel.wants("store")
    assert parcel.wants("live")
    assert not parcel.due


def test_an_audience_named_twice_is_served_once() -> None:
    """The order of the others stays."""
    assert open_parcel(message({"to": [TO[1], TO[0], TO[1]], "title": "x"})).audiences == (BEN, ADA)


def test_the_id_of_the_alert_goes_before_that_of_the_message() -> None:
    """The producer's own idempotency key is honoured."""
    assert open_parcel(message(FIELDS | {"id": "own"}, "m1", belfryId="copied")).id == "own"


def test_json_that_a_client_has_quoted_is_read() -> None:
    """`body: JSON.stringify(alert)` with `@azure/service-bus`, which encodes the text again."""
    event = {**EVENT, "source": "/ci", "data": FIELDS}
    for content in (FIELDS, event):
        plain = structs.replace(message(), body=json.dumps(content).encode())
        quoted = structs.replace(plain, body=json.dumps(json.dumps(content)).encode())
        assert structs.replace(open_parcel(quoted), message=plain) == open_parcel(plain)
    for body in (b'"', b'"\xff"', b'"x"', b'"\\ud800"'):
        with pytest.raises(InvalidAlertError):
            open_parcel(structs.replace(message(), body=body))


def test_a_producer_has_properties_of_its_own() -> None:
    """Whatever it calls them: plain names that nobody was told of mean nothing here."""
    own = {"id": "order/7", "due": "2026-12-24", "audiences": "retail", "escalation": "high", "url": 7}
    plain, parcel = open_parcel(message()), open_parcel(structs.replace(message(), properties=own))
    assert structs.replace(parcel, message=plain.message) == plain


@pytest.mark.parametrize("message_id", ["a/b", ".", "..", "x" * 129, "ünique", "with space", "a\n"])
def test_a_message_id_that_no_alert_may_have_is_hashed(message_id: str) -> None:
    """Any message id serves as the alert's id; the same one always as the same."""
    parcel = open_parcel(message(message_id=message_id))
    assert open_parcel(message(FIELDS | {"id": parcel.id})).id == parcel.id
    assert parcel.id == open_parcel(message(message_id=message_id, number=2)).id
    assert parcel.id != open_parcel(message(message_id=message_id + "!")).id


def test_messages_without_any_id_are_different_alerts() -> None:
    """Message ids are optional in AMQP: without one the place in the queue tells alerts apart."""
    first, second = open_parcel(message(message_id="", number=1)), open_parcel(message(message_id="", number=2))
    assert first.id != second.id
    assert first.id == open_parcel(message(message_id="", number=1)).id
    assert open_parcel(message(FIELDS | {"id": first.id})).id == first.id


def test_an_alert_without_any_id_keeps_its_first_one() -> None:
    """Its copies stand elsewhere in the queue and are still the same alert."""
    parcel = open_parcel(message(message_id="", number=1))
    for copy in (postponed(parcel, LATER), retry(parcel, (ADA,), frozenset({"live"}), LATER)):
        assert open_parcel(received(copy, place(2))).id == parcel.id


def test_too_large_an_alert_is_refused_unread() -> None:
    """64 KiB are taken, one byte more is not."""
    body = json.dumps(FIELDS).encode()
    open_parcel(structs.replace(message(), body=body.ljust(MAXIMUM_BYTES)))
    with pytest.raises(InvalidAlertError, match="65,537 bytes"):
        open_parcel(structs.replace(message(), body=body.ljust(MAXIMUM_BYTES + 1)))


WRONG: list[tuple[str, object]] = [
    ("position", "1-2"),
    ("position", 17),
    ("position", "1795152345678-000000000000000004x"),
    ("attempt", "2"),
    ("attempt", -1),
    ("attempt", 1.5),
    ("attempt", True),
    ("belfryAudiences", "user:ada,ada"),
    ("belfryAudiences", b"\xff"),
    ("belfryId", "a/b"),
    ("belfryId", ""),
    ("belfryId", "x" * 129),
    ("belfryId", 17),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=str)
def test_a_wrong_property_of_ours_is_refused_by_name(name: str, value: object) -> None:
    """Anyone who may send may set them: what they say is checked before anything is done by it."""
    with pytest.raises(InvalidAlertError, match=f"application property `{name}`") as refusal:
        open_parcel(structs.replace(message(), properties={name: value}))
    assert refusal.value.field == name


def test_properties_of_others_are_ignored_and_carried_on() -> None:
    """A producer's own properties pass through every copy; kinds that a copy cannot have are left."""
    parcel = open_parcel(message(tenant="t1", weight=3, ratio=0.5, blob=b"x"))
    for copy in (retry(parcel, (ADA,), frozenset({"live"}), LATER), postponed(parcel, LATER), poison(message(), "x")):
        assert "ratio" not in copy.properties
        assert "blob" not in copy.properties
    carried = retry(parcel, (ADA,), frozenset({"live"}), LATER).properties
    assert (carried["tenant"], carried["weight"]) == ("t1", 3)


some_audiences = st.sets(st.sampled_from([ADA, BEN, OFFICE]), min_size=1).map(lambda some: tuple(sorted(some)))
some_channels = st.frozensets(st.sampled_from(["store", "live", "push"]), min_size=1)


@given(modes, some_audiences, some_channels, st.integers(2, 1000))
def test_a_copy_is_the_same_alert_for_what_has_failed(
    original: Received, audiences: tuple[Audience, ...], channels: frozenset[str], number: int
) -> None:
    """Whatever mode it came in: same alert, id and position; exactly the audiences and channels; one attempt more."""
    parcel = open_parcel(original)
    copy = retry(parcel, audiences, channels, LATER)
    again = open_parcel(received(copy, place(number)))
    assert copy.scheduled == LATER
    assert (again.alert, again.id, again.position) == (parcel.alert, parcel.id, parcel.position)
    assert (again.audiences, again.channels) == (audiences, channels)
    assert (again.attempt, again.due) == (parcel.attempt + 1, True)
    assert again.message.body == original.body


@given(modes, some_audiences, some_channels, some_audiences, some_channels)
def test_copies_of_a_copy_narrow_down(
    original: Received,
    audiences: tuple[Audience, ...],
    channels: frozenset[str],
    fewer: tuple[Audience, ...],
    less: frozenset[str],
) -> None:
    """A second failure is about what was left only, and its copy has a message id of its own."""
    parcel = open_parcel(original)
    first = retry(parcel, audiences, channels, LATER)
    once = open_parcel(received(first, place(2)))
    second = retry(once, fewer, less, LATER)
    twice = open_parcel(received(second, place(3)))
    assert (twice.alert, twice.id, twice.position, twice.attempt) == (parcel.alert, parcel.id, parcel.position, 2)
    assert (twice.audiences, twice.channels) == (fewer, less)
    assert len({first.message_id, second.message_id, original.message_id}) == 3


@given(modes, some_audiences, some_channels, some_audiences, some_channels)
def test_message_ids_tell_work_apart(
    original: Received,
    audiences: tuple[Audience, ...],
    channels: frozenset[str],
    other_audiences: tuple[Audience, ...],
    other_channels: frozenset[str],
) -> None:
    """A copy made twice is dropped by the queue as a duplicate; copies for different work are all taken."""
    parcel = open_parcel(original)
    one = retry(parcel, audiences, channels, LATER)
    other = retry(open_parcel(original), other_audiences, other_channels, LATER + timedelta(seconds=1))
    assert (one.message_id == other.message_id) == ((audiences, channels) == (other_audiences, other_channels))
    assert len(one.message_id) <= 128


def test_the_same_alert_sent_twice_has_different_copies() -> None:
    """Two messages with one alert id are two messages: the copy of one must not swallow that of the other."""
    fields = FIELDS | {"id": "own"}
    copies = [
        retry(open_parcel(message(fields, number=number)), (ADA,), frozenset({"live"}), LATER) for number in (1, 2)
    ]
    assert copies[0].message_id != copies[1].message_id


@given(modes)
def test_a_postponed_alert_takes_its_place_when_its_time_has_come(original: Received) -> None:
    """It is the same alert with the same id for everyone; its position is that of its own time, not of its sending."""
    parcel = open_parcel(original)
    copy = postponed(parcel, LATER)
    again = open_parcel(received(copy, place(300_000)))
    assert copy.scheduled == LATER
    assert (again.alert, again.id, again.audiences) == (parcel.alert, parcel.id, parcel.audiences)
    assert again.position == position_of(place(300_000).enqueued, 300_000)
    assert (again.channels, again.attempt, again.due) == (None, 0, True)
    assert copy.message_id == postponed(open_parcel(original), LATER).message_id
    assert copy.message_id != original.message_id


def test_the_largest_copy_fits_into_the_queue() -> None:
    """A hundred of the longest audiences fit into the 32 KiB that a property may have."""
    to = [f"user:{number:03d}{'x' * 125}" for number in range(100)]
    parcel = open_parcel(message({"to": to, "title": "x"}))
    copy = retry(parcel, parcel.audiences, frozenset({"store", "live", "push"}), LATER)
    assert all(len(str(value).encode()) <= 32 * 1024 for value in copy.properties.values())
    assert open_parcel(received(copy, place(2))).audiences == parcel.audiences


def test_poison_has_the_reason_and_the_original() -> None:
    """An operator finds why, where it came from, and the very bytes."""
    original = structs.replace(message(number=9), body=b"\xff\x00 no alert")
    parked = poison(original, "not UTF-8", field="title")
    assert (parked.body, parked.content_type, parked.scheduled) == (original.body, "application/json", None)
    assert parked.properties == {
        "reason": "not UTF-8",
        "field": "title",
        "messageId": "m1",
        "enqueuedAt": "2026-03-01T12:00:00.009000+00:00",
        "sequenceNumber": 9,
    }


@given(modes, some_audiences, some_channels)
def test_poison_can_be_sent_again_as_it_is(
    original: Received, audiences: tuple[Audience, ...], channels: frozenset[str]
) -> None:
    """Put back on the queue it is what was left to do: same alert, id, position, audiences and channels."""
    parcel = structs.replace(open_parcel(original), audiences=audiences, channels=channels)
    again = open_parcel(received(poison(original, "gave up", parcel=parcel), place(2)))
    assert (again.alert, again.id, again.position) == (parcel.alert, parcel.id, parcel.position)
    assert (again.audiences, again.channels) == (audiences, channels)


def test_a_long_reason_is_cut() -> None:
    """Whatever a producer put into the alert, the reason stays small enough to be sent."""
    parked = poison(message(), "x" * 100_000, field="y" * 100_000)
    assert sum(len(str(value)) for value in parked.properties.values()) < 8 * 1024


def test_whatever_came_is_parked_within_the_queues_limits() -> None:
    """256 KB in all, 64 KB of it properties; a body that is cut says how large it was."""
    properties = {f"name-{number}": "ü" * 4_000 for number in range(7)} | {"belfryAudiences": "user:ö," * 4_000}
    original = structs.replace(message(), properties=properties | {"channels": "x" * 30_000}, body=b"x" * 200_000)
    parked = poison(original, "ß" * 10_000, field="ö" * 10_000)
    assert sum(len(f"{name}{value}".encode()) for name, value in parked.properties.items()) < 64 * 1024
    assert (len(parked.body), parked.properties["bodyBytes"]) == (MAXIMUM_PARKED_BYTES, 200_000)
    assert parked.properties["name-0"] == "ü" * 4_000
    assert "bodyBytes" not in poison(message(), "x").properties


def test_properties_that_copies_could_not_carry_are_poison() -> None:
    """The error says how much there may be."""
    with pytest.raises(InvalidAlertError, match="application properties have 16,385 bytes, more than 16,384"):
        open_parcel(message(name="x" * (MAXIMUM_CARRIED_BYTES - 3)))
    fits = message(name="x" * (MAXIMUM_CARRIED_BYTES - 4))
    copy = retry(open_parcel(fits), (ADA,), frozenset({"live"}), LATER)
    assert copy.properties["name"] == fits.properties["name"]
    assert open_parcel(received(copy, place(2))).attempt == 1


def test_copies_carry_numbers_that_the_queue_has_a_type_for() -> None:
    """Others could not be sent, and what cannot be parked holds up its whole batch."""
    numbers: dict[str, Any] = {"most": 2**63 - 1, "least": -(2**63), "more": 2**63, "less": -(2**63) - 1}
    parked = poison(message(**numbers), "rotten")
    assert numbers.items() & parked.properties.items() == {("most", 2**63 - 1), ("least", -(2**63))}


def test_more_audiences_than_an_alert_may_have_are_poison() -> None:
    """Also where a property names them."""
    with pytest.raises(InvalidAlertError, match="`belfryAudiences`: 101 audiences, more than 100"):
        open_parcel(message(belfryAudiences=",".join(f"user:{number}" for number in range(101))))


def test_a_producers_message_is_recognised_by_its_id() -> None:
    """The alert's id is the message's: the queue drops a send that is tried again."""
    alert = Alert(to=("everyone",), title="x")
    assert outgoing(alert, "m1") == Outgoing(b'{"to":["everyone"],"title":"x"}', "m1")
    assert outgoing(structs.replace(alert, id="own"), "m1").message_id == "own"


def test_a_retraction_is_no_duplicate_of_what_it_withdraws() -> None:
    """It has the id of the alert, so it needs a message id of its own, the same one each time."""
    alert = Alert(to=("everyone",), title="x", id="own")
    withdrawal = structs.replace(alert, retract=True)
    sent = outgoing(withdrawal, "own")
    assert sent.message_id != outgoing(alert, "own").message_id
    assert sent.message_id == outgoing(withdrawal, "other").message_id
    assert open_parcel(received(sent)).id == "own"


def test_an_alert_that_the_queue_would_refuse_is_not_sent() -> None:
    """What is too large for delivery is told to the producer, not parked after it was accepted."""
    many = tuple(f"user:{'x' * 120}{number:03d}" for number in range(100))
    link = "/" + "\U0001f514" * 2000
    alert = Alert(
        to=many, title="x", body="\U0001f514" * 4000, url=link, icon=link, image=link, data={"x": "y" * 16000}
    )
    with pytest.raises(InvalidAlertError, match="more than 65,536"):
        outgoing(alert, "m1")


@pytest.mark.parametrize("name", ["retry", "escalated", "escalated_again", "postponed"])
def test_no_alert_can_pass_for_a_message_of_our_own(name: str) -> None:
    """Who sends an alert by the id of such a message beforehand could else have the queue drop it as a repeat."""
    parcel = open_parcel(message())
    copy = {
        "retry": lambda: retry(parcel, parcel.audiences, frozenset({"live"}), LATER),
        "escalated": lambda: escalated(parcel, 2, LATER),
        "escalated_again": lambda: escalated_again(parcel, LATER),
        "postponed": lambda: postponed(parcel, LATER),
    }[name]()
    with pytest.raises(InvalidAlertError):
        convert(copy.message_id, Id)
