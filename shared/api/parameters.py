"""What a request says besides its body: query and route parameters, each checked, each named when it is wrong."""

import re
from enum import StrEnum
from typing import Any, Final

from shared.api.http import Request
from shared.api.problems import Code, ProblemError
from shared.errors import InvalidAlertError
from shared.wire.json import convert, decode

MAXIMUM_BODY_BYTES: Final = 64 * 1024


def known(request: Request, *names: str) -> None:
    """Refuse parameters that do not exist: a typo must not pass for an answer."""
    if unknown := sorted(request.query.keys() - set(names)):
        there_are = f"there are {', '.join(sorted(names))}" if names else "there are none"
        raise _invalid(unknown[0], f"there is no parameter `{unknown[0]}`; {there_are}")


def text(request: Request, name: str, kind: Any = str) -> str | None:
    """A parameter of some kind of text, for example `Position`."""
    value = request.query.get(name)
    return None if value is None else _converted(value, kind, name)


def required(request: Request, name: str) -> str:
    """A parameter that must be there."""
    value = request.query.get(name)
    if not value:
        raise _invalid(name, f"`{name}` is missing")
    return value


def from_route(request: Request, name: str, kind: Any) -> str:
    """A parameter of the route."""
    return _converted(request.params.get(name, ""), kind, name)


def whole_number(request: Request, name: str, default: int, least: int, most: int) -> int:
    """A whole number within bounds."""
    value = request.query.get(name)
    if value is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
        raise _invalid(name, f"`{name}` must be a whole number from {least} to {most}")
    return int(value)


def truth(request: Request, name: str) -> bool | None:
    """`true` or `false`."""
    value = request.query.get(name)
    if value not in (None, "true", "false"):
        raise _invalid(name, f"`{name}` must be true or false")
    return None if value is None else value == "true"


def several(request: Request, name: str, kind: Any) -> list[str]:
    """One or more values, with commas between them."""
    value = request.query.get(name)
    return [] if value is None else [_converted(item, kind, name) for item in value.split(",")]


def choices[T: StrEnum](request: Request, name: str, kind: type[T]) -> list[T]:
    """One or more of a set of values, with commas between them."""
    value = request.query.get(name)
    try:
        return [] if value is None else [kind(item) for item in value.split(",")]
    except ValueError as error:
        raise _invalid(name, f"`{name}` must be of {', '.join(kind)}") from error


def arrived(request: Request) -> None:
    """Refuse a request whose body was lost: the platform passes none on that comes in chunks, without a length."""
    if not request.body and "transfer-encoding" in request.headers:
        raise ProblemError(Code.INVALID_BODY, "the body came in chunks and was lost; send it with a Content-Length")


def body[T](request: Request, kind: type[T], *, optional: bool = False) -> T:
    """The body, which is JSON of some kind; where it is optional, none stands for `{}`."""
    arrived(request)
    if len(request.body) > MAXIMUM_BODY_BYTES:
        raise ProblemError(Code.TOO_LARGE, f"the body takes up to {MAXIMUM_BODY_BYTES:,} bytes")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.body and media_type not in ("", "application/json"):
        raise ProblemError(Code.UNSUPPORTED_MEDIA_TYPE, f"{media_type!r} is not application/json")
    try:
        return decode(request.body or b"{}" if optional else request.body, kind)
    except InvalidAlertError as error:
        raise ProblemError(Code.INVALID_BODY, str(error), field=error.field) from error


def _converted(value: str, kind: Any, name: str) -> str:
    try:
        return str(convert(value, kind))
    except InvalidAlertError as error:
        raise _invalid(name, f"`{name}`: {error}") from error


def _invalid(name: str, detail: str) -> ProblemError:
    return ProblemError(Code.INVALID_PARAMETER, detail, field=name)
