"""Tags, and the expressions over them that choose devices.

A tag has 1 to 120 characters of `[A-Za-z0-9_@#.:-]`, and its case counts. An expression joins tags with `!`, `&&` and
`||`, which bind in this order, and brackets: at most 20 tags when it has only `||`, otherwise 6. Every device also
carries `$InstallationId:{<its id>}` and, if it has a user, `$UserId:{<the user's id>}`, braces included.

Source: "Routing and tag expressions", "Registration management". (The former also allows 10 tags where there are only
`&&`; whoever keeps to 6 is right with both.)
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum

from emulators.notification_hubs.errors import BadRequestError

MOST_TAGS_OF_OR = 20
MOST_TAGS_OTHERWISE = 6
DEEPEST = 100
"""Nested brackets and negations that an expression may have."""

_TAG = re.compile(r"[A-Za-z0-9_@#.:-]{1,120}")
_LEXEME = re.compile(
    r"\s*(?:(?P<mark>\|\||&&|[!()])|\$(?P<system>InstallationId|UserId):\{(?P<id>[^{}]+)\}|(?P<tag>[^\s|&!(){}]+))",
    re.IGNORECASE,
)
_SYSTEM = {"installationid": "InstallationId", "userid": "UserId"}


class Connective(StrEnum):
    """What joins conditions."""

    AND = "&&"
    OR = "||"


@dataclass(frozen=True, slots=True)
class Tag:
    """True of the devices that carry the tag."""

    name: str


@dataclass(frozen=True, slots=True)
class Negation:
    """The opposite."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions that must all hold, or of which one must."""

    connective: Connective
    operands: "tuple[Expression, ...]"


type Expression = Tag | Negation | Junction


def check_tag(tag: str) -> str:
    """The tag itself.

    Raises:
        BadRequestError: it is none.
    """
    if not _TAG.fullmatch(tag):
        raise BadRequestError(
            f"An invalid tag(s) '{tag}' was supplied. "
            "Valid tag characters are alphanumeric, _, @, -, ., : and #, at most 120 of them"
        )
    return tag


def installation_tag(installation_id: str) -> str:
    """The tag that only this installation carries."""
    return f"$InstallationId:{{{installation_id}}}"


def user_tag(user_id: str) -> str:
    """The tag that the installations of this user carry."""
    return f"$UserId:{{{user_id}}}"


def parse(text: str) -> Expression:
    """The tree of an expression.

    Raises:
        BadRequestError: it does not follow the grammar, or names too many tags.
    """
    return _Parser(text).parse()


def matches(expression: Expression, tags: Collection[str]) -> bool:
    """Whether the expression chooses a device with these tags."""
    match expression:
        case Tag(name):
            return name in tags
        case Negation(operand):
            return not matches(operand, tags)
        case Junction(Connective.AND, operands):
            return all(matches(operand, tags) for operand in operands)
        case Junction(_, operands):
            return any(matches(operand, tags) for operand in operands)


class _Parser:
    """Recursive descent over the lexemes of one expression."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tags = 0
        self._lexemes = self._scan()
        self._position = 0
        self._depth = 0

    def parse(self) -> Expression:
        most = MOST_TAGS_OTHERWISE if {"&&", "!"}.intersection(self._lexemes) else MOST_TAGS_OF_OR
        if self._tags > most:
            raise self._error(f"it names {self._tags} tags where {most} are allowed")
        expression = self._either()
        if self._peek():
            raise self._error(f"'{_written(self._peek())}' is not expected there")
        return expression

    def _scan(self) -> "list[str | Tag]":
        lexemes: list[str | Tag] = []
        position, end = 0, len(self._text.rstrip())
        while position < end:
            match = _LEXEME.match(self._text, position)
            if match is None:
                raise self._error(f"position {position} has neither a tag nor an operator")
            lexemes.append(match["mark"] or _tag(match))
            self._tags += match["mark"] is None
            position = match.end()
        if not lexemes:
            check_tag("")
        return lexemes

    def _error(self, detail: str) -> BadRequestError:
        return BadRequestError(f"The tag expression '{self._text}' is not valid: {detail}")

    def _peek(self) -> "str | Tag | None":
        return self._lexemes[self._position] if self._position < len(self._lexemes) else None

    def _take(self) -> "str | Tag":
        lexeme = self._peek()
        if lexeme is None:
            raise self._error("it ends too early")
        self._position += 1
        return lexeme

    def _either(self) -> Expression:
        return self._joined(Connective.OR, self._all)

    def _all(self) -> Expression:
        return self._joined(Connective.AND, self._unary)

    def _joined(self, connective: Connective, operand: Callable[[], Expression]) -> Expression:
        operands = [operand()]
        while self._peek() == connective:
            self._take()
            operands.append(operand())
        return operands[0] if len(operands) == 1 else Junction(connective, tuple(operands))

    def _unary(self) -> Expression:
        match self._take():
            case Tag() as tag:
                return tag
            case "!":
                return Negation(self._nested(self._unary))
            case "(":
                expression = self._nested(self._either)
                if self._take() != ")":
                    raise self._error("a bracket is not closed")
                return expression
            case mark:
                raise self._error(f"'{mark}' stands where a tag has to be")

    def _nested(self, part: Callable[[], Expression]) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error("it is nested too deeply")
        expression = part()
        self._depth -= 1
        return expression


def _tag(match: re.Match[str]) -> Tag:
    if match["system"]:
        return Tag(f"${_SYSTEM[match['system'].lower()]}:{{{match['id']}}}")
    return Tag(check_tag(match["tag"]))


def _written(lexeme: str | Tag | None) -> str:
    return lexeme.name if isinstance(lexeme, Tag) else lexeme or ""
