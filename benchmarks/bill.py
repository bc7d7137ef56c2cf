"""`python -m benchmarks.bill`: what a month costs, from what was measured and public prices.

With `--write` the tables go into docs/cost.md, between the marks that name them. Prices stand in prices.json, each with
its region, its source and the day on which the source had it.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

PAGE: Final = Path(__file__).parents[1] / "docs/cost.md"
HOURS: Final = 730
SECONDS: Final = HOURS * 3600
DAYS: Final = SECONDS / 86_400
MILLION: Final = 1_000_000

# What infra/ deploys.
INSTANCE_GB: Final = 2
READY: Final = 2
"""Instances that are kept ready: one for `deliver`, one for HTTP."""
RETENTION_MONTHS: Final = 3

# What was measured (`python -m benchmarks cost acting history`), in RU of Cosmos DB.
TO_MANY: Final = 7.1
TO_A_PERSON: Final = 9.9
TO_A_PHONE: Final = 13.7
REVISION: Final = 18.7
PAGE_OF_HISTORY: Final = 29.2
CATCH_UP: Final = 11.0
CONNECT: Final = 3.8
MARK: Final = 14.5
VISIT: Final = CONNECT + PAGE_OF_HISTORY + CATCH_UP

# What is taken for granted; docs/cost.md says why.
OPERATIONS: Final = 3
"""Of Service Bus for each alert: sent, received with a lock, completed."""
DOCUMENT_KB: Final = 1.5
LOGS_KB: Final = 0.5
"""For each alert and each request, after sampling."""
LONGEST_SHARE: Final = 0.8
"""Of the connections of a unit."""
UNITS: Final = (1, 2, 5, 10, 20, 50, 100)


class Price(Struct, frozen=True):
    """A price, and where it is from."""

    price: float
    per: str
    region: str
    read: str
    source: str


class Prices(Struct, frozen=True):
    """All of them."""

    currency: str
    prices: dict[str, Price]

    def __getitem__(self, name: str) -> float:
        return self.prices[name].price


class Month(Struct, frozen=True, kw_only=True):
    """What happens in a month."""

    name: str
    alerts: int
    to_many: float
    """Share of the alerts that go to a role, a topic or everyone."""
    revisions: float
    """Share that replaces a card of the same thread."""
    phones: float
    """Share of those to a person whose person has a phone or a browser registered, and is away."""
    online: float
    """Connections that an alert to a person reaches, in the mean."""
    audience: int
    """Connections that an alert to many reaches, in the mean."""
    devices: int
    """Devices that a push to many reaches, in the mean."""
    connections: int
    """At the busiest moment."""
    visits: float
    """For each alert: a client connects, loads a page and catches up."""
    marks: float
    """For each alert: cards that are read or archived one by one."""
    busiest: float
    """The busiest second of an hour over the mean second of it."""


class Line(Struct, frozen=True):
    """A line of the bill."""

    what: str
    cost: float
    how: str = ""
    """What it is paid for, where that differs between months."""


MONTHS: Final = (
    Month(
        name="1 million", alerts=MILLION, to_many=0.01, revisions=0.1, phones=0.5, online=0.2, audience=100,
        devices=500, connections=500, visits=0.3, marks=0.5, busiest=10,
    ),
    Month(
        name="10 million", alerts=10 * MILLION, to_many=0.01, revisions=0.1, phones=0.5, online=0.2, audience=500,
        devices=500, connections=4_000, visits=0.3, marks=0.5, busiest=6,
    ),
    Month(
        name="100 million", alerts=100 * MILLION, to_many=0.01, revisions=0.1, phones=0.5, online=0.2, audience=1_000,
        devices=500, connections=40_000, visits=0.3, marks=0.5, busiest=4,
    ),
)  # fmt: skip


def load_prices() -> Prices:
    """Those of prices.json."""
    return msgspec.json.decode((Path(__file__).parent / "prices.json").read_bytes(), type=Prices)


def request_units(month: Month) -> float:
    """Of Cosmos DB, for all that happens."""
    many = month.alerts * month.to_many
    revised = month.alerts * month.revisions
    alone = month.alerts - many - revised
    each = month.phones * TO_A_PHONE + (1 - month.phones) * TO_A_PERSON
    return (
        many * TO_MANY
        + revised * REVISION
        + alone * each
        + month.alerts * month.visits * VISIT
        + month.alerts * month.marks * MARK
    )


def autoscale(units: float, busiest: float, prices: Prices) -> tuple[float, float]:
    """What so many request units cost with autoscale, and its maximum in RU/s.

    The busiest second of each hour is paid for, and a tenth of the maximum at least.
    """
    peak = units / SECONDS * busiest
    maximum = max(1_000, -(-peak // 1_000) * 1_000)
    paid = max(peak, maximum / 10)
    return paid / 100 * prices["cosmosAutoscale"] * HOURS, maximum


def service_bus(operations: float, prices: Prices) -> float:
    """At the Standard tier."""
    some = max(0, min(operations, 100 * MILLION) - 13 * MILLION)
    many = max(0, operations - 100 * MILLION)
    return prices["serviceBusStandard"] + _millions(some, prices["serviceBusOperations"]) + _millions(
        many, prices["serviceBusOperationsMany"]
    )  # fmt: skip


def messages(month: Month) -> float:
    """That Web PubSub sends: one for each connection that is reached, and for each mark one to the person's own."""
    many = month.alerts * month.to_many
    return many * month.audience + (month.alerts - many) * month.online + month.alerts * month.marks


