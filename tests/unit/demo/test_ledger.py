from datetime import UTC, datetime, timedelta
from typing import Any

from belfry import Alert, Severity
from demo.ledger import Ledger
from demo.people import Person
from shared.position import position_of

OPENED = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
ADA = Person("ada")
NORA = Person("nora", ("back-office",))


def _alert(identifier: str, *to: str, thread: str | None = None) -> Alert:
    return Alert(id=identifier, to=to, title=f"Title of {identifier}", thread=thread)


def _card(alert: Alert, *, seconds: float, number: int = 0) -> dict[str, Any]:
    """The card of an alert that was enqueued so long after the ledger was opened."""
    position = position_of(OPENED + timedelta(seconds=seconds), number)
    return {"card": alert.thread or alert.id, "id": alert.id, "title": alert.title, "position": position}


def _ledger(*alerts: Alert) -> Ledger:
    ledger = Ledger([ADA, NORA], OPENED)
    for alert in alerts:
        ledger.sending(alert)
    return ledger


def test_an_alert_is_expected_once_at_each_person_of_its_audiences() -> None:
    """User, role and everyone are counted by person, however many audiences name the same one."""
    ledger = _ledger(
        _alert("a", "user:ada"),
        _alert("b", "user:nora", "role:back-office"),
        _alert("c", "everyone"),
        _alert("d", "user:somebody-else"),
    )
    assert [(account.user, account.expected) for account in ledger.accounts()] == [("ada", 2), ("nora", 2)]


def test_the_time_is_counted_from_the_queue_to_the_client() -> None:
    """Enqueue time stands in the position; a clock that was rounded never gives less than zero."""
    ledger = _ledger(alert := _alert("a", "user:ada"))
    arrival = ledger.arrived("ada", _card(alert, seconds=2), OPENED + timedelta(seconds=2.25))
    assert arrival is not None
    assert (arrival.user, arrival.title, arrival.severity) == ("ada", "Title of a", Severity.INFO)
    assert arrival.milliseconds == 250
    early = ledger.arrived("ada", _card(alert, seconds=2), OPENED + timedelta(seconds=1.9))
    assert early is not None
    assert early.milliseconds == 0


def test_what_is_missing_is_named_by_person() -> None:
    """An account lists the titles that did not come, and times of those that did."""
    ledger = _ledger(first := _alert("a", "everyone"), _alert("b", "everyone"))
    ledger.arrived("ada", _card(first, seconds=1), OPENED + timedelta(seconds=1.5))
    ada, nora = ledger.accounts()
    assert (ada.missing, ada.milliseconds, ada.median, ada.longest) == (("Title of b",), (500,), 500, 500)
    assert (nora.missing, nora.milliseconds, nora.median, nora.longest) == (
        ("Title of a", "Title of b"),
        (),
        None,
        None,
    )
    assert not ledger.complete("ada")


def test_a_card_of_an_earlier_run_is_not_an_arrival() -> None:
    """History brings what was enqueued before; it is neither shown nor counted."""
    ledger = _ledger(alert := _alert("a", "user:ada"))
    assert ledger.arrived("ada", _card(alert, seconds=-1), OPENED) is None
    assert not ledger.complete("ada")


def test_somebody_elses_alert_is_shown_but_not_expected() -> None:
    """Who sends from another terminal sees the card; the books are about the shop's alerts."""
    ledger = _ledger()
    assert ledger.arrived("ada", _card(_alert("other", "user:ada"), seconds=1), OPENED + timedelta(seconds=2))
    assert [account.expected for account in ledger.accounts()] == [0, 0]


def test_a_withdrawn_alert_has_no_title() -> None:
    """The card of a retraction says only that it is gone."""
    card = {"card": "a", "position": position_of(OPENED, 1), "retracted": True}
    arrival = _ledger().arrived("ada", card, OPENED)
    assert arrival is not None
    assert arrival.title == "(withdrawn)"


def test_the_last_of_a_thread_stands_for_those_before() -> None:
    """Who was not connected when the first came sees only the last, and misses nothing; the reverse is a loss."""
    first, last = _alert("a", "user:ada", thread="t"), _alert("b", "user:ada", thread="t")
    overtaken = _ledger(first, last)
    overtaken.arrived("ada", _card(last, seconds=2), OPENED + timedelta(seconds=2))
    assert overtaken.complete("ada")
    lost = _ledger(first, last)
    lost.arrived("ada", _card(first, seconds=1), OPENED + timedelta(seconds=1))
    assert lost.accounts()[0].missing == ("Title of b",)
