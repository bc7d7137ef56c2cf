import json
import math
from pathlib import Path

import pytest

from benchmarks import bill
from benchmarks.bill import MILLION, MONTHS, SECONDS, load_prices

PROJECT = Path(__file__).parents[3]
PRICES = load_prices()


def test_the_tables_of_the_page_are_those_of_the_prices() -> None:
    """Whoever changes a price, a figure or a month writes the page anew: `python -m benchmarks.bill --write`."""
    page = bill.PAGE.read_text(encoding="utf-8")
    assert bill.written(page, PRICES) == page


def test_a_page_without_marks_is_refused() -> None:
    """No table is lost in silence."""
    with pytest.raises(ValueError, match="operations"):
        bill.written("# What it costs\n", PRICES)


def test_every_price_says_where_and_when() -> None:
    """And is that of something that is paid for."""
    for price in PRICES.prices.values():
        assert price.price > 0
        assert price.region
        assert price.per
        assert price.source.startswith("[")
        assert len(price.read) == len("2026-01-01")


def test_every_price_is_on_the_bill_or_on_the_page() -> None:
    """None is kept that nobody reads."""
    used = (PROJECT / "benchmarks/bill.py").read_text(encoding="utf-8")
    for_choosing = {"functionsRunning", "privateEndpoint"} | {
        name for name in PRICES.prices if name.startswith("notificationHubsStandard")
    }
    assert {name for name in PRICES.prices if f'"{name}"' not in used} == for_choosing


def test_what_is_deployed_is_what_is_paid_for() -> None:
    """Memory of an instance, days that an alert is kept, and instances kept ready are those of infra/."""
    functions = (PROJECT / "infra/modules/functions.bicep").read_text(encoding="utf-8")
    assert f"instanceMemoryMB: {bill.INSTANCE_GB * 1024}" in functions
    assert functions.count("instanceCount: alwaysReadyInstances") == bill.READY
    parameters = json.loads((PROJECT / "infra/main.parameters.json").read_text())["parameters"]
    assert parameters["alwaysReadyInstances"]["value"].endswith("=1}")
    assert parameters["retentionDays"]["value"].endswith(f"={30 * bill.RETENTION_MONTHS}}}")


def test_a_queue_at_rest_costs_its_base() -> None:
    """Thirteen million operations are included, and the steps follow each other without a jump."""
    base = PRICES["serviceBusStandard"]
    assert bill.service_bus(13 * MILLION, PRICES) == base
    assert bill.service_bus(14 * MILLION, PRICES) == pytest.approx(base + 0.8)
    assert bill.service_bus(101 * MILLION, PRICES) == pytest.approx(base + 87 * 0.8 + 0.5)


def test_autoscale_is_paid_by_the_busiest_second() -> None:
    """Of each hour; a tenth of the maximum at least."""
    assert bill.autoscale(0, 1, PRICES) == pytest.approx((0.012 * bill.HOURS, 1_000))
    assert bill.autoscale(1_500 * SECONDS, 2, PRICES) == pytest.approx((30 * 0.012 * bill.HOURS, 3_000))


@pytest.mark.parametrize(("connections", "units"), [(1, 1), (800, 1), (801, 2), (40_000, 50), (80_000, 100)])
def test_units_leave_room(connections: int, units: int) -> None:
    """A fifth of the connections stays free, and units come in the sizes that there are."""
    assert bill.web_pubsub_units(connections) == units


def test_a_broadcast_counts_for_each_connection() -> None:
    """So who is connected decides, and not how many alerts there are."""
    only_many = bill.Month(
        name="", alerts=MILLION, to_many=1, revisions=0, phones=0, online=0, audience=250, devices=0,
        connections=1, visits=0, marks=0, busiest=1,
    )  # fmt: skip
    assert bill.messages(only_many) == 250 * MILLION
    assert bill.request_units(only_many) == pytest.approx(bill.TO_MANY * MILLION)


@pytest.mark.parametrize("month", MONTHS, ids=lambda month: month.name)
def test_a_bill_has_each_line_once(month: bill.Month) -> None:
    """And each costs something."""
    lines = bill.lines(month, PRICES)
    assert all(line.cost > 0 and math.isfinite(line.cost) for line in lines)
    assert len({line.what for line in lines}) == len(lines)
