from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from belfry import Alert, Severity
from demo.people import PEOPLE
from demo.shop import BACK_OFFICE, EVERYONE, rounds


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
