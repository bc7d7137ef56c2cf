"""Which values of a document are indexed: the indexing policy of a container.

The longest pattern that matches a path decides, and of equal ones the exact (`/a/?`) before the open (`/a/*`). `id` and
`_ts` are indexed in every consistent policy. A path that is included exactly is indexed in documents without it too, as
undefined; so ORDER BY on it returns every document. Source: https://learn.microsoft.com/azure/cosmos-db/index-policy
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from emulators.cosmos.errors import BadRequestError
from emulators.cosmos.values import UNDEFINED, Document, Kind, Value, kind_of, sort_key

type Path = tuple[str, ...]
"""Property names from the root; `[]` stands for every element of an array."""

ELEMENTS: Final = "[]"
DEFAULT: Final[Document] = {
    "indexingMode": "consistent",
    "automatic": True,
    "includedPaths": [{"path": "/*"}],
    "excludedPaths": [{"path": '/"_etag"/?'}],
}
_ALWAYS: Final[tuple[Path, ...]] = (("id",), ("_ts",))
_SYSTEM: Final = frozenset(("id", "_rid", "_self", "_etag", "_attachments", "_ts"))
_REMEMBERED: Final = 10_000
"""Paths whose decision is kept; documents with ever new names would otherwise fill the memory."""
_MEMBERS: Final = ("indexingMode", "automatic", "includedPaths", "excludedPaths", "compositeIndexes")
_STEP = re.compile(r'/(?:"((?:[^"\\]|\\.)*)"|([^/"]+))')


class Mode(StrEnum):
    """When the index follows the documents."""

    CONSISTENT = "consistent"
    NONE = "none"


class Order(StrEnum):
    """The direction of one path of a composite index."""

    ASCENDING = "ascending"
    DESCENDING = "descending"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A path of the policy: `/steps/?` (one value) or `/steps/*` (all below)."""

    steps: Path
    exact: bool

    @property
    def precision(self) -> tuple[int, bool]:
        """The higher one wins."""
        return len(self.steps), self.exact

    def matches(self, path: Path) -> bool:
        """Whether the value at `path` is meant."""
        return path == self.steps if self.exact else path[: len(self.steps)] == self.steps


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the index: the value at a path, as a key that sorts."""

    path: str
    key: bytes


@dataclass(frozen=True, slots=True)
class IndexingPolicy:
    """What a container indexes."""

    mode: Mode
    included: tuple[Pattern, ...]
    excluded: tuple[Pattern, ...]
    composites: tuple[tuple[tuple[Path, Order], ...], ...]
    _decided: dict[Path, bool] = field(default_factory=dict, compare=False, repr=False)

    def includes(self, path: Path) -> bool:
        """Whether the value at `path` is indexed."""
        decided = self._decided.get(path)
        if decided is None:
            if len(self._decided) >= _REMEMBERED:
                self._decided.clear()
            decided = self._decided[path] = self._decide(path)
        return decided

    def serves(self, order: Sequence[tuple[Path, Order]]) -> bool:
        """Whether a composite index has exactly these paths in these directions, or in the opposite ones."""
        opposite = tuple(
            (path, Order.ASCENDING if way is Order.DESCENDING else Order.DESCENDING) for path, way in order
        )
        return any(composite in (tuple(order), opposite) for composite in self.composites)

    def entries(self, document: Document) -> list[Entry]:
        """The rows of the index for one document. Elements of arrays have none: nothing here seeks them."""
        if self.mode is Mode.NONE:
            return []
        found = {path: value for path, value in _walk(document, ()) if self.includes(path)}
        for pattern in self.included:
            if pattern.exact and ELEMENTS not in pattern.steps:
                found.setdefault(pattern.steps, UNDEFINED)
        return [Entry(path_text(path), sort_key(value)) for path, value in found.items()]

    def terms(self, document: Document) -> int:
        """How many of the client's values are indexed, elements of arrays included: what a write is charged for."""
        if self.mode is Mode.NONE:
            return 0
        return sum(1 for path in _scalars(document, ()) if path[0] not in _SYSTEM and self.includes(path))

    def _decide(self, path: Path) -> bool:
        if self.mode is Mode.NONE:
            return False
        if path in _ALWAYS:
            return True
        best = max((pattern.precision for pattern in self.included if pattern.matches(path)), default=None)
        against = max((pattern.precision for pattern in self.excluded if pattern.matches(path)), default=None)
        return best is not None and (against is None or best > against)


