"""Run the service: `python -m emulators.web_pubsub`."""

import argparse
import sys

from emulators.process import Options, arguments, run
from emulators.web_pubsub.hubs import RECOVERY_SECONDS
from emulators.web_pubsub.server import WebPubSubServer
from emulators.web_pubsub.tokens import ACCESS_KEY, SHORTEST_KEY

NAME = "web_pubsub"
PORT = 8080


def _access_key(text: str) -> str:
    if len(text.encode()) < SHORTEST_KEY:
        raise argparse.ArgumentTypeError(f"has fewer than {SHORTEST_KEY} bytes")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = arguments(NAME, "Azure Web PubSub on this machine.", PORT)
    parser.add_argument(
        "--access-key", type=_access_key, default=ACCESS_KEY, help="at least 32 bytes (the public emulator key)"
    )
    parser.add_argument(
        "--recovery-seconds",
        type=float,
        default=RECOVERY_SECONDS,
        help="how long a broken reliable connection is kept (%(default)s)",
    )
    return parser


def _build(options: Options, namespace: argparse.Namespace) -> WebPubSubServer:
    return WebPubSubServer(options, namespace.access_key, namespace.recovery_seconds)


if __name__ == "__main__":
    sys.exit(run(NAME, _parser(), _build))
