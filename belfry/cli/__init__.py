"""The command `belfry`: send alerts, read an inbox, see to what could not be delivered, check a deployment.

A room for each command, and the same way through each of them: `parsing` says what can be typed, `settings` where the
system is, the command's own module does it, and `terminal` shows it. What needs an Azure SDK beyond sending is in
`belfry.operations`.
"""

import asyncio
import importlib
import logging
import os
import signal
import sys
import warnings
from argparse import Namespace
from collections.abc import Callable, Coroutine, Sequence
from enum import IntEnum
from typing import Any

from belfry.cli.parsing import build_parser


class Status(IntEnum):
    """Exit statuses."""

    DONE = 0
    FAILED = 1
    WRONG_USE = 2
    """What was typed, or given in a file, is wrong; trying again cannot help."""
    INTERRUPTED = 130
    """By Ctrl-C, before it was done; what a shell expects."""


type Command = Callable[[Namespace], Coroutine[Any, Any, bool]]
"""Does what was typed, and says whether all is well; raises what `belfry.cli.failing` explains."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit status."""
    options = build_parser().parse_args(argv)
    # Set, not taken for granted: a shell starts its background jobs with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if options.verbose:
        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    else:
        # What goes wrong is said in one sentence at the end, and not before by every library on the way.
        logging.basicConfig(handlers=[logging.NullHandler()])
        warnings.simplefilter("ignore")
    try:
        return _run(options)
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"belfry: {error.name} is not installed; `pip install '<folder of Belfry>[cli]'` installs it.\n"
        )
        return Status.FAILED
    except KeyboardInterrupt:
        return Status.DONE if options.endless else Status.INTERRUPTED
    except BrokenPipeError:
        # Whoever read has gone, as `head` does; the interpreter must not fail once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Status.FAILED


def _run(options: Namespace) -> Status:
    # Imported here and not above: each command loads the SDKs that it needs, and the package works without this extra.
    command: Command = importlib.import_module(f"belfry.cli.{options.module}").run
    failing = importlib.import_module("belfry.cli.failing")
    try:
        return Status.DONE if asyncio.run(command(options)) else Status.FAILED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  # told apart in `explain`, which raises those that are defects
        sys.stderr.write(f"belfry: {failing.explain(error)}\n")
        return Status.WRONG_USE if failing.is_wrong_use(error) else Status.FAILED
