import io
from datetime import UTC, datetime, timedelta

from rich.console import Console

from belfry import Alert
from demo.ledger import Ledger
from demo.people import Person
from demo.summary import print_summary
from shared.position import position_of

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def _summary(*arrived: str) -> tuple[bool, str]:
    """Whether all is well, and what is printed, when one alert was sent to everyone and these people got it."""
    ledger = Ledger([Person("ada"), Person("nora")], NOW)
    ledger.sending(Alert(id="a", to=("everyone",), title="Stock [is] low"))
    for user in arrived:
        card = {"card": "a", "id": "a", "title": "Stock [is] low", "position": position_of(NOW, 1)}
        ledger.arrived(user, card, NOW + timedelta(milliseconds=40))
    output = io.StringIO()
    return print_summary(Console(file=output, width=80), ledger), output.getvalue()


def test_a_complete_round_is_a_success_in_one_sentence() -> None:
    """Everyone's numbers, and that all is there."""
    complete, text = _summary("ada", "nora")
    assert complete
    assert [line.split() for line in text.splitlines()[2:4]] == [
        ["ada", "1", "1", "40", "ms", "40", "ms"],
        ["nora", "1", "1", "40", "ms", "40", "ms"],
    ]
    assert text.endswith("Alerts sent: 1. Cards expected: 2. All arrived.\n")


def test_what_is_missing_is_named_for_each_person() -> None:
    """No success, and who waits for what, letter for letter."""
    complete, text = _summary("ada")
    assert not complete
    assert text.splitlines()[3].split() == ["nora", "1", "0", "-", "-"]
    assert text.endswith("These did not arrive:\n  nora    Stock [is] low\n")
