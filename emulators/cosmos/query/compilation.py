"""From an expression to a function of a row.

Conditions have three truths: true, false and undefined. Whatever is not true or false counts as undefined; a row passes
WHERE only when its condition is true. Source: https://learn.microsoft.com/azure/cosmos-db/nosql/query/logical-operators
"""

import functools
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from emulators.cosmos.query import tree
from emulators.cosmos.query.functions import FUNCTIONS
from emulators.cosmos.values import UNDEFINED, Document, Kind, Truth, Value, equal, kind_of, number


@dataclass(slots=True)
class Row:
    """What an expression is computed of.

    Args:
        document: the item.
        parameters: values by name, with the `@`.
        aggregates: results by the text of the aggregate, once all rows were seen.
    """

    document: Document
    parameters: Mapping[str, Value]
    aggregates: Mapping[str, Value] = field(default_factory=dict)


type Compute = Callable[[Row], Value]

_ORDERED: Final[dict[tree.Comparator, Callable[[Value, Value], bool]]] = {
    tree.Comparator.LESS: operator.lt,
    tree.Comparator.LESS_OR_EQUAL: operator.le,
    tree.Comparator.GREATER: operator.gt,
    tree.Comparator.GREATER_OR_EQUAL: operator.ge,
}
_INCLUSIVE: Final = (tree.Comparator.LESS_OR_EQUAL, tree.Comparator.GREATER_OR_EQUAL)


def compare(comparator: tree.Comparator, left: Value, right: Value) -> Truth:
    """Compare two values.

    Values of different kinds are different, and have no order: less and greater are undefined, as between two arrays
    or two objects. With an undefined operand everything is undefined. The service's documentation calls equality
    across kinds undefined, too; the evaluator in the tests of Microsoft's own client says false, and `!= null` relies
    on it everywhere. Source: azure-cosmos-dotnet-v3, `OfflineEngine/ScalarExpressionEvaluator.cs`.
    """
    if Kind.UNDEFINED in (kind_of(left), kind_of(right)):
        return UNDEFINED
    if comparator is tree.Comparator.EQUAL:
        return equal(left, right)
    if comparator is tree.Comparator.DIFFERENT:
        return not equal(left, right)
    kind = kind_of(left)
    if kind is not kind_of(right) or kind >= Kind.ARRAY:
        return UNDEFINED
    if kind is Kind.NULL:
        return comparator in _INCLUSIVE
    if kind is Kind.NUMBER:
        left, right = float(left), float(right)
    return bool(_ORDERED[comparator](left, right))


@functools.singledispatch
def compiled(node: tree.Expression) -> Compute:
    """A function that computes the expression for a row."""
    raise NotImplementedError(type(node).__name__)


@compiled.register
def _(node: tree.Literal) -> Compute:
    value = node.value
    return lambda _: value


@compiled.register
def _(node: tree.Parameter) -> Compute:
    name = node.name
    return lambda row: row.parameters.get(name, UNDEFINED)


@compiled.register
def _(node: tree.Root) -> Compute:  # noqa: ARG001  # the alias was resolved when the text was parsed
    return lambda row: row.document


@compiled.register
def _(node: tree.Member) -> Compute:
    name = node.name
    base = compiled(node.base)

    def compute(row: Row) -> Value:
        value = base(row)
        return value.get(name, UNDEFINED) if isinstance(value, dict) else UNDEFINED

    return compute


@compiled.register
def _(node: tree.Element) -> Compute:
    base, position = compiled(node.base), compiled(node.index)

    def compute(row: Row) -> Value:
        value, index = base(row), position(row)
        if isinstance(value, dict) and isinstance(index, str):
            return value.get(index, UNDEFINED)
        if isinstance(value, list) and type(index) is int and 0 <= index < len(value):
            return value[index]
        return UNDEFINED

    return compute


@compiled.register
def _(node: tree.Comparison) -> Compute:
    comparator, left, right = node.comparator, compiled(node.left), compiled(node.right)
    return lambda row: compare(comparator, left(row), right(row))


@compiled.register
def _(node: tree.AllOf) -> Compute:
    return _decided([compiled(operand) for operand in node.operands], by=False)


@compiled.register
def _(node: tree.AnyOf) -> Compute:
    return _decided([compiled(operand) for operand in node.operands], by=True)


def _decided(operands: list[Compute], *, by: bool) -> Compute:
    """AND is decided by the first false, OR by the first true; else anything undefined makes it undefined."""

    def compute(row: Row) -> Truth:
        result: Truth = not by
        for operand in operands:
            value = operand(row)
            if value is by:
                return bool(value)
            if not isinstance(value, bool):
                result = UNDEFINED
        return result

    return compute


