"""`python -m emulators.static_web_apps`."""

import argparse
import sys
from pathlib import Path

from emulators.process import Options, arguments, run
from emulators.static_web_apps.backend import SECONDS
from emulators.static_web_apps.folder import Folder
from emulators.static_web_apps.server import StaticWebAppsService

DEFAULT_PORT = 4280


def main() -> int:
    """Serve the web app until told to end."""
    parser = arguments("static_web_apps", "A web app: a folder of files, and a back end at /api.", DEFAULT_PORT)
    parser.add_argument("--folder", type=Path, default=Path("web/shop/dist"), help="the files (%(default)s)")
    parser.add_argument("--api", default="http://localhost:7071", metavar="URL", help="the back end (%(default)s)")
    parser.add_argument(
        "--api-seconds", type=float, default=SECONDS, metavar="N", help="how long it may take (%(default)s)"
    )
    parser.add_argument(
        "--set",
        type=_member,
        action="append",
        default=[],
        metavar="FILE:MEMBER=VALUE",
        help="give a member of a JSON file another value, as a deployment would; may be repeated",
    )
    parser.add_argument(
        "--replace-authorization",
        action="store_true",
        help="put a token of this service in the Authorization header on the way to the API",
    )
    return run("static_web_apps", parser, _build)


def _build(options: Options, namespace: argparse.Namespace) -> StaticWebAppsService:
    members: dict[str, dict[str, str]] = {}
    for file, member, value in namespace.set:
        members.setdefault("/" + file, {})[member] = value
    return StaticWebAppsService(
        options,
        Folder(namespace.folder, members),
        namespace.api,
        namespace.api_seconds,
        replace_authorization=namespace.replace_authorization,
    )


def _member(text: str) -> tuple[str, str, str]:
    file, colon, rest = text.partition(":")
    member, equals, value = rest.partition("=")
    if not (file and colon and member and equals):
        raise argparse.ArgumentTypeError("as in shop.json:issuer=http://localhost:8091")
    return file.lstrip("/"), member, value


if __name__ == "__main__":
    sys.exit(main())
