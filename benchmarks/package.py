"""What is deployed: the files that `.funcignore` leaves, as each of the two programs that deploy reads it.

Neither reads it as git does. Sources: azd's `createDeployableZip` with github.com/denormal/go-gitignore, and the
`GitIgnoreParser` of Core Tools.
"""

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final

IGNORE_FILE: Final = ".funcignore"
NEVER_BY_AZD: Final = frozenset({".azure", IGNORE_FILE, "local.settings.json"})
NEVER_BY_CORE_TOOLS: Final = frozenset({".git", ".vscode", ".gitignore", IGNORE_FILE, "local.settings.json"})

type Denies = Callable[[str], bool]


def packaged_by_azd(root: Path) -> list[str]:
    """The files that `azd deploy` sends, as paths below the folder."""
    patterns = _patterns(root)

    def denies(path: str) -> bool:
        last = next((pattern for pattern in reversed(patterns) if _azd_matches(pattern.lstrip("!"), path)), "!")
        return not last.startswith("!") or PurePosixPath(path).name in NEVER_BY_AZD

    return sorted(_walk(root, denies))


def packaged_by_core_tools(root: Path) -> list[str]:
    """The files that `func azure functionapp publish` sends, as paths below the folder."""
    patterns = _patterns(root)
    ignored = _core_tools_expression([pattern for pattern in patterns if not pattern.startswith("!")])
    wanted = _core_tools_expression([pattern[1:] for pattern in patterns if pattern.startswith("!")])

    def denies(path: str) -> bool:
        if not NEVER_BY_CORE_TOOLS.isdisjoint(PurePosixPath(path).parts):
            return True
        return bool(ignored.match(path) and not wanted.match(path))

    return sorted(_walk(root, denies))


def write_package(root: Path, files: Sequence[str], archive: Path) -> None:
    """Zip files of a folder."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as package:
        for file in files:
            package.write(root / file, file)


def _patterns(root: Path) -> list[str]:
    lines = (line.strip() for line in (root / IGNORE_FILE).read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _walk(root: Path, denies: Denies, folder: str = "") -> Iterator[str]:
    for entry in (root / folder).iterdir():
        path = f"{folder}/{entry.name}" if folder else entry.name
        if denies(path):
            continue
        if entry.is_dir():
            yield from _walk(root, denies, path)
        else:
            yield path


def _azd_matches(pattern: str, path: str) -> bool:
    anchored, pattern = pattern.startswith("/"), pattern.lstrip("/")
    if "**" in pattern:
        return _azd_matches_any_depth(pattern.split("/"), path.split("/"))
    if "/" in pattern:
        wanted, parts = pattern.split("/"), path.split("/")
        return len(wanted) == len(parts) and all(map(fnmatchcase, parts, wanted))
    return fnmatchcase(path if anchored else PurePosixPath(path).name, pattern)  # an anchored `*` reaches into folders


def _azd_matches_any_depth(pattern: Sequence[str], path: Sequence[str]) -> bool:
    if not pattern:
        return not path
    first, *rest = pattern
    if first == "**":
        return _azd_matches_any_depth(rest, path) or (bool(path) and _azd_matches_any_depth(pattern, path[1:]))
    return bool(path) and fnmatchcase(path[0], first) and _azd_matches_any_depth(rest, path[1:])


def _core_tools_expression(patterns: Sequence[str]) -> re.Pattern[str]:
    escaped = (re.sub(r"[-\[\]/{}()+?.\\^$|]", r"\\\g<0>", pattern.lstrip("/")) for pattern in patterns)
    return re.compile("|".join(text.replace("**", "(.+)").replace("*", "([^/]+)") for text in escaped) or "$^")
