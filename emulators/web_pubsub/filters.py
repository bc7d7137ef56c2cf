"""Filters: which connections a message, or a change of groups, is meant for.

Types are checked twice. Compiling evaluates the filter once for a connection without user, groups and subprotocol, as
the service does, so that nearly every mistake is refused before anything happens; `length(userId) gt 'a'` shows only
when a connection with a user is met.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from emulators.web_pubsub.errors import FilterError
from emulators.web_pubsub.filter_syntax import (
    Call,
    Comparison,
    Connective,
    Expression,
    Field,
    Junction,
    Literal,
    Membership,
    Negation,
    Operator,
    Property,
    parse,
    written,
)

type Value = str | int | bool | frozenset[str] | None


class Subject(Protocol):
    """What a filter looks at: a connection."""

    @property
    def id(self) -> str:
        """Connection id."""

    @property
    def user(self) -> str | None:
        """User id."""

    @property
    def groups(self) -> Collection[str]:
        """The groups it is in."""

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol of its WebSocket."""


@dataclass(frozen=True, slots=True)
class _Nobody:
    id: str = ""
    user: str | None = None
    groups: Collection[str] = ()
    subprotocol: str | None = None


class Filter:
    """A filter, ready to be asked.

    Args:
        text: as in the request; empty matches every connection.

    Raises:
        FilterError: it does not parse, or does not yield true or false.
    """

    def __init__(self, text: str) -> None:
        self._expression: Expression = parse(text) if text else Literal(value=True)
        self._matches(_Nobody(), checking=True)

    def matches(self, subject: Subject) -> bool:
        """Whether the connection is meant.

        Raises:
            FilterError: a part has the wrong type for this connection.
        """
        return self._matches(subject, checking=False)

    def _matches(self, subject: Subject, *, checking: bool) -> bool:
        evaluation = _Evaluation(subject, checking=checking)
        return _boolean(evaluation.value(self._expression), self._expression)


class _Evaluation:
    """One filter asked about one connection."""

    def __init__(self, subject: Subject, *, checking: bool) -> None:
        self._subject = subject
        self._checking = checking

    def value(self, expression: Expression) -> Value:  # noqa: PLR0911  # one return for each kind of expression
        match expression:
            case Literal(value):
                return value
            case Field(name):
                return self._property(name)
            case Call():
                return self._call(expression)
            case Comparison(operator, left, right):
                return self._compare(operator, left, right)
            case Membership():
                return self._contains(expression)
            case Negation(operand):
                return not _boolean(self.value(operand), expression)
            case Junction(connective, operands):
                # All operands are evaluated: the service checks the types of those that do not matter, too.
                values = [_boolean(self.value(operand), expression) for operand in operands]
                return all(values) if connective is Connective.AND else any(values)

    def _property(self, name: Property) -> Value:
        match name:
            case Property.USER_ID:
                return self._subject.user
            case Property.CONNECTION_ID:
                return self._subject.id
            case Property.GROUPS:
                return frozenset(self._subject.groups)
            case Property.PROTOCOL:
                return self._subject.subprotocol

    def _compare(self, operator: Operator, left: Expression, right: Expression) -> bool:
        first, second = self.value(left), self.value(right)
        if operator is Operator.EQUAL:
            return _equal(first, second)
        if operator is Operator.NOT_EQUAL:
            return not _equal(first, second)
        if first is None or second is None:
            return False
        whole = Comparison(operator, left, right)
        difference = _integer(first, whole) - _integer(second, whole)
        return {
            Operator.GREATER: difference > 0,
            Operator.GREATER_OR_EQUAL: difference >= 0,
            Operator.LESS: difference < 0,
            Operator.LESS_OR_EQUAL: difference <= 0,
        }[operator]

    def _contains(self, membership: Membership) -> bool:
        value = self.value(membership.value)
        if isinstance(membership.among, tuple):
            return any(_equal(self.value(member), value) for member in membership.among)
        collection = self.value(membership.among)
        if not isinstance(collection, frozenset):
            raise _mismatch(collection, "collection", membership)
        return value in collection

    def _call(self, call: Call) -> Value:
        function = _FUNCTIONS.get(call.function)
        if function is None:
            raise FilterError(written(call), f"Token '{written(call)}' is not supported.")
        if len(call.arguments) not in function.arities:
            raise FilterError(written(call), f"Invalid token '{written(call)}'.")
        arguments = [self.value(argument) for argument in call.arguments]
        if call.function == "substring" and self._checking and arguments[0] is not None:
            # Nobody's id is too short for any part of it: null here would hide what a real one would show.
            _substring(["", *(_integer(bound, call) for bound in arguments[1:])], call)
            return ""
        return function.apply(arguments, call)


