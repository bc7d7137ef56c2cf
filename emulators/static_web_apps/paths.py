"""The path of a request, decoded, and nothing that could lead out of the folder or around a rule."""

from typing import Final
from urllib.parse import unquote

_STEPS: Final = frozenset((".", ".."))


class BadPathError(ValueError):
    """A path that no browser sends: it climbs, is not UTF-8, or has a character that files do not have."""


def decoded(raw: str) -> str:
    """The path of a request target, without its query, decoded once.

    Raises:
        BadPathError: see there.
    """
    try:
        path = unquote(raw.partition("?")[0], errors="strict")
    except UnicodeDecodeError as error:
        raise BadPathError("The path is not UTF-8.") from error
    if not path.startswith("/") or "\0" in path or "\\" in path or not _STEPS.isdisjoint(path.split("/")):
        raise BadPathError("The path has steps or characters that are not served.")
    return path
