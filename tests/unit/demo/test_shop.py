import re
from itertools import islice
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from belfry import Alert, Severity
from demo.people import IN_BROWSERS, PEOPLE
from demo.shop import BACK_OFFICE, EVERYONE, rounds

SHOP = Path(__file__).parents[3] / "web/shop"


def _alerts(run: str, seed: int, count: int) -> list[Alert]:
    return [step.alert for steps in islice(rounds(run, seed), count) for step in steps]


def test_the_same_seed_tells_the_same_story() -> None:
    """Run and seed decide everything; another seed tells another story."""
    assert list(islice(rounds("a", 1), 5)) == list(islice(rounds("a", 1), 5))
    assert list(islice(rounds("a", 1), 5)) != list(islice(rounds("a", 2), 5))


@given(seed=st.integers())
def test_every_alert_has_an_id_of_its_own(seed: int) -> None:
    """Ids begin with the run and never come again, so no alert is taken for a repeat."""
    identifiers = [str(alert.id) for alert in _alerts("run", seed, 10)]
    assert len(set(identifiers)) == len(identifiers)
    assert all(identifier.startswith("run-") for identifier in identifiers)


@given(seed=st.integers())
def test_whatever_is_critical_or_a_warning_is_resolved_in_the_same_round(seed: int) -> None:
    """A later alert of the same thread and to the same audiences says that it is over."""
    for steps in islice(rounds("run", seed), 5):
        alerts = [step.alert for step in steps]
        for index, alert in enumerate(alerts):
            if alert.severity in (Severity.WARNING, Severity.CRITICAL):
                [resolved] = [later for later in alerts[index + 1 :] if later.thread == alert.thread]
                assert resolved.severity is Severity.SUCCESS
                assert resolved.to == alert.to


@given(seed=st.integers())
def test_a_round_is_about_a_dozen_alerts_within_seconds(seed: int) -> None:
    """Short enough to watch, with something for a customer, the back office and everyone."""
    steps = next(rounds("run", seed))
    assert 10 <= len(steps) <= 14
    assert 3 < sum(step.pause for step in steps) < 9
    audiences = {audience.partition(":")[0] for step in steps for audience in step.alert.to}
    assert audiences == {"user", "role", "everyone"}


def test_in_three_rounds_everyone_gets_something_of_their_own() -> None:
    """No one of the people just watches."""
    audiences = {audience for alert in _alerts("run", 0, 3) for audience in alert.to} - {EVERYONE}
    assert all(person.audiences & audiences for person in PEOPLE)
    assert BACK_OFFICE in audiences


def test_the_shop_has_a_drawing_of_everything_that_is_ordered() -> None:
    """What an order says it is about is a product of the catalogue, letter for letter."""
    catalogue = set(re.findall(r'name: "([^"]+)"', (SHOP / "src/catalogue.ts").read_text(encoding="utf-8")))
    orders = [alert for alert in _alerts("run", 0, 20) if alert.category == "order"]
    assert {str(alert.data["product"]) for alert in orders if alert.data} == catalogue
    assert all(alert.data and alert.data["progress"] in ("placed", "packed", "delivered") for alert in orders)


def test_orders_of_another_run_have_other_numbers() -> None:
    """The cards of earlier runs are still in the inboxes."""
    monday, tuesday = ({alert.url for alert in _alerts(run, 0, 10) if alert.category == "order"} for run in ("a", "b"))
    assert monday.isdisjoint(tuesday)


def test_whoever_tries_the_shop_is_connected_by_their_browser_alone() -> None:
    """Otherwise they would never be offline, and their phone would never ring."""
    assert f'customer: "{IN_BROWSERS}"' in (SHOP / "vite.config.ts").read_text(encoding="utf-8")
    assert IN_BROWSERS not in [person.user for person in PEOPLE]
    assert any(f"user:{IN_BROWSERS}" in alert.to for alert in _alerts("run", 0, 1))
