"""JSON to typed structs, with errors that a producer understands."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

from shared.errors import InvalidAlertError

_LONGEST = 1_000
"""Characters of an explanation."""
_PATH = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_FIELD = re.compile(r"field `(?P<name>.*)`$", re.DOTALL)  # an unknown one may be called anything
_OWN = re.compile(r"`(?P<name>\w+)`")
_CHOICE = re.compile(r"^Invalid enum value (?P<value>.*)$", re.DOTALL)
_REGEX = re.compile(r"^Expected `str` matching regex (?P<regex>['\"].*['\"])$", re.DOTALL)


def decode[T](data: bytes, kind: type[T]) -> T:
    """The struct that JSON stands for.

    Raises:
        InvalidAlertError: not UTF-8, not JSON, or not of that kind; names the field.
    """
    try:
        data.decode()  # msgspec checks only what is within strings, and would call the rest malformed JSON
        return msgspec.json.decode(data, type=kind)
    except UnicodeDecodeError as error:
        raise InvalidAlertError(f"not UTF-8: {error.reason} at byte {error.start}") from error
    except msgspec.ValidationError as error:
        raise _explained(str(error), kind) from error
    except msgspec.DecodeError as error:
        raise InvalidAlertError(f"not JSON: {error}") from error
    except RecursionError as error:
        raise InvalidAlertError("not usable JSON: nested too deeply") from error


def convert[T](value: object, kind: type[T]) -> T:
    """The struct that decoded JSON stands for; raises as `decode`."""
    try:
        return msgspec.convert(value, type=kind)
    except msgspec.ValidationError as error:
        raise _explained(str(error), kind) from error


def encode(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return msgspec.json.encode(value)


def _explained(message: str, kind: object) -> InvalidAlertError:
    if len(message) > _LONGEST:
        # A name that nobody knows may be as long as the whole: neither answers nor logs need all of it, and to look
        # for fields in it would take seconds. What it is about stands in front, and where at the end.
        message = f"{message[: _LONGEST // 2]}…{message[-_LONGEST // 2 :]}"
    # Names are the sender's, and stand in logs: they must not end a line there, nor turn it round.
    message = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in message)
    match = _PATH.match(message)
    what, path = (match["what"], match["path"] or "") if match else (message, "")
    if regex := _REGEX.match(what):
        rule = _rules(kind).get(ast.literal_eval(regex["regex"]))
        what = f"must be {rule}" if rule else what
    if (choice := _CHOICE.match(what)) and (choices := _choices(kind, path)):
        what = f"must be one of {', '.join(f'`{value}`' for value in choices)}, not {choice['value']}"
    sentence = f"`{path}`: {what}" if path else what
    if named := _FIELD.search(what) or _OWN.match(what):
        path = f"{path}.{named['name']}" if path else named["name"]
    return InvalidAlertError(sentence, path)


def _rules(kind: object) -> dict[str, str]:
    """What each pattern within a type means, in words: pattern → description."""
    rules: dict[str, str] = {}

    def visit(node: Any) -> None:
        for member in _members(node):
            match member:
                case inspect.Metadata(type=inspect.StrType(pattern=str(pattern)), extra_json_schema=dict(schema)):
                    rules[pattern] = str(schema.get("description", ""))
                case inspect.StructType(fields=fields):
                    for field in fields:
                        visit(field.type)
                case _:
                    pass

    visit(inspect.type_info(kind))
    return rules


def _choices(kind: object, path: str) -> list[Any]:
    """What may stand at a path, where there is an enumeration."""
    members = list(_members(inspect.type_info(kind)))
    for name in filter(None, re.sub(r"\[[^\]]*\]", "", path).split(".")):
        fields = [field for member in members if isinstance(member, inspect.StructType) for field in member.fields]
        members = [member for field in fields if field.encode_name == name for member in _members(field.type)]
    choices: list[Any] = []
    for member in members:
        match member:
            case inspect.EnumType(cls=kind_of_choice):
                choices += [choice.value for choice in kind_of_choice]
            case inspect.LiteralType(values=values):
                choices += values
            case _:
                pass
    return choices


def _members(node: Any) -> Iterator[Any]:
    """What stands at one place of a type: structs and values, out of unions and lists."""
    match node:
        case inspect.Metadata(type=inspect.StrType()):
            yield node  # its description says what the pattern means
        case inspect.Metadata(type=inner):
            yield from _members(inner)
        case inspect.UnionType(types=types):
            for member in types:
                yield from _members(member)
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            yield from _members(item)
        case _:
            yield node
