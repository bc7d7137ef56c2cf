"""`python -m demo`: the local cloud, a small shop that sends alerts, and the people who get them."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from rich.console import Console

from belfry.inbox import ProblemResponseError
from demo import browser
from demo.board import Board
from demo.connecting import Addresses
from demo.lines import Lines
from demo.people import PEOPLE
from demo.play import play_on, play_once
from demo.shop import Step, rounds
from demo.summary import print_addresses, print_shop, print_summary
from demo.view import View
from emulators.children import NotReadyError
from emulators.cloud import HOST, SHOP, Cloud, PortTakenError, is_built
from emulators.process import DEFAULT_DATA
from emulators.settings import SettingsError

INTERRUPTED: Final = 130
"""Exit status of a single round that was not played to its end: what a shell expects after Ctrl-C."""
WATCH_SECONDS: Final = 0.5
"""How often it is seen whether a service has died."""


def main(argv: Sequence[str] | None = None) -> int:
    """Play, and return the exit status.

    0: every card arrived, or the endless play was ended by Ctrl-C or SIGTERM; 1: cards are missing, or the local cloud
    did not start; 130: a single round was interrupted.
    """
    options = _parse(argv)
    problems = Console(stderr=True, highlight=False)
    # Set, not taken for granted: a shell starts its background jobs with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(options, Console(highlight=False))
    except PortTakenError as error:
        problems.print(f'{error} End it, or add `--ports free` (`make run ARGS="--ports free"`).', soft_wrap=True)
    except (NotReadyError, SettingsError) as error:
        problems.print(str(error), markup=False, soft_wrap=True)
    except ProblemResponseError as error:
        problems.print(f"The API answered {error} See {options.logs / HOST}.log.", markup=False, soft_wrap=True)
    except KeyboardInterrupt:
        return INTERRUPTED if options.once else 0
    return 1


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description="A small shop on the local cloud.")
    parser.add_argument("--once", action="store_true", help="one round; fails unless every card arrives")
    parser.add_argument("--ephemeral", action="store_true", help="keep all state in memory")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of all state (%(default)s)")
    parser.add_argument("--logs", type=Path, default=DEFAULT_DATA / "logs", help="folder of the logs (%(default)s)")
    parser.add_argument("--ports", choices=("fixed", "free"), default="fixed", help="free: whichever are (%(default)s)")
    parser.add_argument("--no-open", action="store_true", help="do not open the shop in a browser")
    parser.add_argument("--seed", type=int, default=0, help="another number tells another story (%(default)s)")
    return parser.parse_args(argv)


def _run(options: argparse.Namespace, console: Console) -> int:
    options.logs.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=options.logs / "demo.log", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    cloud = Cloud(
        free_ports=options.ports == "free", data=None if options.ephemeral else options.data, logs=options.logs
    )
    with console.status("Starting the local cloud"):
        cloud.start()
    try:
        print_addresses(console, cloud)
        _show_shop(options, console, cloud.urls[SHOP])
        return _play(options, console, cloud)
    finally:
        # A second Ctrl-C would interrupt nothing but the end itself.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        cloud.stop()


def _show_shop(options: argparse.Namespace, console: Console, url: str) -> None:
    if not is_built():
        console.print("The shop for browsers is not built: `make web` builds it.\n", soft_wrap=True)
        return
    print_shop(console, url)
    if console.is_terminal and not (options.once or options.no_open) and browser.is_at_hand(os.environ, sys.platform):
        browser.open_shop(url)


def _play(options: argparse.Namespace, console: Console, cloud: Cloud) -> int:
    addresses = Addresses.of(cloud)
    story = rounds(run=uuid.uuid4().hex[:8], seed=options.seed)
    with _view(console) as view:
        if not options.once:
            view.note(f"Ctrl-C ends it; logs are in {options.logs}")
            asyncio.run(_play_on(cloud, view, addresses, story))
            return 0
        ledger = asyncio.run(play_once(addresses, view, next(story)))
    return 0 if print_summary(console, ledger) else 1


def _view(console: Console) -> View:
    if console.is_terminal and not console.is_dumb_terminal:
        return Board(console, [person.user for person in PEOPLE])
    return Lines(console)


async def _play_on(cloud: Cloud, view: View, addresses: Addresses, story: Iterator[Sequence[Step]]) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_keep_up(cloud, view))
        await play_on(addresses, view, story)


async def _keep_up(cloud: Cloud, view: View) -> NoReturn:
    """Start again whatever service dies: someone will kill one, to see what happens."""
    titles = {component.name: component.title for component in cloud.components}
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        for name in cloud.ended():
            view.note(f"{titles[name]} died; starting it again")
            try:
                await asyncio.to_thread(cloud.restart, name)
            except NotReadyError as error:
                view.note(str(error))
            else:
                view.note(f"{titles[name]} died, and is there again")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """End as Ctrl-C does."""
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
