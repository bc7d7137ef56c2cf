import re
from pathlib import Path

import pytest

from shared.audience import Kind
from shared.telemetry import ESCALATE, KEEP, LATENCY_SECONDS, PARK, Reason
from shared.wire.message import Received
from tests.unit.shared.fakes import NOON
from tests.unit.shared.tracing import Recording

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs/telemetry.md").read_text(encoding="utf-8")
QUERIES = [*(PROJECT / "infra/queries").glob("*.kql"), PROJECT / "infra/workbook.json"]
METRIC = re.compile(r"belfry\.(?:alerts?|escalation)\.[a-z]+(?:\.latency)?")


@pytest.fixture(scope="module")
def recording() -> Recording:
    """Telemetry that has measured one of everything."""
    recording = Recording()
    telemetry = recording.telemetry
    telemetry.accepted(1)
    telemetry.stored(Kind.USER, 1)
    telemetry.published(Kind.USER, 1)
    telemetry.delivered("live")
    telemetry.duplicate("repeat")
    telemetry.expired()
    telemetry.retried(["live"])
    telemetry.poisoned(Received(b"", "m", NOON, 1), Reason.INVALID)
    telemetry.escalated()
    return recording


def test_the_page_has_every_metric_as_it_is(recording: Recording) -> None:
    """Its name, its unit and its attributes, and no others."""
    rows = re.findall(r"^\| `(belfry\.[^`]+)` \| `([^`]+)` \| (?:`(\w+)`)? ?\|", PAGE, re.MULTILINE)
    measured = [
        (metric.name, metric.unit, "".join(metric.data.data_points[0].attributes or ()))
        for metric in recording.metrics()
    ]
    assert sorted(rows) == sorted(measured)


def test_latencies_have_buckets_that_tell_something(recording: Recording) -> None:
    """From milliseconds to the day that the last attempt may take."""
    [bounds] = {
        point.explicit_bounds  # type: ignore[union-attr]  # of a histogram
        for metric in recording.metrics()
        if metric.name.endswith(".latency")
        for point in metric.data.data_points
    }
    assert tuple(bounds) == LATENCY_SECONDS


@pytest.mark.parametrize("name", [KEEP, ESCALATE, PARK, "send alerts", "process alerts", "tell live", "tell push"])
def test_the_page_has_every_span(name: str) -> None:
    """By its name."""
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("query", QUERIES, ids=lambda path: path.name)
def test_operators_ask_for_metrics_that_there_are(query: Path, recording: Recording) -> None:
    """A query for a figure that nobody reports would stay silent when it matters."""
    assert set(METRIC.findall(query.read_text(encoding="utf-8"))) <= {metric.name for metric in recording.metrics()}