@compiled.register
def _(node: tree.Not) -> Compute:
    operand = compiled(node.operand)

    def compute(row: Row) -> Truth:
        value = operand(row)
        return not value if isinstance(value, bool) else UNDEFINED

    return compute


@compiled.register
def _(node: tree.In) -> Compute:
    same = tree.Comparator.EQUAL
    return compiled(tree.AnyOf(tuple(tree.Comparison(same, node.value, choice) for choice in node.choices)))


@compiled.register
def _(node: tree.Like) -> Compute:
    value, pattern, escape = compiled(node.value), compiled(node.pattern), node.escape

    def compute(row: Row) -> Truth:
        text, wanted = value(row), pattern(row)
        if not isinstance(text, str) or not isinstance(wanted, str):
            return UNDEFINED
        return _like(wanted, escape).fullmatch(text) is not None

    return compute


@functools.lru_cache(maxsize=256)
def _like(pattern: str, escape: str | None) -> re.Pattern[str]:
    """`%` any text, `_` any character, `[a-d]` and `[^a-d]` one of a set."""
    pieces = [""]
    position = 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == escape and position < len(pattern):
            pieces[-1] += re.escape(pattern[position])
            position += 1
        elif character == "%":
            pieces.append("")
        elif character == "_":
            pieces[-1] += "."
        elif character == "[" and (end := pattern.find("]", position + 1)) > 0:
            negated = pattern[position] == "^"
            pieces[-1] += f"[{'^' if negated else ''}{_set(pattern[position + negated : end])}]"
            position = end + 1
        else:
            pieces[-1] += re.escape(character)
    if len(pieces) == 1:
        return re.compile(pieces[0], re.DOTALL)
    # The first place that fits is always good enough for a piece between two %, so nothing is ever tried again.
    first, *middle, last = pieces
    return re.compile(first + "".join(f"(?>.*?{piece})" for piece in middle) + f".*{last}", re.DOTALL)


def _set(inside: str) -> str:
    ranges = re.sub(r"(.)-(.)", lambda match: match[0] if match[1] <= match[2] else "", inside, flags=re.DOTALL)
    return re.sub(r"([\\\[\]^&~|])", r"\\\1", ranges) or r"^\s\S"


@compiled.register
def _(node: tree.Arithmetic) -> Compute:
    left, right = compiled(node.left), compiled(node.right)
    if node.operator == "||":

        def concatenate(row: Row) -> Value:
            first, second = left(row), right(row)
            return first + second if isinstance(first, str) and isinstance(second, str) else UNDEFINED

        return concatenate
    apply = _ARITHMETIC[node.operator]

    def compute(row: Row) -> Value:
        first, second = left(row), right(row)
        if kind_of(first) is not Kind.NUMBER or kind_of(second) is not Kind.NUMBER:
            return UNDEFINED
        try:
            return number(apply(float(first), float(second)))
        except ArithmeticError:
            return UNDEFINED  # a division by zero, or a number too large for a double

    return compute


_ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": lambda left, right: math.fmod(left, right) if right else math.nan,
}


@compiled.register
def _(node: tree.Signed) -> Compute:
    sign, operand = (-1 if node.sign == "-" else 1), compiled(node.operand)

    def compute(row: Row) -> Value:
        value = operand(row)
        return number(sign * float(value)) if kind_of(value) is Kind.NUMBER else UNDEFINED

    return compute


@compiled.register
def _(node: tree.Coalesce) -> Compute:
    left, right = compiled(node.left), compiled(node.right)

    def compute(row: Row) -> Value:
        value = left(row)
        return right(row) if value is UNDEFINED else value

    return compute


@compiled.register
def _(node: tree.Conditional) -> Compute:
    condition, then, otherwise = compiled(node.condition), compiled(node.then), compiled(node.otherwise)
    return lambda row: then(row) if condition(row) is True else otherwise(row)


@compiled.register
def _(node: tree.Call) -> Compute:
    apply, arguments = FUNCTIONS[node.function].compute, [compiled(argument) for argument in node.arguments]
    return lambda row: apply(*[argument(row) for argument in arguments])


@compiled.register
def _(node: tree.Aggregate) -> Compute:
    text = str(node)
    return lambda row: row.aggregates.get(text, UNDEFINED)


@compiled.register
def _(node: tree.ArrayOf) -> Compute:
    elements = [compiled(element) for element in node.elements]
    # The service puts null where an element is undefined; a member of an object it leaves out.
    return lambda row: [None if (value := element(row)) is UNDEFINED else value for element in elements]


@compiled.register
def _(node: tree.ObjectOf) -> Compute:
    return object_of(node.members)


def object_of(members: tuple[tuple[str, tree.Expression], ...]) -> Compute:
    """An object of the members that are defined."""
    computed = [(name, compiled(value)) for name, value in members]
    return lambda row: {name: value for name, inner in computed if (value := inner(row)) is not UNDEFINED}
