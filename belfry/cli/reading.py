"""Alerts from files: JSON objects one after the other, on lines or over several, alone or in arrays.

Everything is read and checked before anything is sent, and every error says where.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from json import JSONDecodeError, JSONDecoder
from pathlib import Path
from typing import Final

from msgspec import Struct

from belfry.cli.failing import WrongUseError
from shared.alert import Alert
from shared.errors import InvalidAlertError
from shared.wire.json import decode
from shared.wire.message import outgoing

STANDARD_INPUT: Final = "-"
MOST_ERRORS: Final = 10
"""How many errors are told; a file of the wrong kind has one on every line."""

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_SCANNER: Final = JSONDecoder()


class Entry(Struct, frozen=True):
    """One alert in a file."""

    source: str
    """The file."""
    line: int
    """Where it begins, from 1."""
    text: str
    """Its JSON."""

    @property
    def place(self) -> str:
        """Where it is, as editors take it."""
        return f"{self.source}:{self.line}"


class Written(Struct, frozen=True):
    """An alert that is valid, and where it was written."""

    place: str
    alert: Alert


def read_alerts(files: Sequence[str]) -> Sequence[Written]:
    """The alerts in files, in their order.

    Args:
        files: paths; `-` is standard input.

    Raises:
        WrongUseError: a file cannot be read, or an alert is not valid; names file, line and field of the first ten.
    """
    written: list[Written] = []
    errors: list[str] = []
    for file in files:
        try:
            for entry in entries(_name(file), _read(file)):
                try:
                    written.append(Written(entry.place, _alert(entry)))
                except InvalidAlertError as error:
                    errors.append(f"{entry.place}: {error}")
        except JSONDecodeError as error:
            errors.append(f"{_name(file)}:{error.lineno}: not JSON: {error.msg}, column {error.colno}")
    if errors:
        more = [f"and {len(errors) - MOST_ERRORS:,} more"] if len(errors) > MOST_ERRORS else []
        told = "\n  ".join(errors[:MOST_ERRORS] + more)
        raise WrongUseError(f"nothing was sent, for not all is valid.\n  {told}" if len(errors) > 1 else told)
    return written


def entries(source: str, text: str) -> Iterator[Entry]:
    """Every JSON value of a text on its own, and of arrays each of their items.

    Raises:
        JSONDecodeError: it is not JSON; says where.
    """
    at, line, counted = _space(text, 0), 1, 0
    in_array = False
    while at < len(text):
        if not in_array and text[at] == "[":
            in_array = True
            at = _space(text, at + 1)
            if text.startswith("]", at):  # an empty one
                in_array = False
                at = _space(text, at + 1)
            continue
        line += text.count("\n", counted, at)
        counted = at
        end = _value_end(text, at)
        yield Entry(source, line, text[at:end])
        at = _space(text, end)
        if in_array:
            in_array, at = _after_item(text, at)
    if in_array:
        raise JSONDecodeError("the array has no end", text, at)


def _value_end(text: str, at: int) -> int:
    try:
        _, end = _SCANNER.raw_decode(text, at)
    except RecursionError as error:
        raise JSONDecodeError("nested too deeply", text, at) from error
    return end


def _after_item(text: str, at: int) -> tuple[bool, int]:
    """Whether the array goes on, and where."""
    if text.startswith("]", at):
        return False, _space(text, at + 1)
    if not text.startswith(",", at):
        raise JSONDecodeError("a comma or the array's end is missing", text, at)
    at = _space(text, at + 1)
    if text.startswith("]", at) or at == len(text):
        raise JSONDecodeError("an item is missing after the comma", text, at)
    return True, at


def _space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _alert(entry: Entry) -> Alert:
    alert = decode(entry.text.encode(), Alert)
    outgoing(alert, "")  # also that it is not too large
    return alert


def _name(file: str) -> str:
    return "standard input" if file == STANDARD_INPUT else file


def _read(file: str) -> str:
    try:
        content = sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise WrongUseError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise WrongUseError(f"{_name(file)}:{line}: not UTF-8") from error
