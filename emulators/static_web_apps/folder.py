"""The deployed folder: files with their tags and compressed forms, read anew when they have changed."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from mimetypes import MimeTypes
from pathlib import Path
from typing import Final

from emulators.static_web_apps.configuration import FILE_NAME, Configuration, read
from emulators.static_web_apps.site import Site

UNKNOWN_TYPE: Final = "application/octet-stream"

_TYPES: Final = MimeTypes(filenames=())  # none of this machine's own files, so that all machines answer alike
for _type, _extension in (
    ("application/json", ".map"),
    ("application/manifest+json", ".webmanifest"),
    ("font/woff2", ".woff2"),
    ("image/svg+xml", ".svg"),
    ("image/webp", ".webp"),
    ("text/javascript", ".js"),
    ("text/javascript", ".mjs"),
):
    _TYPES.add_type(_type, _extension)
_COMPRESSIBLE: Final = ("text/", "application/json", "application/manifest+json", "application/wasm", "image/svg+xml")
_SMALLEST_COMPRESSED: Final = 256
"""Bytes; below, compression only costs."""

_Stamp = tuple[int, int]
"""When a file was written, in nanoseconds, and its size."""


@dataclass(frozen=True, slots=True)
class File:
    """What is sent."""

    content: bytes
    compressed: bytes | None
    """By gzip; None where it would not be shorter."""
    tag: str
    """ETag; weak, for it stands for both forms."""
    media_type: str


class Folder:
    """The files, and the rules among them.

    Args:
        root: where the build puts them; it may be missing, or be written at this moment.
        members: by the path of a JSON file, values that its members have here, as a deployment would write them.
    """

    def __init__(self, root: Path, members: Mapping[str, Mapping[str, str]]) -> None:
        self.root = root.resolve()
        self._members = members
        self._files: dict[str, tuple[_Stamp, File]] = {}
        self._site: tuple[_Stamp | None, Site] | None = None

    @property
    def is_there(self) -> bool:
        """Whether anything was built."""
        return self.root.is_dir()

    def site(self) -> Site:
        """The rules as they are now.

        Raises:
            ConfigurationError: they cannot be served.
        """
        path = self.root / FILE_NAME
        stamp = _stamp(path)
        if self._site is None or self._site[0] != stamp:
            configuration = read(path.read_bytes()) if stamp else Configuration()
            self._site = (stamp, Site(configuration, self.has_file))
        return self._site[1]

    def has_file(self, path: str) -> bool:
        """Whether a path, with `/` in front, is a file in the folder; links do not lead out of it."""
        return self._found(path) is not None

    def file(self, path: str) -> File | None:
        """A file; None when it is not there, or no longer."""
        found = self._found(path)
        stamp = _stamp(found) if found else None
        if found is None or stamp is None:
            return None
        kept = self._files.get(path)
        if kept and kept[0] == stamp:
            return kept[1]
        try:
            content = found.read_bytes()
        except FileNotFoundError:
            return None
        if members := self._members.get(path):
            content = json.dumps({**json.loads(content), **members}, indent=2).encode()
        file = _file(content, _TYPES.guess_type(path)[0] or UNKNOWN_TYPE)
        self._files[path] = (stamp, file)
        return file

    def _found(self, path: str) -> Path | None:
        if path.endswith("/") or "//" in path:  # a file has one path, so that no rule about it is got around
            return None
        try:
            found = (self.root / path.lstrip("/")).resolve()
            return found if found.is_relative_to(self.root) and found.is_file() else None
        except OSError:  # a name that is too long, for instance, is no file
            return None


def _stamp(path: Path) -> _Stamp | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size


def _file(content: bytes, media_type: str) -> File:
    compressed = None
    if len(content) >= _SMALLEST_COMPRESSED and media_type.startswith(_COMPRESSIBLE):
        shorter = gzip.compress(content, mtime=0)
        compressed = shorter if len(shorter) < len(content) else None
    return File(content, compressed, f'W/"{hashlib.sha256(content).hexdigest()[:16]}"', media_type)
