"""Partial updates: the operations of JSON Patch that the service knows, and what it makes of tags.

`/tags` is a set: adding adds one tag or a list, removing `/tags/<tag>` takes that tag away, and replacing it is
removing it and adding the value. All of a patch happens, or nothing.

Source: "Update an installation".
"""

from typing import Any, Literal

import msgspec

from emulators.notification_hubs.errors import BadRequestError, NotServedError

_PROPERTIES = {"pushChannel", "userId", "expirationTime"}
_REMOVABLE = {"userId", "expirationTime"}
_TAGS = "tags"
_ELSEWHERE = {"templates", "secondaryTiles", "pushVariables"}


class _Operation(msgspec.Struct):
    op: Literal["add", "remove", "replace"]
    path: str
    value: Any = None


def patched(document: dict[str, Any], patch: bytes) -> dict[str, Any]:
    """The document of an installation after a patch.

    Args:
        document: as the service shows it.
        patch: JSON, a list of `{"op", "path", "value"}`.

    Raises:
        BadRequestError: an operation is none, or does not fit.
    """
    try:
        operations = msgspec.json.decode(patch, type=list[_Operation])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadRequestError(f"The patch is not valid: {error}") from error
    result = dict(document)
    for operation in operations:
        name, *rest = (_unescaped(part) for part in operation.path.removeprefix("/").split("/"))
        if name in _ELSEWHERE:
            raise NotServedError(f"The path '{operation.path}' is not served here")
        if name == _TAGS and len(rest) <= 1:
            result[_TAGS] = _tags(result.get(_TAGS, []), operation, rest[0] if rest else None)
        elif name in _PROPERTIES and not rest:
            _set(result, name, operation)
        else:
            raise BadRequestError(f"The path '{operation.path}' cannot be changed")
    return result


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _set(document: dict[str, Any], name: str, operation: _Operation) -> None:
    if operation.op != "remove":
        document[name] = _channel(operation.value) if name == "pushChannel" else operation.value
    elif name in _REMOVABLE:
        document.pop(name, None)
    else:
        raise BadRequestError(f"The {name} cannot be removed")


def _channel(value: Any) -> Any:
    """A channel; a browser's may also come as text, for values are strings in the official packages."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError as error:
            raise BadRequestError(f"The pushChannel is not valid: {error}") from error
    return value


def _tags(tags: list[str], operation: _Operation, element: str | None) -> list[str]:
    """What an operation on all tags, or on one, makes of them."""
    others = [] if element is None else [tag for tag in tags if tag != element]
    if operation.op == "remove":
        return others
    added = operation.value if isinstance(operation.value, list) else [operation.value]
    if not all(isinstance(tag, str) for tag in added):
        raise BadRequestError(f"The value at '{operation.path}' is neither a tag nor a list of tags")
    return [*(tags if operation.op == "add" else others), *added]
