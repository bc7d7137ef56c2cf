"""Inline constraints of route parameters: `{id:int}`, `{name:length(3,10)}`.

Those of ASP.NET Core routing, except `datetime` and `regex`, whose dialects are .NET's own: they are refused.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from .errors import RouteSyntaxError

type Check = Callable[[str], bool]

_INT32 = range(-(2**31), 2**31)
_INT64 = range(-(2**63), 2**63)
_INTEGER = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?(\d[\d,]*(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*", re.ASCII | re.IGNORECASE)
_DECIMAL = re.compile(r"\s*[+-]?(\d[\d,]*(\.\d*)?|\.\d+)\s*", re.ASCII)
_GUID = re.compile(r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE)
_ALPHA = re.compile(r"[a-z]*", re.IGNORECASE)
_WRITTEN = re.compile(r"(?P<name>[A-Za-z]+)(?:\((?P<arguments>[^()]*)\))?")


@dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint: how it was written, and its check of the decoded text of a segment."""

    text: str
    accepts: Check


def _whole(text: str, numbers: range) -> bool:
    return bool(_INTEGER.fullmatch(text)) and int(text) in numbers


def _matches(text: str, pattern: re.Pattern[str]) -> bool:
    return bool(pattern.fullmatch(text))


def _between(text: str, minimum: int, maximum: int) -> bool:
    return _whole(text, _INT64) and minimum <= int(text) <= maximum


def _length(text: str, minimum: int, maximum: int) -> bool:
    return minimum <= len(text) <= maximum


_PLAIN: dict[str, Check] = {
    "alpha": partial(_matches, pattern=_ALPHA),
    "bool": lambda text: text.strip().lower() in {"true", "false"},
    "decimal": partial(_matches, pattern=_DECIMAL),
    "double": partial(_matches, pattern=_NUMBER),
    "float": partial(_matches, pattern=_NUMBER),
    "guid": partial(_matches, pattern=_GUID),
    "int": partial(_whole, numbers=_INT32),
    "long": partial(_whole, numbers=_INT64),
    "required": bool,
}
_WITH_NUMBERS: dict[tuple[str, int], Callable[..., Check]] = {
    ("length", 1): lambda n: partial(_length, minimum=n, maximum=n),
    ("length", 2): lambda low, high: partial(_length, minimum=low, maximum=high),
    ("minlength", 1): lambda n: partial(_length, minimum=n, maximum=_INT32.stop),
    ("maxlength", 1): lambda n: partial(_length, minimum=0, maximum=n),
    ("min", 1): lambda n: partial(_between, minimum=n, maximum=_INT64.stop),
    ("max", 1): lambda n: partial(_between, minimum=_INT64.start, maximum=n),
    ("range", 2): lambda low, high: partial(_between, minimum=low, maximum=high),
}


def parse(text: str) -> Constraint:
    """Read one constraint, as it stands between colons.

    Raises:
        RouteSyntaxError: there is none of that name that is served, or its arguments are wrong.
    """
    found = _WRITTEN.fullmatch(text)
    if found:
        name = found["name"].lower()
        if found["arguments"] is None and name in _PLAIN:
            return Constraint(text, _PLAIN[name])
        arguments = [argument.strip() for argument in (found["arguments"] or "").split(",")]
        build = _WITH_NUMBERS.get((name, len(arguments)))
        if build and all(_INTEGER.fullmatch(argument) for argument in arguments):
            return Constraint(text, build(*(int(argument) for argument in arguments)))
    raise RouteSyntaxError(f"the route constraint ':{text}' is not served")
