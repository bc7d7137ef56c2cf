"""`python -m emulators.functions_host --app .`: run a function app."""

import argparse
import os
import sys
import threading
from dataclasses import replace
from pathlib import Path

from emulators.process import Options, arguments, run

from . import host, logs
from .errors import HostError

NAME = "functions_host"
DEFAULT_PORT = 7071


def main() -> int:
    """Run the host that the command line describes, and return the exit status."""
    parser = arguments(NAME, "Runs a function_app.py on azure-functions-runtime.", DEFAULT_PORT)
    parser.add_argument(
        "--app", type=Path, default=Path(), help="folder of function_app.py and host.json (%(default)s)"
    )
    parser.add_argument(
        "--settings", type=Path, help="settings instead of local.settings.json, or its sample, in the app's folder"
    )
    status = run(NAME, parser, _build)
    sys.stderr.flush()
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        os._exit(status)  # a sync function that does not end would keep the process for ever
    return status


def _build(options: Options, namespace: argparse.Namespace) -> host.FunctionsHost:
    logs.redirect_prints()
    data = options.data.resolve() if options.data else None  # before the app's folder becomes the current one
    try:
        app = host.load(namespace.app, namespace.settings and namespace.settings.resolve())
    except HostError as error:
        sys.exit(f"{NAME} cannot start\n{error}")
    return host.FunctionsHost(app, replace(options, data=data))


if __name__ == "__main__":
    sys.exit(main())
