"""`python -m emulators.identity`."""

import argparse
import sys
from pathlib import Path

from emulators.identity import people
from emulators.identity.people import People
from emulators.identity.redirects import is_registrable
from emulators.identity.server import IdentityService
from emulators.process import Options, arguments, run

DEFAULT_PORT = 8091


def main() -> int:
    """Run the provider until it is told to end."""
    parser = arguments("identity", "A local OpenID Connect provider.", DEFAULT_PORT)
    parser.add_argument("--issuer", type=_issuer, help="URL that clients use (http://localhost:PORT)")
    parser.add_argument("--audience", default="belfry", help="audience of access tokens (%(default)s)")
    parser.add_argument(
        "--redirect-uri",
        type=_redirect_uri,
        action="append",
        default=[],
        metavar="URI",
        help="where people may be sent besides this machine; may be repeated",
    )
    parser.add_argument(
        "--people",
        type=_people,
        default=str(people.DEFAULT_FILE),
        metavar="FILE",
        help="JSON file of who can be picked",
    )
    return run("identity", parser, _build)


def _build(options: Options, namespace: argparse.Namespace) -> IdentityService:
    return IdentityService(
        options,
        issuer=namespace.issuer,
        audience=namespace.audience,
        redirect_uris=frozenset(namespace.redirect_uri),
        people=namespace.people,
    )


def _issuer(text: str) -> str:
    if not is_registrable(text) or "?" in text or text.endswith("/"):
        raise argparse.ArgumentTypeError("an http(s) URL without query, fragment or trailing slash")
    return text


def _redirect_uri(text: str) -> str:
    if not is_registrable(text):
        raise argparse.ArgumentTypeError("an absolute http(s) URL without fragment")
    return text


def _people(path: str) -> People:
    try:
        return People.read(Path(path))
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"{path}: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
