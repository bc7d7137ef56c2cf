"""`python -m emulators.service_bus`: serve the queues of a file."""

import argparse
import sys
from pathlib import Path
from typing import Final

from emulators.process import Options, arguments, run
from emulators.service_bus.access import AccessPolicy
from emulators.service_bus.configuration import load
from emulators.service_bus.errors import ConfigurationError, StoreError
from emulators.service_bus.server import Server

PORT: Final = 5672
QUEUES: Final = Path("infra/service-bus.json")
POLICY: Final = AccessPolicy("RootManageSharedAccessKey", "SAS_KEY_VALUE")
"""The credentials of Microsoft's own emulator: public, and the same for everyone."""


def build(options: Options, namespace: argparse.Namespace) -> Server:
    """The service that the command line asks for."""
    return Server(options.host, options.port, options.database("service_bus"), load(namespace.queues), POLICY)


def main() -> int:
    """Serve until told to end; returns the exit status."""
    parser = arguments("service_bus", "Service Bus queues over AMQP 1.0.", PORT)
    parser.add_argument("--queues", type=Path, default=QUEUES, help="the queues, as a file (%(default)s)")
    try:
        return run("service_bus", parser, build)
    except (ConfigurationError, StoreError) as error:
        sys.stderr.write(f"service_bus: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
