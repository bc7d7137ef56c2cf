"""Writes what the web client has to know of this deployment: `shop.json`, beside its pages.

azd puts the outputs of infra/main.bicep into the environment of its hooks.
"""

import json
import os
import sys
from pathlib import Path

_KEYS = {"issuer": "AUTH_ISSUER", "clientId": "AUTH_CLIENT_ID", "scope": "AUTH_SCOPE"}


def main() -> int:
    """Write the file into the folder that is the only argument."""
    missing = [key for key in _KEYS.values() if not os.environ.get(key)]
    if missing:
        print(f"The web client cannot sign anybody in without {', '.join(missing)}: azd env set …", file=sys.stderr)
        return 1
    settings = {name: os.environ[key] for name, key in _KEYS.items()}
    # Static Web Apps puts a token of its own into `Authorization` on the way to the functions.
    settings |= {"api": "/api", "tokenHeader": "X-Authorization"}
    (Path(sys.argv[1]) / "shop.json").write_text(json.dumps(settings, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
