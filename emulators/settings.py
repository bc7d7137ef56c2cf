"""The application's settings, with the addresses of the local services in them."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

FILES = ("local.settings.json", "local.settings.sample.json")
"""Where an application's settings stand: the developer's own file, and the one that is always there."""


class SettingsError(Exception):
    """A settings file is missing, or not as Azure Functions Core Tools writes it."""


def read_settings(application: Path) -> dict[str, str]:
    """The settings of an application folder: `Values` of the first of `FILES` that is there.

    A setting that this process's environment has already keeps that value, as in Azure Functions Core Tools.

    Raises:
        SettingsError: there is none, or it holds something else than strings by name.
    """
    path = next((application / name for name in FILES if (application / name).is_file()), None)
    if path is None:
        raise SettingsError(f"{application} has neither {' nor '.join(FILES)}")
    return {name: os.environ.get(name, value) for name, value in read_settings_file(path).items()}


def read_settings_file(path: Path) -> dict[str, str]:
    """The settings of one file.

    Raises:
        SettingsError: it cannot be read, or holds something else than strings by name.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))["Values"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise SettingsError(f"{path}: 'Values' has to hold strings by name")
    return values


def with_addresses(settings: Mapping[str, str], addresses: Mapping[str, str]) -> dict[str, str]:
    """The settings with addresses replaced, all at once, wherever they stand in a value.

    Args:
        settings: by name.
        addresses: the new address of each old one, as `scheme://host` or `scheme://host:port`.
    """
    if not addresses:
        return dict(settings)
    # The longest first; and none that goes on as another host or port, as sb://localhost does in sb://localhost:8090.
    old = "|".join(re.escape(address) for address in sorted(addresses, key=len, reverse=True))
    pattern = re.compile(rf"(?:{old})(?![\w.:-])")
    return {name: pattern.sub(lambda match: addresses[match[0]], value) for name, value in settings.items()}
