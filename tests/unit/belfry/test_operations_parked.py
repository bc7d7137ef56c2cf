import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from belfry.operations.parked import Parked, Place, replay
from shared.audience import Audience
from shared.errors import InvalidAlertError
from shared.wire.message import STORE, Outgoing, Received, open_parcel, poison, retry

ALERT: dict[str, Any] = {"to": ["user:ada", "role:ops"], "title": "Hello"}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def message(body: Any = ALERT, **fields: Any) -> Received:
    """A message of the queue `alerts`."""
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Received(**{"body": encoded, "message_id": "m1", "enqueued": NOON, "sequence_number": 7, **fields})


def received(sent: Outgoing, **fields: Any) -> Received:
    """What is sent, as a queue hands it over an hour later."""
    return Received(
        **{
            "body": sent.body,
            "message_id": sent.message_id,
            "enqueued": NOON + timedelta(hours=1),
            "sequence_number": 99,
            "content_type": sent.content_type,
            "properties": sent.properties,
            **fields,
        }
    )


def parked(original: Received, reason: str = "it failed", **fields: Any) -> Parked:
    """A message that Belfry gave up."""
    return Parked(Place.POISON, received(poison(original, reason, **fields)))


def test_a_parked_message_says_what_happened() -> None:
    """Reason and field, and the message as it was."""
    shown = parked(message({"to": []}), "must not be empty", field="to")
    assert (shown.number, shown.reason, shown.field, shown.id) == (99, "must not be empty", "to", "m1")
    assert shown.original == message({"to": []}, content_type=None)


def test_a_dead_letter_says_why() -> None:
    """With the words of Service Bus, which do not go back to the queue."""
    reasons = {"DeadLetterReason": "MaxDeliveryCountExceeded", "DeadLetterErrorDescription": "10 attempts"}
    dead = Parked(Place.DEAD_LETTERS, message(properties={**reasons, "mine": 1}))
    assert dead.reason == "MaxDeliveryCountExceeded: 10 attempts"
    assert replay(dead).properties == {"mine": 1, "belfryId": "m1", "position": open_parcel(message()).position}


@given(
    st.sampled_from(["m1", "", "with spaces/1", "x" * 200]),
    st.none() | st.sets(st.sampled_from([STORE, "live", "push"]), min_size=1),
    st.integers(0, 8),
    st.sampled_from([{}, {"id": "own"}, {"thread": "t"}]),
)
def test_a_replay_does_what_was_still_to_be_done(
    message_id: str, channels: set[str] | None, attempt: int, more: dict[str, Any]
) -> None:
    """The alert keeps id and position, its remaining audiences and channels, and begins with the first attempt."""
    original = message(ALERT | more, message_id=message_id)
    parcel = open_parcel(original)
    if channels:
        audiences = (Audience.parse("role:ops"),)
        original = received(
            retry(structs.replace(parcel, attempt=attempt), audiences, frozenset(channels), NOON + timedelta(minutes=1))
        )
        parcel = open_parcel(original)
    sent = replay(parked(original, parcel=parcel))
    assert sent.body == original.body
    again = open_parcel(received(sent))
    assert (again.id, again.position) == (parcel.id, parcel.position)
    assert (set(again.audiences), again.channels, again.attempt) == (set(parcel.audiences), parcel.channels, 0)


def test_a_replay_is_the_same_message_however_often_it_is_made() -> None:
    """The queue takes it once; and every parked message, and every correction of it, has a message id of its own."""
    first = parked(message())
    second = structs.replace(first, message=structs.replace(first.message, sequence_number=100))
    dead = structs.replace(first, place=Place.DEAD_LETTERS)
    assert replay(first) == replay(first)
    corrected = json.dumps(ALERT).encode()
    identifiers = {replay(each).message_id for each in (first, second, dead)}
    identifiers |= {replay(first, body).message_id for body in (corrected, corrected + b" ")}
    assert len(identifiers) == 5


def test_a_corrected_body_takes_the_place_of_the_original() -> None:
    """It is delivered as the same alert, at the place in the order that this has had all along."""
    wrong = parked(message(ALERT | {"titel": "x"}))
    parcel = open_parcel(received(replay(wrong, json.dumps(ALERT | {"title": "Mended"}).encode())))
    assert (parcel.alert.title, parcel.id, parcel.position) == ("Mended", "m1", open_parcel(message()).position)


def test_a_corrected_body_that_is_not_valid_is_refused() -> None:
    """Before anything is sent; the original bytes are sent without a judgement: the application may be newer."""
    wrong = parked(message(b"\xff"))
    with pytest.raises(InvalidAlertError, match="titel"):
        replay(wrong, json.dumps(ALERT | {"titel": "x"}).encode())
    assert replay(wrong).body == b"\xff"


def test_what_is_parked_again_keeps_its_id_and_place() -> None:
    """A correction of the second try is still the alert that was sent first."""
    again = received(replay(parked(message(b"{"))), sequence_number=123)
    parcel = open_parcel(received(replay(parked(again), json.dumps(ALERT).encode())))
    assert (parcel.id, parcel.position) == ("m1", open_parcel(message()).position)


def test_an_event_keeps_its_own_id() -> None:
    """A CloudEvent's alert is known by the event, not by the message that brought it."""
    event = {"specversion": "1.0", "id": "e1", "source": "/shop", "type": "alert", "data": ALERT}
    binary = {"cloudEvents:specversion": "1.0", "cloudEvents:id": "e1", "cloudEvents:source": "/shop"}
    binary["cloudEvents:type"] = "alert"
    for original in (message(event), message(properties=binary)):
        assert open_parcel(received(replay(parked(original)))).id == open_parcel(original).id


@pytest.mark.parametrize("enqueued", ["", "yesterday", "2026-03-01T12:00:00"])
def test_a_message_that_someone_put_there_by_hand_is_shown_and_replayed(enqueued: str) -> None:
    """Without the properties that Belfry adds it stands for itself."""
    by_hand = Parked(Place.POISON, message(properties={"enqueuedAt": enqueued} if enqueued else {}))
    assert (by_hand.reason, by_hand.field, by_hand.id) == ("", "", open_parcel(by_hand.original).id)
    assert open_parcel(received(replay(by_hand))).alert.title == "Hello"