def web_pubsub_units(connections: int) -> int:
    """The smallest number of units that so many connections leave room in."""
    return next(units for units in UNITS if units * 1_000 * LONGEST_SHARE >= connections)


def web_pubsub(month: Month, prices: Prices) -> float:
    """Units, and messages beyond what they include."""
    units = web_pubsub_units(month.connections)
    more = max(0.0, messages(month) - units * MILLION * DAYS)
    return units * prices["webPubSubUnit"] + _millions(more, prices["webPubSubMessages"])


def pushes(month: Month) -> float:
    """Notifications to devices: one for each, and one to take it back for each mark of a person with a device."""
    many = month.alerts * month.to_many
    return many * month.devices + (month.alerts - many) * month.phones + month.alerts * month.marks * month.phones


def notification_hubs(count: float, prices: Prices) -> float:
    """At the Basic tier, which has 200,000 devices."""
    return prices["notificationHubsBasic"] + _millions(
        max(0, count - 10 * MILLION), prices["notificationHubsBasicPushes"]
    )


def calls(month: Month) -> float:
    """Of the functions: a delivery for each alert, three requests for each visit, one for each mark."""
    return month.alerts * (1 + 3 * month.visits + month.marks)


def functions(month: Month, prices: Prices) -> float:
    """Instances kept ready, and their running time: a call counts as a second at least, but no second counts twice."""
    delivering = min(month.alerts, SECONDS)
    serving = min(calls(month) - month.alerts, SECONDS)
    ready = READY * INSTANCE_GB * SECONDS * prices["functionsReady"]
    running = (delivering + serving) * INSTANCE_GB * prices["functionsReadyRunning"]
    return ready + running + _millions(calls(month), prices["functionsCalls"])


def lines(month: Month, prices: Prices) -> Sequence[Line]:
    """The bill of a month, as infra/ deploys it."""
    units = request_units(month)
    serverless = _millions(units, prices["cosmosServerless"])
    scaled, maximum = autoscale(units, month.busiest, prices)
    stored = month.alerts * RETENTION_MONTHS * DOCUMENT_KB / MILLION * prices["cosmosStorage"]
    requesting = "Cosmos DB, requests"
    autoscaled = Line(requesting, scaled, f"autoscale to {maximum:,.0f} RU/s")
    hubs = web_pubsub_units(month.connections)
    return [
        Line(requesting, serverless, "serverless") if serverless <= scaled else autoscaled,
        Line("Cosmos DB, storage", stored),
        Line("Service Bus, Standard", service_bus(month.alerts * OPERATIONS, prices)),
        Line("Web PubSub, Standard", web_pubsub(month, prices), f"{hubs} unit{'s' if hubs > 1 else ''}"),
        Line("Notification Hubs, Basic", notification_hubs(pushes(month), prices)),
        Line("Functions, two instances kept ready", functions(month, prices)),
        Line("Static Web Apps", prices["staticWebApp"]),
        Line("Logs", calls(month) * LOGS_KB / MILLION * prices["logs"]),
    ]


def bills(prices: Prices) -> str:
    """A table: a column for each month."""
    columns = [lines(month, prices) for month in MONTHS]
    rows = [
        [row[0].what, *(f"{line.cost:,.0f}" + (f" ({line.how})" if line.how else "") for line in row)]
        for row in zip(*columns, strict=True)
    ]
    totals = [sum(line.cost for line in column) for column in columns]
    each = [f"{total / month.alerts * 1000:.2f}" for total, month in zip(totals, MONTHS, strict=True)]
    rows += [["**together**", *(f"**{total:,.0f}**" for total in totals)], ["for 1,000 alerts", *each]]
    return _table([f"{prices.currency} a month", *(month.name for month in MONTHS)], rows)


