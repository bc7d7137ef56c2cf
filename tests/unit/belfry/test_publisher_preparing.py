from datetime import UTC, datetime
from typing import Any

import pytest

from belfry import Alert, InvalidAlertError
from belfry.preparing import prepare
from shared.wire.json import decode

ALERT: dict[str, Any] = {"to": ["user:ada"], "title": "Your order is on its way"}


def test_fields_and_alerts_are_sent_alike() -> None:
    """An alert may be given as its fields in JSON's own words, or as an object."""
    identifiers, messages = prepare([ALERT | {"id": "a"}, Alert(to=("user:ada",), title=ALERT["title"], id="b")])
    assert identifiers == ["a", "b"]
    assert [decode(message.body, Alert).title for message in messages] == [ALERT["title"]] * 2
    assert [message.message_id for message in messages] == ["a", "b"]


def test_times_may_be_text_or_objects() -> None:
    """Whoever has a `datetime` need not write it out."""
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    _, messages = prepare([ALERT | {"expiresAt": noon}, ALERT | {"expiresAt": "2026-03-01T12:00:00Z"}])
    assert [decode(message.body, Alert).expires_at for message in messages] == [noon, noon]


def test_an_alert_without_an_id_gets_one_before_it_is_sent() -> None:
    """So a transfer that is tried again stays one alert; and two alerts are never one."""
    identifiers, messages = prepare([ALERT, ALERT])
    assert len(set(identifiers)) == 2
    assert [message.message_id for message in messages] == identifiers


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"to": ["user:ada"]}, "title"),
        (ALERT | {"to": ["ada"]}, "to[0]"),
        (ALERT | {"tilte": "x"}, "tilte"),
        (ALERT | {"expiresAt": datetime(2026, 3, 1, 12)}, "expiresAt"),  # noqa: DTZ001  # a zone is what is missing
        (ALERT | {"data": {"a": object()}}, "data"),
        (Alert(to=("ada",), title="x"), "to[0]"),
        (Alert(to=("user:ada",), title="x" * 201), "title"),
        (Alert(to=("user:ada",), title="x", url="javascript:alert(1)"), "url"),
    ],
)
def test_a_wrong_alert_is_refused_by_name(wrong: Any, field: str) -> None:
    """All are checked before the first is sent, objects like fields: the error names the field and which alert."""
    with pytest.raises(InvalidAlertError, match="alert 1: ") as refusal:
        prepare([ALERT, wrong, ALERT])
    assert refusal.value.field == field


@pytest.mark.parametrize("wrong", ['{"to": ["user:ada"], "title": "x"}', b"{}", None, ["to"]])
def test_what_is_no_alert_at_all_is_refused_like_one_that_is_wrong(wrong: Any) -> None:
    """Its JSON text, for example, which is what the queue's own SDK takes."""
    with pytest.raises(InvalidAlertError, match="alert 1: Expected `object`, got "):
        prepare([ALERT, wrong])


def test_too_large_an_alert_is_refused_here() -> None:
    """Not on the other side of the queue, where its producer would not hear of it."""
    link = "/" + "\U0001f514" * 2000
    large = {"body": "\U0001f514" * 4000, "url": link, "icon": link, "image": link, "data": {"x": "y" * 16000}}
    actions = [{"id": str(number), "title": "x", "url": link} for number in range(3)]
    with pytest.raises(InvalidAlertError, match=r"alert 0: .* more than 65,536"):
        prepare([ALERT | large | {"actions": actions}])
