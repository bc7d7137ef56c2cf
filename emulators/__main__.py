"""`python -m emulators`: the whole local cloud, until Ctrl-C."""

import argparse
import contextlib
import os
import signal
import sys
import threading
import time
from collections import deque
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console
from rich.table import Table

from emulators.children import NotReadyError
from emulators.cloud import COMPONENTS, SHOP, Cloud, PortTakenError, is_built
from emulators.process import DEFAULT_DATA
from emulators.settings import SettingsError

WATCH_SECONDS = 0.2
"""How often it looks whether a service has died."""
DEATHS = 5
DEATHS_WITHIN_SECONDS = 60.0
"""So many deaths of one service in so short a time are a lasting fault, which no restart mends."""


class LastingFaultError(Exception):
    """A service died again and again."""


def main() -> int:
    """Start the services, keep them running, and end them; returns the exit status."""
    options = _parse()
    output, problems = Console(highlight=False), Console(stderr=True, highlight=False)
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    if options.until_stdin_closes:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    cloud = Cloud(
        options.only,
        free_ports=options.ports == "free",
        data=None if options.ephemeral else options.data,
        logs=options.logs,
        verbose=options.verbose,
    )
    try:
        with cloud:
            output.print(_table(cloud))
            if SHOP in cloud.urls and not is_built():
                output.print("The web client is not built: `make web` builds it.")
            output.print(f"Ctrl-C ends them. Logs: {options.logs}")
            _watch(cloud, problems)
    except PortTakenError as error:
        problems.print(f"{error}")
        problems.print(
            f"`lsof -i :{error.component.port}` says which. End it, or take other ports with `--ports free` "
            '(`make cloud ARGS="--ports free"`).'
        )
    except (NotReadyError, SettingsError, LastingFaultError) as error:
        problems.print(f"{error}", markup=False, soft_wrap=True)
    except KeyboardInterrupt:
        return 0
    return 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m emulators", description="The local cloud, until Ctrl-C.")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of all state (%(default)s)")
    parser.add_argument("--ephemeral", action="store_true", help="keep the state in memory")
    parser.add_argument("--ports", choices=("fixed", "free"), default="fixed", help="free: whichever are (%(default)s)")
    parser.add_argument("--only", type=_names, metavar="NAME,NAME", help="which services; all by default")
    parser.add_argument("--logs", type=Path, default=DEFAULT_DATA / "logs", help="folder of their logs (%(default)s)")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with the process that started it")
    parser.add_argument("--verbose", action="store_true", help="log every request")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    known = [component.name for component in COMPONENTS]
    if unknown := [name for name in names if name not in known]:
        raise argparse.ArgumentTypeError(f"no service {', '.join(unknown)}; there are {', '.join(known)}")
    return names


def _table(cloud: Cloud) -> Table:
    table = Table("Service", "Address", box=None, padding=(0, 3, 0, 0), header_style="dim")
    for component in cloud.components:
        table.add_row(component.title, cloud.address(component))
    return table


def _watch(cloud: Cloud, problems: Console) -> NoReturn:
    """Start again whatever dies.

    Raises:
        LastingFaultError: it dies again and again.
        NotReadyError: it does not come up again.
    """
    deaths: dict[str, deque[float]] = {name: deque(maxlen=DEATHS) for name in cloud.urls}
    while True:
        time.sleep(WATCH_SECONDS)
        for name in cloud.ended():
            latest = deaths[name]
            latest.append(time.monotonic())
            if len(latest) == DEATHS and latest[-1] - latest[0] < DEATHS_WITHIN_SECONDS:
                raise LastingFaultError(f"{name} died {DEATHS} times within a minute; its log says why.")
            problems.print(f"{name} died; starting it again.")
            cloud.restart(name)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """End, once: what a second signal would interrupt is the end itself."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_with_stdin() -> None:
    with contextlib.suppress(OSError):
        while os.read(sys.stdin.fileno(), 1024):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
