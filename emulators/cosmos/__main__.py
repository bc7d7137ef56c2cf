"""`python -m emulators.cosmos`."""

import argparse
import sys
from pathlib import Path

from emulators.cosmos.engine import Engine
from emulators.cosmos.errors import ConfigurationError
from emulators.cosmos.provisioning import read_layout
from emulators.cosmos.server import Server
from emulators.process import Options, arguments, run

DEFAULT_PORT = 8081
DEFAULT_CONTAINERS = Path("infra/cosmos.json")


def main() -> int:
    """Parse the command line and serve."""
    parser = arguments("cosmos", "Cosmos DB (NoSQL API) for azure-cosmos, on this machine.", DEFAULT_PORT)
    containers = parser.add_mutually_exclusive_group()
    containers.add_argument(
        "--containers", type=Path, default=DEFAULT_CONTAINERS, help="databases and containers to make (%(default)s)"
    )
    containers.add_argument("--no-containers", action="store_true", help="start without making any")
    parser.add_argument(
        "--throughput", type=_units, help="request units a second; what is above them is refused with 429 (no limit)"
    )
    return run("cosmos", parser, _build)


def _build(options: Options, namespace: argparse.Namespace) -> Server:
    try:
        layout = None if namespace.no_containers else read_layout(namespace.containers)
        engine = Engine(options.database("cosmos"), throughput=namespace.throughput)
        if layout is not None:
            engine.provision(layout)
    except ConfigurationError as error:
        raise SystemExit(f"cosmos: {error}") from None
    return Server(options, engine)


def _units(text: str) -> float:
    units = float(text)
    if not units > 0:
        raise argparse.ArgumentTypeError("it has to be more than 0")
    return units


if __name__ == "__main__":
    sys.exit(main())
