"""What a database and a container are made of: reading and checking their definitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from emulators.cosmos.errors import BadRequestError, PartitionKeyError
from emulators.cosmos.hashing import effective_key
from emulators.cosmos.indexing import DEFAULT, IndexingPolicy, Path, parse_path, parse_policy
from emulators.cosmos.values import UNDEFINED, Document, Kind, Value, kind_of
from emulators.cosmos.wire import parse_json

_LEVELS: Final = 3
_KEY_BYTES: Final = 2048
_ID_CHARACTERS: Final = 255
_FORBIDDEN: Final = frozenset("/\\#?")
_MEMBERS: Final = ("id", "partitionKey", "defaultTtl", "indexingPolicy")
_FIXED: Final[Document] = {
    "conflictResolutionPolicy": {
        "mode": "LastWriterWins",
        "conflictResolutionPath": "/_ts",
        "conflictResolutionProcedure": "",
    },
    "geospatialConfig": {"type": "Geography"},
}
"""Members that the service adds. A client sends them back unchanged when it replaces a container."""

NEVER: Final = -1
"""A time to live that does not end."""


@dataclass(frozen=True, slots=True)
class PartitionKey:
    """The value of a partition key.

    Args:
        components: one scalar or `UNDEFINED` for each path; fewer are the prefix of a hierarchical key.
        hierarchical: whether the container's key has levels.
    """

    components: tuple[Value, ...]
    hierarchical: bool

    @property
    def text(self) -> str:
        """The same text for the same key, in the header's own notation: `{}` is undefined."""
        return orjson.dumps([{} if value is UNDEFINED else value for value in self.components]).decode()

    @property
    def place(self) -> str:
        """Where it is on the ring: its effective partition key."""
        return effective_key(self.components, hierarchical=self.hierarchical)


@dataclass(frozen=True, slots=True)
class ContainerDefinition:
    """A container's settings, checked."""

    id: str
    key_paths: tuple[Path, ...]
    hierarchical: bool
    default_ttl: int | None
    """Seconds; `NEVER` lets items end by their own `ttl` only; None ignores those too."""
    indexing: IndexingPolicy

    def key_of(self, document: Document) -> PartitionKey:
        """The partition key of a document.

        Raises:
            PartitionKeyError: an array or an object stands where a key belongs.
        """
        return PartitionKey(tuple(_component(_at(document, path)) for path in self.key_paths), self.hierarchical)

    def key_in(self, header: str, *, prefix: bool = False) -> PartitionKey:
        """The partition key in the header `x-ms-documentdb-partitionkey`.

        Raises:
            PartitionKeyError: it does not fit the container.
            BadRequestError: it is not JSON.
        """
        raw = parse_json(header.encode())
        if not isinstance(raw, list) or len(raw) > len(self.key_paths):
            raise PartitionKeyError("The partition key supplied in x-ms-partitionkey header has too many components.")
        if len(raw) < len(self.key_paths) and not (prefix and raw and self.hierarchical):
            raise PartitionKeyError(
                "The partition key supplied in x-ms-partitionkey header has fewer components than defined in the "
                "the collection."
            )
        return PartitionKey(tuple(_component(UNDEFINED if part == {} else part) for part in raw), self.hierarchical)


def read_container(raw: Any) -> tuple[ContainerDefinition, Document]:
    """Check the definition of a container; returns it with the body that the service shows.

    Raises:
        BadRequestError: a member is wrong or not served; the message names it.
    """
    if not isinstance(raw, dict):
        raise BadRequestError("The request payload is invalid. Ensure to provide a valid request payload.")
    for member, value in raw.items():
        if member in _MEMBERS or member.startswith("_") or value is None or value == _FIXED.get(member):
            continue
        raise BadRequestError(f"The member '{member}' of a container is not served.")
    name = read_id(raw)
    shown = {member: raw[member] for member in _MEMBERS if raw.get(member) is not None}
    shown.setdefault("indexingPolicy", DEFAULT)
    paths, hierarchical = _key_definition(shown.get("partitionKey"))
    shown["partitionKey"] = {
        "paths": shown["partitionKey"]["paths"],
        "kind": "MultiHash" if hierarchical else "Hash",
        "version": 2,
    }
    definition = ContainerDefinition(
        name, paths, hierarchical, _default_ttl(raw.get("defaultTtl")), parse_policy(shown["indexingPolicy"])
    )
    return definition, {**shown, **_FIXED}


def read_id(raw: Any) -> str:
    """The id of a database or a container.

    Raises:
        BadRequestError: there is none, or it has a character that a link cannot carry.
    """
    name = raw.get("id") if isinstance(raw, dict) else None
    if not isinstance(name, str) or not 0 < len(name) <= _ID_CHARACTERS:
        raise BadRequestError(
            "The input name is invalid. Ensure to provide a unique non-empty string of up to 255 characters."
        )
    if _FORBIDDEN.intersection(name) or name.endswith(" "):
        raise BadRequestError(
            f"The input name '{name}' is invalid. Ensure it has none of the characters '/', '\\', '#', '?'."
        )
    return name


def _key_definition(raw: Any) -> tuple[tuple[Path, ...], bool]:
    paths = raw.get("paths") if isinstance(raw, dict) else None
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise BadRequestError(
            "The partition key definition is missing: 'partitionKey' needs 'paths', an array of strings."
        )
    kind = raw.get("kind", "Hash")
    if kind not in {"Hash", "MultiHash"}:
        raise BadRequestError(f"The partition key kind '{kind}' is not served; there are 'Hash' and 'MultiHash'.")
    hierarchical = kind == "MultiHash"
    if not 1 <= len(paths) <= (_LEVELS if hierarchical else 1):
        raise BadRequestError("A partition key has one path, or up to three with the kind 'MultiHash'.")
    if raw.get("version", 2) != 2:  # noqa: PLR2004  # the number is the name of the hash
        raise BadRequestError("Only version 2 of the partition key hash is served.")
    return tuple(map(parse_path, paths)), hierarchical


def _default_ttl(value: Any) -> int | None:
    if value is not None and (type(value) is not int or (value != NEVER and not 0 < value < 1 << 31)):
        raise BadRequestError(
            "The input 'defaultTtl' is invalid. Ensure to provide a nonzero positive integer or '-1'."
        )
    return value


def _at(document: Document, path: Sequence[str]) -> Value:
    value: Value = document
    for step in path:
        value = value.get(step, UNDEFINED) if isinstance(value, dict) else UNDEFINED
    return value


def _component(value: Value) -> Value:
    kind = kind_of(value)
    if kind >= Kind.ARRAY:
        raise PartitionKeyError(
            "A partition key is a string, a number, a boolean or null; it is an array or an object."
        )
    if kind is Kind.STRING and len(value.encode()) > _KEY_BYTES:
        raise PartitionKeyError("The partition key is longer than 2048 bytes.")
    return int(value) if kind is Kind.NUMBER and float(value).is_integer() else value