def path_text(path: Path) -> str:
    """A path as the index stores it."""
    return "/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in path)


def parse_path(text: str) -> Path:
    """Read `/a/"b c"/d`.

    Raises:
        BadRequestError: it is not a path.
    """
    steps: list[str] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            break
        quoted, plain = match.groups()
        steps.append(plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        position = match.end()
    if not steps or position < len(text):
        raise BadRequestError(f"The path '{text[:100]}' is invalid.")
    return tuple(steps)


def parse_policy(raw: Any) -> IndexingPolicy:
    """Read the member `indexingPolicy` of a container.

    Raises:
        BadRequestError: a member is wrong, or asks for an index that is not served.
    """
    if not isinstance(raw, dict):
        raise BadRequestError("The indexing policy is not an object.")
    for name in raw:
        if name not in _MEMBERS:
            raise BadRequestError(f"The indexing policy has the member '{name}', which is not served.")
    mode = str(raw.get("indexingMode", Mode.CONSISTENT)).lower()
    if mode not in tuple(Mode):
        raise BadRequestError(f"The indexing mode '{mode}' is not served; there are 'consistent' and 'none'.")
    included = tuple(_pattern(item) for item in _list(raw, "includedPaths"))
    excluded = tuple(_pattern(item) for item in _list(raw, "excludedPaths"))
    if Mode(mode) is Mode.CONSISTENT and Pattern((), exact=False) not in included + excluded:
        raise BadRequestError("The special mandatory indexing path '/' is not provided in any of the path type sets.")
    composites = tuple(tuple(map(_composite, index)) for index in _list(raw, "compositeIndexes"))
    return IndexingPolicy(Mode(mode), included, excluded, composites)


def _list(raw: Mapping[str, Any], name: str) -> list[Any]:
    value = raw.get(name, [])
    if not isinstance(value, list):
        raise BadRequestError(f"The member '{name}' of the indexing policy is not an array.")
    return value


def _pattern(item: Any) -> Pattern:
    path = item.get("path") if isinstance(item, dict) else None
    if not isinstance(path, str):
        raise BadRequestError("A path of the indexing policy has no member 'path'.")
    if path == "/*":
        return Pattern((), exact=False)
    if path[-2:] not in {"/?", "/*"}:
        raise BadRequestError(
            f"The indexing path '{path[:100]}' could not be accepted: it ends with neither '?' nor '*'."
        )
    return Pattern(parse_path(path[:-2]), exact=path.endswith("?"))


def _composite(item: Any) -> tuple[Path, Order]:
    path = item.get("path") if isinstance(item, dict) else None
    order = item.get("order", Order.ASCENDING) if isinstance(item, dict) else None
    if not isinstance(path, str) or order not in tuple(Order):
        raise BadRequestError("A path of a composite index needs a 'path', and an 'order' of ascending or descending.")
    return parse_path(path), Order(order)


def _walk(value: Document, path: Path) -> Iterator[tuple[Path, Value]]:
    for name, inner in value.items():
        here = (*path, name)
        yield here, inner
        if isinstance(inner, dict):
            yield from _walk(inner, here)


def _scalars(value: Value, path: Path) -> Iterator[Path]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _scalars(inner, (*path, name))
    elif isinstance(value, list):
        for inner in value:
            yield from _scalars(inner, (*path, ELEMENTS))
    elif kind_of(value) is not Kind.UNDEFINED:
        yield path
