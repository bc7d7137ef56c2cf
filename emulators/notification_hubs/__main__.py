"""Run the service: `python -m emulators.notification_hubs`."""

import argparse
import sys
from collections.abc import Callable

from emulators.notification_hubs import vapid
from emulators.notification_hubs.access import ACCESS_KEY, SharedAccessKey
from emulators.notification_hubs.server import Configuration, NotificationHubsService
from emulators.process import Options, arguments, run

NAME = "notification_hubs"
PORT = 8090


def main() -> int:
    """Run the hubs until the service is told to end."""
    parser = arguments(NAME, "Azure Notification Hubs on this machine.", PORT)
    parser.add_argument("--access-key", default=ACCESS_KEY, help="the key that tokens are signed with (%(default)s)")
    parser.add_argument(
        "--vapid-private-key",
        type=_checked(vapid.read_key),
        metavar="KEY",
        help="32 bytes in base64url; without it, one is made and kept with the state",
    )
    parser.add_argument(
        "--vapid-subject",
        type=_checked(vapid.read_subject),
        default=vapid.SUBJECT,
        metavar="ADDRESS",
        help="mailto: or https: address for push services (%(default)s)",
    )
    parser.add_argument(
        "--allow-endpoint",
        action="append",
        default=[],
        metavar="HOST",
        help="a push service to post to besides those on this machine; may be repeated",
    )
    return run(NAME, parser, _build)


def _build(options: Options, namespace: argparse.Namespace) -> NotificationHubsService:
    configuration = Configuration(
        key=SharedAccessKey(value=namespace.access_key),
        vapid_key=namespace.vapid_private_key,
        vapid_subject=namespace.vapid_subject,
        hosts=frozenset(host.lower() for host in namespace.allow_endpoint),
    )
    return NotificationHubsService(options, configuration)


def _checked[T](read: Callable[[str], T]) -> Callable[[str], T]:
    """`read` with its refusal in words, as a command line shows it."""

    def checked(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return checked


if __name__ == "__main__":
    sys.exit(main())
