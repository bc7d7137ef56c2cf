"""From the text of a query to its tree."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, Final

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken, v_args

from emulators.cosmos.errors import QueryError
from emulators.cosmos.query import tree
from emulators.cosmos.query.functions import FUNCTIONS
from emulators.cosmos.values import UNDEFINED

LONGEST_TEXT: Final = 512 * 1024
_DEEPEST: Final = 200
_RESERVED: Final = frozenset(
    """
    AND AS ASC BETWEEN BY DESC DISTINCT ESCAPE EXISTS FALSE FROM GROUP IN JOIN LIKE LIMIT NOT NULL OFFSET OR ORDER
    SELECT TOP TRUE UDF UNDEFINED VALUE WHERE
    """.split()  # noqa: SIM905  # a list of them would take thirty lines
)
"""Words that are no names of properties or aliases: `c.value` has to be `c["value"]`, as in the service."""
_UNSERVED: Final = frozenset(("ARRAY", "DISTINCT", "EXISTS", "FROM", "GROUP", "JOIN", "SELECT", "UDF"))
_ESCAPES: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _From:
    source: str
    alias: str


def parse_query(text: str) -> tree.Query:
    """Read a SELECT.

    Raises:
        QueryError: the text is wrong, or asks for what is not served.
    """
    query = _parse(text, "query")
    assert isinstance(query, tree.Query)  # noqa: S101  # the start rule makes nothing else
    return query


def parse_condition(text: str) -> tree.Query:
    """Read the condition of a patch, `FROM c WHERE …`, as a query of whole documents.

    Raises:
        QueryError: as above.
    """
    query = _parse(text, "condition")
    assert isinstance(query, tree.Query)  # noqa: S101  # the start rule makes nothing else
    return query


def _parse(text: str, start: str) -> Any:
    if len(text) > LONGEST_TEXT:
        raise QueryError("The SQL query text exceeded the maximum limit of 524288 characters.")
    try:
        return _parser().parse(text, start=start)
    except UnexpectedInput as error:
        raise _syntax_error(text, error) from None


def _syntax_error(text: str, error: UnexpectedInput) -> QueryError:
    position: int = getattr(error, "pos_in_stream", 0)  # declared as None, set to a number
    found = str(error.token) if isinstance(error, UnexpectedToken) else text[position : position + 1]
    position = position if found else len(text)
    before = re.search(r"(\w+)\W*$", text[:position])
    for word in (found, before[1] if before else ""):
        if word.upper() in _UNSERVED:
            return QueryError(f"'{word}' here is not served by the local Cosmos DB.", position, position + len(word))
    near = f"near '{found}'" if found else "at the end of the query"
    return QueryError(f"Syntax error, incorrect syntax {near}.", position, position + len(found))


@functools.cache
def _parser() -> Lark:
    grammar = FilePath(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", start=["query", "condition"], maybe_placeholders=True, transformer=_Builder())


def _unquoted(token: str) -> str:
    text = _ESCAPED.sub(
        lambda match: chr(int(match[1], 16)) if match[1] else _ESCAPES.get(match[2], match[2]), token[1:-1]
    )
    # Escaped surrogate pairs make one character; a lone half is none, and JSON could not carry it.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _name(token: Token) -> str:
    start = token.start_pos or 0
    if token.upper() in _UNSERVED:
        raise QueryError(f"'{token}' here is not served by the local Cosmos DB.", start, start + len(token))
    if token.upper() in _RESERVED:
        raise QueryError(f"Syntax error, incorrect syntax near '{token}'.", start, start + len(token))
    return str(token)


@v_args(inline=True)
class _Builder(Transformer[Token, Any]):
    """Called by the parser for each rule, with its parts; None where an optional part is missing."""

    def query(
        self,
        top: tree.Expression | None,
        projection: tree.Projection,
        source: _From | None,
        where: tree.Expression | None,
        order: tuple[tree.OrderItem, ...] | None,
        window: tuple[tree.Expression, tree.Expression] | None,
    ) -> tree.Query:
        if top is not None and window is not None:
            raise QueryError("TOP and OFFSET LIMIT cannot be used together.")
        offset, limit = window or (None, None)
        alias = source.alias if source else "root"
        query = tree.Query(alias, projection, where, order or (), top, offset, limit)
        _check(query)
        return query

    def condition(self, source: _From | None, where: tree.Expression) -> tree.Query:
        query = tree.Query(source.alias if source else "root", tree.SelectAll(), where)
        _check(query)
        return query

    def top(self, count: tree.Expression) -> tree.Expression:
        return count

    def where(self, expression: tree.Expression) -> tree.Expression:
        return expression

    def from_clause(self, source: Token, alias: Token | None) -> _From:
        return _From(_name(source), _name(alias or source))

    def select_value(self, expression: tree.Expression) -> tree.SelectValue:
        return tree.SelectValue(expression)

    def select_all(self) -> tree.SelectAll:
        return tree.SelectAll()

    def select_item(self, expression: tree.Expression, alias: Token | None) -> tuple[str | None, tree.Expression]:
        return (_name(alias) if alias else None), expression

    def select_list(self, *items: tuple[str | None, tree.Expression]) -> tree.SelectList:
        named: dict[str, tree.Expression] = {}
        computed = 0
        for alias, expression in items:
            name = alias or _own_name(expression)
            if name is None:
                computed += 1
                name = f"${computed}"
            if name in named:
                raise QueryError(f"Cannot have duplicate property name '{name}'.", number="SC2018")
            named[name] = expression
        return tree.SelectList(tuple(named.items()))

    def order_by(self, *items: tree.OrderItem) -> tuple[tree.OrderItem, ...]:
        return items

    def order_item(self, expression: tree.Expression, direction: Token | None) -> tree.OrderItem:
        return tree.OrderItem(expression, descending=bool(direction) and str(direction).upper() == "DESC")

    def offset_limit(self, offset: tree.Expression, limit: tree.Expression) -> tuple[tree.Expression, tree.Expression]:
        return offset, limit

    def conditional(
        self, condition: tree.Expression, then: tree.Expression, otherwise: tree.Expression
    ) -> tree.Conditional:
        return tree.Conditional(condition, then, otherwise)

    def coalesce_two(self, left: tree.Expression, right: tree.Expression) -> tree.Coalesce:
        return tree.Coalesce(left, right)

    def any_of_many(self, *operands: tree.Expression) -> tree.AnyOf:
        return tree.AnyOf(operands)

    def all_of_many(self, *operands: tree.Expression) -> tree.AllOf:
        return tree.AllOf(operands)

    def not_(self, operand: tree.Expression) -> tree.Not:
        return tree.Not(operand)

    def comparison(self, left: tree.Expression, comparator: Token, right: tree.Expression) -> tree.Comparison:
        return tree.Comparison(tree.Comparator("!=" if comparator == "<>" else str(comparator)), left, right)

    def between(
        self, value: tree.Expression, negated: Token | None, low: tree.Expression, high: tree.Expression
    ) -> tree.Expression:
        bounds = (
            tree.Comparison(tree.Comparator.GREATER_OR_EQUAL, value, low),
            tree.Comparison(tree.Comparator.LESS_OR_EQUAL, value, high),
        )
        return _perhaps_not(negated, tree.AllOf(bounds))

    def in_(self, value: tree.Expression, negated: Token | None, *choices: tree.Expression) -> tree.Expression:
        return _perhaps_not(negated, tree.In(value, choices))

    def like(
        self, value: tree.Expression, negated: Token | None, pattern: tree.Expression, escape: Token | None
    ) -> tree.Expression:
        character = _unquoted(escape) if escape else None
        if character is not None and len(character) != 1:
            raise QueryError("The ESCAPE of LIKE is one character.")
        return _perhaps_not(negated, tree.Like(value, pattern, character))

    def arithmetic(self, left: tree.Expression, operator: Token, right: tree.Expression) -> tree.Arithmetic:
        return tree.Arithmetic(str(operator), left, right)

    def signed(self, sign: Token, operand: tree.Expression) -> tree.Expression:
        return tree.Signed(str(sign), operand)

    def member(self, base: tree.Expression, name: Token) -> tree.Member:
        return tree.Member(base, _name(name))

    def element(self, base: tree.Expression, index: tree.Expression) -> tree.Expression:
        if isinstance(index, tree.Literal) and isinstance(index.value, str):
            return tree.Member(base, index.value)
        return tree.Element(base, index)

    def identifier(self, name: Token) -> tree.Root:
        return tree.Root(_name(name))

    def parameter(self, name: Token) -> tree.Parameter:
        return tree.Parameter(str(name))

    def number(self, text: Token) -> tree.Literal:
        return tree.Literal(int(text) if text.isdigit() and len(text) < 17 else float(text))  # noqa: PLR2004  # digits of a double

    def string(self, text: Token) -> tree.Literal:
        return tree.Literal(_unquoted(text))

    def true(self) -> tree.Literal:
        return tree.Literal(True)  # noqa: FBT003  # it is the value

    def false(self) -> tree.Literal:
        return tree.Literal(False)  # noqa: FBT003  # it is the value

    def null(self) -> tree.Literal:
        return tree.Literal(None)

    def undefined(self) -> tree.Literal:
        return tree.Literal(UNDEFINED)

    def call(self, name: Token, *arguments: tree.Expression | None) -> tree.Expression:
        given = tuple(argument for argument in arguments if argument is not None)
        function = name.upper()
        if function in tree.AggregateFunction.__members__:
            if len(given) != 1:
                raise QueryError(f"The {function} function requires 1 argument(s).", number="SC2050")
            return tree.Aggregate(tree.AggregateFunction[function], given[0])
        known = FUNCTIONS.get(function)
        start = name.start_pos or 0
        if known is None:
            message = f"'{name}' is not a recognized built-in function name."
            raise QueryError(message, start, start + len(name), "SC2005")
        if not known.fewest <= len(given) <= known.most:
            message = f"The {function} function requires {known.arity} argument(s)."
            raise QueryError(message, start, start + len(name), "SC2050")
        return tree.Call(function, given)

    def array(self, *elements: tree.Expression | None) -> tree.ArrayOf:
        return tree.ArrayOf(tuple(element for element in elements if element is not None))

    def object(self, *members: tuple[str, tree.Expression] | None) -> tree.ObjectOf:
        return tree.ObjectOf(tuple(member for member in members if member is not None))

    def quoted_pair(self, name: Token, value: tree.Expression) -> tuple[str, tree.Expression]:
        return _unquoted(name), value

    def plain_pair(self, name: Token, value: tree.Expression) -> tuple[str, tree.Expression]:
        return str(name), value


def _perhaps_not(negated: Token | None, expression: tree.Expression) -> tree.Expression:
    return tree.Not(expression) if negated else expression


def _own_name(expression: tree.Expression) -> str | None:
    if isinstance(expression, tree.Member):
        return expression.name
    return expression.alias if isinstance(expression, tree.Root) else None


def _check(query: tree.Query) -> None:
    """Names resolve, nesting is bounded, and aggregates stand where rows are projected."""
    parts = projected(query)
    where = () if query.where is None else (query.where,)
    for expression in (*where, *(item.expression for item in query.order)):
        if any(isinstance(node, tree.Aggregate) for node in walk(expression)):
            raise QueryError("An aggregate function is not allowed here; it belongs into SELECT.")
    for expression in (*parts, *where, *(item.expression for item in query.order)):
        for node in walk(expression):
            if isinstance(node, tree.Root) and node.alias != query.alias:
                message = f"Identifier '{node.alias}' could not be resolved."
                raise QueryError(message, number="SC2001")
            if isinstance(node, tree.Aggregate) and any(
                isinstance(inner, tree.Aggregate) for inner in walk(node.argument)
            ):
                raise QueryError("An aggregate function cannot stand inside another one.")


def projected(query: tree.Query) -> Sequence[tree.Expression]:
    """The expressions that make the result."""
    match query.projection:
        case tree.SelectValue(expression):
            return (expression,)
        case tree.SelectList(items):
            return tuple(expression for _, expression in items)
        case tree.SelectAll():
            return ()


def walk(expression: tree.Expression) -> list[tree.Expression]:
    """An expression and all below it.

    Raises:
        QueryError: it is nested too deeply to be computed.
    """
    found: list[tree.Expression] = []
    level: Sequence[tree.Expression] = (expression,)
    for _ in range(_DEEPEST):
        found += level
        level = [inner for node in level for inner in tree.children(node)]
        if not level:
            return found
    raise QueryError(f"The query exceeds the maximum nesting of {_DEEPEST} levels.")
