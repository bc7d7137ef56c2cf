from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.alert import Action, Alert, Push, Severity
from shared.audience import Audience
from shared.card import StoredAlert, format_moment, from_document, to_card, to_document
from tests.unit.shared.fakes import ADA, NOON, OFFICE, stored

FULL: dict[str, Any] = {
    "body": "The disk of db-1 is full.",
    "severity": Severity.CRITICAL,
    "category": "disk",
    "url": "/hosts/db-1",
    "icon": "/icon.png",
    "image": "https://example.com/graph.png",
    "actions": (Action("open", "Open", "/hosts/db-1"),),
    "data": {"free": 0, "of": [1, None]},
    "thread": "disk:db-1",
    "deliver_at": NOON,
    "expires_at": NOON + timedelta(hours=1),
    "push": Push.ALWAYS,
}


@given(st.sampled_from([{}, FULL, {"retract": True}]), st.integers(0, 999_999), st.lists(st.text(), max_size=3))
def test_a_stored_alert_survives_its_document(fields: dict[str, Any], microseconds: int, seen: list[str]) -> None:
    """What is written to storage is read back as it was; of the time it was stored, milliseconds count."""
    kept = stored("a", 7, OFFICE, at=NOON.replace(microsecond=microseconds), **fields)
    kept = msgspec.structs.replace(kept, seen=tuple(seen))
    document = msgspec.json.decode(msgspec.json.encode(to_document(kept, 60)))
    back = from_document(document)
    assert back == msgspec.structs.replace(kept, at=NOON.replace(microsecond=microseconds // 1000 * 1000))


def test_a_document_is_keyed_by_card_and_partitioned_by_audience() -> None:
    """A revision of a thread has the document id of the card that it replaces."""
    document = to_document(stored("b", 2, OFFICE, thread="t"), 7_776_000)
    assert (document["id"], document["alertId"], document["audience"]) == ("t", "b", "role:back-office")
    assert document["ttl"] == 7_776_000
    assert "to" not in document


def test_properties_of_the_service_are_not_read() -> None:
    """What the storage adds to a document is none of the alert's business."""
    document = to_document(stored(), 60) | {"_etag": "x", "_ts": 1, "_self": "y"}
    assert from_document(document).alert.title == "a at 1"


def test_a_card_has_what_a_client_needs() -> None:
    """The alert as sent, plus where it stands and what the person did with it."""
    assert to_card(stored("b", 2, OFFICE, thread="t", title="Disk full"), read=True) == {
        "id": "b",
        "to": ["role:back-office"],
        "title": "Disk full",
        "body": "",
        "severity": "info",
        "thread": "t",
        "card": "t",
        "audience": "role:back-office",
        "position": "1772366400002-0000000000000000002",
        "at": "2026-03-01T12:00:00.000Z",
        "read": True,
        "archived": False,
    }


def test_a_card_does_not_say_whom_else_it_went_to() -> None:
    """The other audiences of an alert are not the reader's business."""
    alert = Alert(to=("user:ada", "user:ben", "role:works-council"), title="x")
    kept = StoredAlert(alert, "a", ADA, stored().position, NOON)
    for written in (to_card(kept), from_document(to_document(kept, 60)).alert.to):
        assert "ben" not in str(written)
        assert "council" not in str(written)


def test_of_a_withdrawn_alert_only_that_is_told() -> None:
    """Nothing of its text leaves the house any more."""
    assert to_card(stored("a", 3, retract=True, title="secret")) == {
        "card": "a",
        "position": "1772366400003-0000000000000000003",
        "retracted": True,
    }


zones = st.integers(-720, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(timezones=zones).filter(lambda moment: 1 < moment.year < 9999)


@given(moments, moments)
def test_moments_sort_as_text(one: datetime, other: datetime) -> None:
    """Written moments have the order of time to the millisecond, whatever their zones."""
    whole = [moment.replace(microsecond=moment.microsecond // 1000 * 1000) for moment in (one, other)]
    texts = [format_moment(moment) for moment in (one, other)]
    assert (texts[0] < texts[1]) == (whole[0] < whole[1])
    assert [datetime.fromisoformat(text) for text in texts] == whole


@given(st.sampled_from(["user:ada", "role:x", "topic:y", "everyone"]))
def test_a_card_of_any_audience_is_json(audience: str) -> None:
    """A card can be put into a frame as it is."""
    card = to_card(stored("a", 1, Audience.parse(audience), **FULL))
    assert msgspec.json.decode(msgspec.json.encode(card))["expiresAt"] == "2026-03-01T13:00:00Z"
