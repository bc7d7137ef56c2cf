"""Tells the web client, once it is built, of this deployment: its settings, and what its pages may connect to.

azd puts the outputs of infra/main.bicep into the environment of its hooks.
"""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

_KEYS = {"issuer": "AUTH_ISSUER", "clientId": "AUTH_CLIENT_ID", "scope": "AUTH_SCOPE"}
_PUBSUB = "WEB_PUBSUB_ENDPOINT"
_CALLED = ("issuer", "token_endpoint", "revocation_endpoint", "userinfo_endpoint", "jwks_uri")
"""What of a provider pages call by themselves, rather than lead people to."""
_PATIENCE_SECONDS = 30


def main() -> int:
    """Change the files in the folder that is the only argument: what was built."""
    missing = [key for key in (*_KEYS.values(), _PUBSUB) if not os.environ.get(key)]
    if missing:
        print(
            f"The web client knows no services without {', '.join(missing)}: `azd provision` finds out.",
            file=sys.stderr,
        )
        return 1
    folder = Path(sys.argv[1])
    settings = {name: os.environ[key] for name, key in _KEYS.items()}
    try:
        provider = discovered(settings["issuer"])
    except (URLError, TimeoutError, ValueError) as error:
        print(f"The issuer {settings['issuer']} does not say where people sign in: {error}", file=sys.stderr)
        return 1
    # Static Web Apps puts a token of its own into `Authorization` on the way to the functions.
    settings |= {"api": "/api", "tokenHeader": "X-Authorization"}
    _write(folder / "shop.json", settings)
    hosting = folder / "staticwebapp.config.json"
    _write(hosting, guarded(json.loads(hosting.read_text("utf-8")), origins(provider, os.environ[_PUBSUB])))
    return 0


def discovered(issuer: str) -> dict[str, Any]:
    """What a provider says of itself (OpenID Connect Discovery 1.0).

    Raises:
        URLError: it cannot be reached, or has no such document.
        ValueError: it is no such document.
    """
    address = issuer.rstrip("/") + "/.well-known/openid-configuration"
    if urlsplit(address).scheme not in {"http", "https"}:
        raise ValueError(f"{address} is no web address")
    with urlopen(address, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310 - the scheme is checked above
        document = json.load(answer)
    if not isinstance(document, dict) or "issuer" not in document:
        raise ValueError(f"{address} names no issuer")
    return document


def origins(provider: dict[str, Any], pubsub: str) -> list[str]:
    """What a page connects to beside its own origin: the provider, on all of its hosts, and Web PubSub."""
    addresses = [provider.get(name) for name in _CALLED]
    parts = [urlsplit(address) for address in addresses if isinstance(address, str)]
    named = {f"{part.scheme}://{part.netloc}" for part in parts}
    live = urlsplit(pubsub)
    return [*sorted(named), f"{live.scheme.replace('http', 'ws')}://{live.netloc}"]


def guarded(hosting: dict[str, Any], allowed: Iterable[str]) -> dict[str, Any]:
    """The configuration of Static Web Apps, its pages connecting to nothing else.

    Raises:
        KeyError: it has no policy, or one that says nothing of connections.
    """
    headers = hosting["globalHeaders"]
    directives = dict(each.strip().partition(" ")[::2] for each in headers["Content-Security-Policy"].split(";"))
    if "connect-src" not in directives:
        raise KeyError("connect-src")
    directives["connect-src"] = " ".join(["'self'", *allowed])
    policy = "; ".join(f"{name} {sources}" for name, sources in directives.items())
    return hosting | {"globalHeaders": headers | {"Content-Security-Policy": policy}}


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