def months(_: Prices) -> str:
    """A table of what happens in them."""
    rows: list[tuple[str, Callable[[Month], str]]] = [
        ("alerts to many, of all", lambda month: f"{month.to_many:.0%}"),
        ("connections that each of those reaches", lambda month: f"{month.audience:,}"),
        ("devices that each of those reaches", lambda month: f"{month.devices:,}"),
        ("revisions of a thread, of all", lambda month: f"{month.revisions:.0%}"),
        ("people who have a device and are away", lambda month: f"{month.phones:.0%}"),
        ("connections that an alert to a person reaches", lambda month: f"{month.online:g}"),
        ("connections at the busiest moment", lambda month: f"{month.connections:,}"),
        ("visits for each alert", lambda month: f"{month.visits:g}"),
        ("cards marked one by one, for each alert", lambda month: f"{month.marks:g}"),
        ("busiest second of an hour over its mean", lambda month: f"{month.busiest:g}"),
        ("*so: million RU*", lambda month: f"{request_units(month) / MILLION:,.0f}"),
        ("*so: million messages of Web PubSub*", lambda month: f"{messages(month) / MILLION:,.1f}"),
        ("*so: million pushes*", lambda month: f"{pushes(month) / MILLION:,.1f}"),
    ]
    return _table(
        ["alerts a month", *(month.name for month in MONTHS)],
        [[name, *(tell(month) for month in MONTHS)] for name, tell in rows],
    )


def operations(prices: Prices) -> str:
    """A table: what a million of each thing costs, where it costs by use."""
    cosmos, push = prices["cosmosServerless"], prices["notificationHubsBasicPushes"]
    queue = OPERATIONS * prices["serviceBusOperations"]
    rows: list[tuple[str, float, float, float, float]] = [
        ("alert to many", TO_MANY, queue, 0, 0),
        ("alert to a person", TO_A_PERSON, queue, 0, 0),
        ("alert to a person with one device, pushed", TO_A_PHONE, queue, push, 0),
        ("revision of a thread", REVISION, queue, 0, 0),
        ("message to one connection, up to 2 KB", 0, 0, 0, prices["webPubSubMessages"]),
        ("push to one device", 0, 0, push, 0),
        ("visit: connect, a page of history, catch up", VISIT, 0, 0, 0),
        ("mark one card", MARK, 0, 0, 0),
    ]
    return _table(
        ["a million times", "RU each", "Cosmos DB", "Service Bus", "pushes", "Web PubSub"],
        [[what, *(map(_some, (units, units * cosmos, *rest)))] for what, units, *rest in rows],
    )


def thresholds(prices: Prices) -> str:
    """A table: from when on which tier is the cheaper one."""
    # Both are linear: what an hour costs at a mean of 1 RU/s, and at a peak of 1 RU/s.
    share = prices["cosmosAutoscale"] / 100 / _millions(3600, prices["cosmosServerless"])
    ready = INSTANCE_GB * SECONDS * prices["functionsReady"]
    idle = 1_000 / 10 / 100 * prices["cosmosAutoscale"] * HOURS
    many = 100 * MILLION
    more = (prices["serviceBusPremium"] - service_bus(many, prices)) / prices["serviceBusOperationsMany"] * MILLION
    premium = (many + more) / OPERATIONS / MILLION
    unit = prices["webPubSubUnit"] / prices["webPubSubMessages"]
    rows = [
        ["autoscale of Cosmos DB is cheaper than serverless", f"mean of an hour above {share:.0%} of its peak"],
        ["autoscale of 1,000 RU/s at rest", f"{idle:.2f} {prices.currency} a month"],
        ["a unit of Premium Service Bus is cheaper than Standard", f"{premium:,.0f} million alerts a month"],
        ["one more unit of Web PubSub", f"costs as {unit:.0f} million messages, and includes {DAYS:.1f} million"],
        ["an instance of the functions kept ready, at rest", f"{ready:.2f} {prices.currency} a month"],
    ]  # fmt: skip
    return _table(["", ""], rows)


def list_prices(prices: Prices) -> str:
    """A table of all prices."""
    rows = [
        [f"`{name}`", f"{price.price:f}".rstrip("0").rstrip("."), price.per, price.region, price.read, price.source]
        for name, price in prices.prices.items()
    ]
    return _table(["price", prices.currency, "for", "region", "read", "source"], rows)


TABLES: Final[Mapping[str, Callable[[Prices], str]]] = {
    "operations": operations,
    "thresholds": thresholds,
    "months": months,
    "bills": bills,
    "prices": list_prices,
}


def written(page: str, prices: Prices) -> str:
    """The page with its tables as they are now."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name}: python -m benchmarks.bill --write -->\n", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"the page has no marks for the table {name}")
        page = f"{before}{begin}\n{table(prices)}\n{end}{after}"
    return page


def main() -> int:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bill", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put them into docs/cost.md")
    prices = load_prices()
    if parser.parse_args().write:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), prices), encoding="utf-8")
    else:
        sys.stdout.write("\n".join(table(prices) for table in TABLES.values()))
    return 0


def _millions(count: float, price: float) -> float:
    return count / MILLION * price


def _some(amount: float) -> str:
    return f"{amount:.3g}" if amount else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ruler, *rows))


if __name__ == "__main__":
    sys.exit(main())
