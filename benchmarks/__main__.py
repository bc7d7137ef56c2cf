"""`python -m benchmarks`: measure, print a table, and keep the figures if asked to."""

import argparse
import asyncio
import json
import logging
import os
import platform
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks import (
    acting,
    broadcast,
    catch_up,
    cold_start,
    cost,
    history,
    latency,
    throughput,
    web_opening,
    web_scrolling,
    web_sizes,
)
from benchmarks.figures import Figure
from benchmarks.system import System
from emulators.cloud import Cloud

type Scenario = Callable[[System], Awaitable[Sequence[Figure]]]

SCENARIOS: Final[dict[str, tuple[str, Scenario]]] = {
    "latency": (latency.TITLE, latency.latency),
    "throughput": (throughput.TITLE, throughput.throughput),
    "cost": (cost.TITLE, cost.cost),
    "acting": (acting.TITLE, acting.acting),
    "history": (history.TITLE, history.history),
    "catch_up": (catch_up.TITLE, catch_up.catch_up),
    "broadcast": (broadcast.TITLE, broadcast.broadcast),
    "cold_start": (cold_start.TITLE, cold_start.cold_start),
    "web_opening": (web_opening.TITLE, web_opening.opening),
    "web_scrolling": (web_scrolling.TITLE, web_scrolling.scrolling),
    "web_sizes": (web_sizes.TITLE, web_sizes.sizes),
}
"""What can be measured, and what it is called. A new scenario is a new file and a new line."""


def main() -> int:
    """Run the scenarios one after the other, each on a cloud of its own; returns the exit status."""
    options = _parse()
    console = Console(highlight=False)
    scenarios = SCENARIOS | {
        "web_scrolling": (web_scrolling.TITLE, partial(web_scrolling.scrolling, minutes=options.minutes)),
        "web_sizes": (web_sizes.TITLE, web_sizes.sizes_beside_novu if options.novu else web_sizes.sizes),
    }
    found: dict[str, list[dict[str, object]]] = {}
    for name in options.scenario:
        title, scenario = scenarios[name]
        figures = _measure(scenario)
        console.print(title, style="bold")
        console.print(_table(figures))
        console.print()
        found[name] = [asdict(figure) for figure in figures]
    if options.json:
        options.json.write_text(json.dumps({"machine": _machine(), "scenarios": found}, indent=2) + "\n")
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Belfry on the local cloud.")
    parser.add_argument(
        "scenario",
        nargs="*",
        default=[*SCENARIOS],
        metavar="SCENARIO",
        help=f"{', '.join(SCENARIOS)}; `web` for those that begin so; all by default",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        default=web_scrolling.MINUTES,
        help="for how long web_scrolling watches the heap; %(default)s by default",
    )
    parser.add_argument(
        "--novu", action="store_true", help="let web_sizes install Novu's packages into a temporary folder, to compare"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    options = parser.parse_args()
    if unknown := [name for name in options.scenario if not _named(name)]:
        parser.error(f"there is no scenario {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    options.scenario = [found for name in options.scenario for found in _named(name)]
    return options


def _named(name: str) -> list[str]:
    """The scenario of this name, or all of a family."""
    return [found for found in SCENARIOS if found == name or found.startswith(f"{name}_")]


def _measure(scenario: Scenario) -> Sequence[Figure]:
    """Run a scenario on free ports, with state on disk: durable, as it is for people."""
    with tempfile.TemporaryDirectory(prefix="belfry-bench-") as folder:
        logging.basicConfig(filename=os.devnull, force=True)  # the official clients say a lot when they close
        with Cloud(free_ports=True, data=Path(folder) / "data", logs=Path(folder) / "logs") as cloud:
            return asyncio.run(_run(scenario, cloud))


async def _run(scenario: Scenario, cloud: Cloud) -> Sequence[Figure]:
    async with System(cloud) as system:
        return await scenario(system)


def _table(figures: Sequence[Figure]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    what = ""
    for figure in figures:
        table.add_row("" if figure.what == what else figure.what, figure.rounded, figure.unit)
        what = figure.what
    return table


def _machine() -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.process_cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
