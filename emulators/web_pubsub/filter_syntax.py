"""The grammar of filters, a part of OData: text in, tree out.

Source: "OData filter syntax in the Azure Web PubSub service", with its EBNF. `not` binds most tightly, then the
comparisons and `in`, then `and`, then `or`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from emulators.web_pubsub.errors import FilterError

DEEPEST = 100
"""Nested parentheses, functions and negations that a filter may have."""


class Operator(StrEnum):
    """The comparisons."""

    EQUAL = "eq"
    NOT_EQUAL = "ne"
    GREATER = "gt"
    GREATER_OR_EQUAL = "ge"
    LESS = "lt"
    LESS_OR_EQUAL = "le"


class Connective(StrEnum):
    """What joins conditions."""

    AND = "and"
    OR = "or"


class Property(StrEnum):
    """What a filter knows of a connection; written in any case."""

    USER_ID = "userId"
    CONNECTION_ID = "connectionId"
    GROUPS = "groups"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant."""

    value: str | int | bool | None


@dataclass(frozen=True, slots=True)
class Field:
    """A property of the connection."""

    name: Property


@dataclass(frozen=True, slots=True)
class Call:
    """A function applied to arguments."""

    function: str
    arguments: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values compared."""

    operator: Operator
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Membership:
    """A value in a list, or in a collection of the connection."""

    value: "Expression"
    among: "Expression | tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Negation:
    """The opposite."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions that must all hold, or of which one must; flat, so that a long list of them is not deep."""

    connective: Connective
    operands: "tuple[Expression, ...]"


type Expression = Literal | Field | Call | Comparison | Membership | Negation | Junction

_LEXEME = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>[+-]?\d+)(?![\w.])|(?P<word>[A-Za-z_]\w*)|(?P<mark>[(),]))"
)
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_PROPERTIES = {each.lower(): each for each in Property}
_LARGEST = 2**31


def parse(text: str) -> Expression:
    """The tree of a filter.

    Raises:
        FilterError: it does not follow the grammar.
    """
    return _Parser(text).parse()


class _Parser:
    """Recursive descent over the lexemes of one filter."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lexemes = self._scan()
        self._position = 0
        self._depth = 0
        self._chained = 0

    def parse(self) -> Expression:
        expression = self._either()
        if self._peek():
            raise self._error(f"'{self._peek()}' is not expected here.")
        return expression

    def _scan(self) -> list[str]:
        lexemes: list[str] = []
        position, end = 0, len(self._text.rstrip())
        while position < end:
            match = _LEXEME.match(self._text, position)
            if match is None:
                raise self._error(f"Syntax error at position {position}.")
            lexemes.append(match.group().strip() if match["text"] is None else match["text"])
            position = match.end()
        return lexemes

    def _error(self, detail: str) -> FilterError:
        return FilterError(self._text, detail)

    def _peek(self) -> str:
        return self._lexemes[self._position] if self._position < len(self._lexemes) else ""

    def _take(self) -> str:
        lexeme = self._peek()
        if not lexeme:
            raise self._error("The expression ends too early.")
        self._position += 1
        return lexeme

    def _expect(self, mark: str) -> None:
        if self._peek() != mark:
            raise self._error(f"'{mark}' is missing.")
        self._position += 1

    def _either(self) -> Expression:
        return self._joined(Connective.OR, self._all)

    def _all(self) -> Expression:
        return self._joined(Connective.AND, self._comparison)

    def _joined(self, connective: Connective, operand: Callable[[], Expression]) -> Expression:
        operands = [operand()]
        while self._peek() == connective:
            self._take()
            operands.append(operand())
        return operands[0] if len(operands) == 1 else Junction(connective, tuple(operands))

    def _comparison(self) -> Expression:
        left = self._unary()
        while (lexeme := self._peek()) == "in" or lexeme in Operator:
            # A chain such as `a eq b eq c` is as deep as it is long.
            self._chained += isinstance(left, Comparison | Membership)
            if self._chained > DEEPEST:
                raise self._error("The expression is nested too deeply.")
            self._take()
            if lexeme == "in":
                left = Membership(left, self._among())
            else:
                left = Comparison(Operator(lexeme), left, self._unary())
        return left

    def _among(self) -> "Expression | tuple[Expression, ...]":
        if self._peek() != "(":
            return self._primary()
        self._take()
        members = [self._primary()]
        while self._peek() == ",":
            self._take()
            members.append(self._primary())
        self._expect(")")
        # `x in (groups)`: parentheses around a collection are not a list of it.
        return members[0] if members == [Field(Property.GROUPS)] else tuple(members)

    def _unary(self) -> Expression:
        if self._peek() != "not":
            return self._primary()
        self._take()
        return Negation(self._nested(self._unary))

    def _primary(self) -> Expression:
        lexeme = self._take()
        if lexeme == "(":
            expression = self._nested(self._either)
            self._expect(")")
            return expression
        if lexeme.startswith("'"):
            return Literal(lexeme[1:-1].replace("''", "'"))
        if lexeme.lstrip("+-").isdigit():
            return self._number(lexeme)
        if lexeme in _CONSTANTS:
            return Literal(_CONSTANTS[lexeme])
        if self._peek() == "(" and lexeme.isidentifier():
            return self._call(lexeme)
        if lexeme.lower() in _PROPERTIES:
            return Field(_PROPERTIES[lexeme.lower()])
        raise self._error(f"Token '{lexeme}' is not supported.")

    def _number(self, lexeme: str) -> Literal:
        value = int(lexeme)
        if not -_LARGEST <= value < _LARGEST:
            raise self._error(f"Token '{lexeme}' is not supported.")
        return Literal(value)

    def _call(self, function: str) -> Call:
        self._expect("(")
        arguments = [self._nested(self._either)]
        while self._peek() == ",":
            self._take()
            arguments.append(self._nested(self._either))
        self._expect(")")
        return Call(function, tuple(arguments))

    def _nested(self, part: Callable[[], Expression]) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error("The expression is nested too deeply.")
        expression = part()
        self._depth -= 1
        return expression


def written(expression: Expression) -> str:  # noqa: PLR0911  # one return for each kind of expression
    """The filter that an expression stands for, as error messages quote it."""
    match expression:
        case Literal(value):
            return _constant(value)
        case Field(name):
            return name
        case Call(function, arguments):
            return f"{function}({','.join(map(written, arguments))})"
        case Comparison(operator, left, right):
            return f"{_grouped(left)} {operator} {_grouped(right)}"
        case Membership(value, among):
            listed = f"({','.join(map(written, among))})" if isinstance(among, tuple) else written(among)
            return f"{written(value)} in {listed}"
        case Negation(operand):
            return f"not {_grouped(operand)}"
        case Junction(connective, operands):
            return f" {connective} ".join(map(_grouped, operands))


def _constant(value: str | int | bool | None) -> str:  # noqa: FBT001  # a constant of the language, not a switch
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "null" if value is None else str(value).lower()


def _grouped(expression: Expression) -> str:
    text = written(expression)
    return f"({text})" if isinstance(expression, Comparison | Membership | Negation | Junction) else text