def _type(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int():
            return "int"
        case str():
            return "string"
        case frozenset():
            return "collection"


def _mismatch(value: Value, expected: str, expression: Expression) -> FilterError:
    return FilterError(written(expression), f"Type '{_type(value)}', expect '{expected}'.")


def _boolean(value: Value, expression: Expression) -> bool:
    if not isinstance(value, bool):
        raise _mismatch(value, "bool", expression)
    return value


def _integer(value: Value, expression: Expression) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _mismatch(value, "int", expression)
    return value


def _string(value: Value, expression: Expression) -> str:
    if not isinstance(value, str):
        raise _mismatch(value, "string", expression)
    return value


def _equal(first: Value, second: Value) -> bool:
    """Equality without conversion: 1 is not true, and a collection equals nothing."""
    return _type(first) == _type(second) and not isinstance(first, frozenset) and first == second


def _length(arguments: Sequence[Value], call: Call) -> Value:
    (value,) = arguments
    if value is None:
        return None
    return len(value) if isinstance(value, frozenset) else len(_string(value, call))


def _changed(change: Callable[[str], str]) -> "Callable[[Sequence[Value], Call], Value]":
    def apply(arguments: Sequence[Value], call: Call) -> Value:
        (value,) = arguments
        return None if value is None else change(_string(value, call))

    return apply


def _asked(question: Callable[[str, str], Value], otherwise: Value) -> "Callable[[Sequence[Value], Call], Value]":
    def apply(arguments: Sequence[Value], call: Call) -> Value:
        value, part = arguments
        if value is None or part is None:
            return otherwise
        return question(_string(value, call), _string(part, call))

    return apply


def _concat(arguments: Sequence[Value], call: Call) -> Value:
    known = [_string(value, call) for value in arguments if value is not None]
    return "".join(known) if known else None


def _substring(arguments: Sequence[Value], call: Call) -> Value:
    value, start, *rest = arguments
    begin = _integer(start, call)
    count = _integer(rest[0], call) if rest else None
    if value is None:
        return None
    text = _string(value, call)
    size = len(text) - begin if count is None else count
    return text[begin : begin + size] if 0 <= begin <= len(text) and 0 <= size <= len(text) - begin else None


@dataclass(frozen=True, slots=True)
class _Function:
    apply: Callable[[Sequence[Value], Call], Value]
    arities: tuple[int, ...] = (2,)


_FUNCTIONS = {
    "length": _Function(_length, (1,)),
    "tolower": _Function(_changed(str.lower), (1,)),
    "toupper": _Function(_changed(str.upper), (1,)),
    "trim": _Function(_changed(str.strip), (1,)),
    "contains": _Function(_asked(lambda value, part: part in value, otherwise=False)),
    "startswith": _Function(_asked(str.startswith, otherwise=False)),
    "endswith": _Function(_asked(str.endswith, otherwise=False)),
    "indexof": _Function(_asked(str.find, otherwise=-1)),
    "concat": _Function(_concat),
    "substring": _Function(_substring, (2, 3)),
}
