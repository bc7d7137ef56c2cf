"""The syntax tree of a query. The text of a node (`str`) is the query language again."""

import json
from dataclasses import dataclass, fields
from enum import StrEnum

from emulators.cosmos.indexing import Path
from emulators.cosmos.values import UNDEFINED, Value


@dataclass(frozen=True, slots=True)
class Expression:
    """Anything that has a value."""


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    """A constant in the text."""

    value: Value

    def __str__(self) -> str:
        return "undefined" if self.value is UNDEFINED else json.dumps(self.value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Parameter(Expression):
    """`@name`; its value comes with the request."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Root(Expression):
    """The document, by its alias."""

    alias: str

    def __str__(self) -> str:
        return self.alias


@dataclass(frozen=True, slots=True)
class Member(Expression):
    """`base["name"]`."""

    base: Expression
    name: str

    def __str__(self) -> str:
        return f"{self.base}[{json.dumps(self.name, ensure_ascii=False)}]"


@dataclass(frozen=True, slots=True)
class Element(Expression):
    """`base[index]`: an element of an array, or a member whose name is computed."""

    base: Expression
    index: Expression

    def __str__(self) -> str:
        return f"{self.base}[{self.index}]"


class Comparator(StrEnum):
    """How two values are compared."""

    EQUAL = "="
    DIFFERENT = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


@dataclass(frozen=True, slots=True)
class Comparison(Expression):
    """Two values compared."""

    comparator: Comparator
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"({self.left} {self.comparator} {self.right})"


@dataclass(frozen=True, slots=True)
class AllOf(Expression):
    """AND of two or more."""

    operands: tuple[Expression, ...]

    def __str__(self) -> str:
        return f"({' AND '.join(map(str, self.operands))})"


@dataclass(frozen=True, slots=True)
class AnyOf(Expression):
    """OR of two or more."""

    operands: tuple[Expression, ...]

    def __str__(self) -> str:
        return f"({' OR '.join(map(str, self.operands))})"


@dataclass(frozen=True, slots=True)
class Not(Expression):
    """NOT."""

    operand: Expression

    def __str__(self) -> str:
        return f"(NOT {self.operand})"


@dataclass(frozen=True, slots=True)
class In(Expression):
    """`value IN (…)`: the OR of equalities."""

    value: Expression
    choices: tuple[Expression, ...]

    def __str__(self) -> str:
        return f"({self.value} IN ({', '.join(map(str, self.choices))}))"


@dataclass(frozen=True, slots=True)
class Like(Expression):
    """`value LIKE pattern`, with an optional escape character."""

    value: Expression
    pattern: Expression
    escape: str | None

    def __str__(self) -> str:
        escape = f" ESCAPE {json.dumps(self.escape)}" if self.escape else ""
        return f"({self.value} LIKE {self.pattern}{escape})"


@dataclass(frozen=True, slots=True)
class Arithmetic(Expression):
    """`+ - * / %` of numbers, `||` of strings."""

    operator: str
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"({self.left} {self.operator} {self.right})"


@dataclass(frozen=True, slots=True)
class Signed(Expression):
    """A number with a sign before it."""

    sign: str
    operand: Expression

    def __str__(self) -> str:
        return f"({self.sign}{self.operand})"


@dataclass(frozen=True, slots=True)
class Coalesce(Expression):
    """`left ?? right`: the right one where the left one is undefined."""

    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"({self.left} ?? {self.right})"


@dataclass(frozen=True, slots=True)
class Conditional(Expression):
    """`condition ? then : otherwise`."""

    condition: Expression
    then: Expression
    otherwise: Expression

    def __str__(self) -> str:
        return f"({self.condition} ? {self.then} : {self.otherwise})"


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A built-in function; the name is in capitals."""

    function: str
    arguments: tuple[Expression, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.arguments))})"


class AggregateFunction(StrEnum):
    """Functions of all rows; the values are the names in the query plan."""

    COUNT = "Count"
    SUM = "Sum"
    MIN = "Min"
    MAX = "Max"
    AVG = "Average"


@dataclass(frozen=True, slots=True)
class Aggregate(Expression):
    """One value of all rows."""

    function: AggregateFunction
    argument: Expression

    def __str__(self) -> str:
        return f"{self.function.name}({self.argument})"


@dataclass(frozen=True, slots=True)
class ArrayOf(Expression):
    """`[a, b]`."""

    elements: tuple[Expression, ...]

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.elements))}]"


@dataclass(frozen=True, slots=True)
class ObjectOf(Expression):
    """`{"a": b}`."""

    members: tuple[tuple[str, Expression], ...]

    def __str__(self) -> str:
        inside = (f"{json.dumps(name, ensure_ascii=False)}: {value}" for name, value in self.members)
        return f"{{{', '.join(inside)}}}"


@dataclass(frozen=True, slots=True)
class SelectAll:
    """`SELECT *`."""


@dataclass(frozen=True, slots=True)
class SelectValue:
    """`SELECT VALUE expression`."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class SelectList:
    """`SELECT a AS b, …`: the names of the result with their expressions."""

    items: tuple[tuple[str, Expression], ...]


type Projection = SelectAll | SelectValue | SelectList


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One key of ORDER BY."""

    expression: Expression
    descending: bool

    def __str__(self) -> str:
        return f"{self.expression} {'DESC' if self.descending else 'ASC'}"


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT. Counts are literals or parameters."""

    alias: str
    projection: Projection
    where: Expression | None = None
    order: tuple[OrderItem, ...] = ()
    top: Expression | None = None
    offset: Expression | None = None
    limit: Expression | None = None


def path_of(expression: Expression) -> Path | None:
    """The property names from the document to a value; None if it is anything but a property."""
    names: list[str] = []
    while isinstance(expression, Member):
        names.append(expression.name)
        expression = expression.base
    return tuple(reversed(names)) if isinstance(expression, Root) and names else None


def children(expression: Expression) -> tuple[Expression, ...]:
    """The expressions directly below one."""
    found: list[Expression] = []
    for field in fields(expression):
        value = getattr(expression, field.name)
        if isinstance(value, Expression):
            found.append(value)
        elif isinstance(value, tuple):
            for part in value:
                inner = part[1] if isinstance(part, tuple) else part
                if isinstance(inner, Expression):
                    found.append(inner)
    return tuple(found)
