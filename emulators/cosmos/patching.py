"""Partial updates: the operations of a patch, on a document that belongs to the caller.

Source: https://learn.microsoft.com/azure/cosmos-db/partial-document-update
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import msgspec

from emulators.cosmos.errors import BadRequestError
from emulators.cosmos.indexing import Path
from emulators.cosmos.values import Document, Kind, Value, kind_of, number

MOST_OPERATIONS: Final = 10
_APPEND: Final = "-"
_INDEX_DIGITS: Final = 10
_SYSTEM: Final = frozenset(("id", "_rid", "_self", "_etag", "_attachments", "_ts"))

type _Holder = dict[str, Any] | list[Any]


class PatchKind(StrEnum):
    """What a patch operation does at its path."""

    ADD = "add"
    SET = "set"
    REPLACE = "replace"
    REMOVE = "remove"
    INCREMENT = "incr"
    MOVE = "move"


class PatchOperation(msgspec.Struct, frozen=True, rename={"kind": "op", "source": "from"}):
    """One operation, as it is sent."""

    kind: PatchKind
    path: str
    value: Any = msgspec.UNSET
    source: str | msgspec.UnsetType = msgspec.UNSET


class Patch(msgspec.Struct, frozen=True):
    """The body of a patch."""

    operations: list[PatchOperation]
    condition: str | None = None


def read_patch(raw: Any) -> Patch:
    """Check the body of a patch.

    Raises:
        BadRequestError: it is none, or has none or too many operations.
    """
    try:
        patch = msgspec.convert(raw, Patch)
    except msgspec.ValidationError as error:
        raise BadRequestError(f"The patch request is invalid: {error}") from None
    if not 1 <= len(patch.operations) <= MOST_OPERATIONS:
        raise BadRequestError(
            f"The number of patch operations can't exceed '{MOST_OPERATIONS}' and has to be at least one."
        )
    return patch


def apply(patch: Patch, document: Document, key_paths: tuple[Path, ...]) -> None:
    """Change the document, one operation after the other.

    Raises:
        BadRequestError: an operation does not fit the document, or touches what is fixed.
    """
    for operation in patch.operations:
        steps = _steps(operation, operation.path)
        _check_allowed(operation, steps, key_paths)
        _APPLY[operation.kind](operation, document, steps, key_paths)


def _add(operation: PatchOperation, document: Document, steps: Path, _: tuple[Path, ...]) -> None:
    _insert(operation, document, steps, _value(operation))


def _set(operation: PatchOperation, document: Document, steps: Path, _: tuple[Path, ...]) -> None:
    holder, name = _holder(operation, document, steps)
    if isinstance(holder, list) and name != _APPEND:
        holder[_index(operation, holder, name)] = _value(operation)
    else:
        _insert(operation, document, steps, _value(operation))


def _replace(operation: PatchOperation, document: Document, steps: Path, _: tuple[Path, ...]) -> None:
    holder, name = _existing(operation, document, steps)
    holder[name] = _value(operation)


def _remove(operation: PatchOperation, document: Document, steps: Path, _: tuple[Path, ...]) -> None:
    holder, name = _existing(operation, document, steps)
    del holder[name]


def _increment(operation: PatchOperation, document: Document, steps: Path, _: tuple[Path, ...]) -> None:
    by = _value(operation)
    if kind_of(by) is not Kind.NUMBER:
        raise _unfit(operation, "the value is not a number")
    holder, name = _holder(operation, document, steps)
    if isinstance(holder, dict) and name not in holder:
        holder[name] = by
        return
    existing, place = _existing(operation, document, steps)
    if kind_of(existing[place]) is not Kind.NUMBER:
        raise _unfit(operation, "the target is not a number")
    existing[place] = number(existing[place] + by)


def _move(operation: PatchOperation, document: Document, steps: Path, key_paths: tuple[Path, ...]) -> None:
    if operation.source is msgspec.UNSET:
        raise _unfit(operation, "'from' is missing")
    source = _steps(operation, operation.source)
    _check_allowed(operation, source, key_paths)
    if steps[: len(source)] == source and steps != source:
        raise _unfit(operation, "the path is inside 'from'")
    holder, name = _existing(operation, document, source)
    value = holder[name]
    del holder[name]
    _insert(operation, document, steps, value)


_APPLY: Final[dict[PatchKind, Callable[[PatchOperation, Document, Path, tuple[Path, ...]], None]]] = {
    PatchKind.ADD: _add,
    PatchKind.SET: _set,
    PatchKind.REPLACE: _replace,
    PatchKind.REMOVE: _remove,
    PatchKind.INCREMENT: _increment,
    PatchKind.MOVE: _move,
}


def _insert(operation: PatchOperation, document: Document, steps: Path, value: Value) -> None:
    holder, name = _holder(operation, document, steps)
    if isinstance(holder, dict):
        holder[name] = value
    elif name == _APPEND:
        holder.append(value)
    else:
        holder.insert(_index(operation, holder, name, beyond=1), value)


def _existing(operation: PatchOperation, document: Document, steps: Path) -> tuple[Any, Any]:
    """The array or object that holds what is at a path, and its index or name there."""
    holder, name = _holder(operation, document, steps)
    if isinstance(holder, list):
        return holder, _index(operation, holder, name)
    if name not in holder:
        raise _unfit(operation, "the path does not exist")
    return holder, name


def _holder(operation: PatchOperation, document: Document, steps: Path) -> tuple[_Holder, str]:
    holder: Any = document
    for step in steps[:-1]:
        if isinstance(holder, list):
            holder = holder[_index(operation, holder, step)]
        elif isinstance(holder, dict) and step in holder:
            holder = holder[step]
        else:
            raise _unfit(operation, "the parent of the path does not exist")
    if not isinstance(holder, dict | list):
        raise _unfit(operation, "the parent of the path is neither an object nor an array")
    return holder, steps[-1]


def _index(operation: PatchOperation, array: list[Any], step: str, beyond: int = 0) -> int:
    if not (step.isascii() and step.isdigit() and len(step) < _INDEX_DIGITS) or int(step) >= len(array) + beyond:
        raise _unfit(operation, f"there is no index '{step[:20]}' in the array")
    return int(step)


def _value(operation: PatchOperation) -> Value:
    if operation.value is msgspec.UNSET:
        raise _unfit(operation, "'value' is missing")
    return operation.value


def _steps(operation: PatchOperation, path: str) -> Path:
    """Read a JSON pointer (RFC 6901)."""
    if not path.startswith("/") or path == "/":
        raise _unfit(operation, "the path is no JSON pointer to a property")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/"))


def _check_allowed(operation: PatchOperation, steps: Path, key_paths: tuple[Path, ...]) -> None:
    if steps[0] in _SYSTEM:
        raise _unfit(operation, "system properties cannot be patched")
    if any(key[: len(steps)] == steps or steps[: len(key)] == key for key in key_paths):
        raise _unfit(operation, "the partition key cannot be patched")


def _unfit(operation: PatchOperation, reason: str) -> BadRequestError:
    return BadRequestError(f"For {operation.kind.name.title()} Operation, path '{operation.path[:200]}': {reason}.")
