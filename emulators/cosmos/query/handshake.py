"""The query plan: how a client is told to run a query across partitions.

The gateway refuses such a query if its parts cannot simply be joined (ORDER BY, TOP, OFFSET LIMIT, aggregates); the
client then asks for a plan, sends the rewritten query to every partition range, and merges. Here is one range only, but
clients do not know. Source: the plans that azure-cosmos consumes, `_execution_context/query_execution_info.py`.
"""

from collections.abc import Mapping
from typing import Any

from emulators.cosmos.errors import QueryError
from emulators.cosmos.hashing import MAXIMUM
from emulators.cosmos.query import tree
from emulators.cosmos.query.execution import Program, count_of
from emulators.cosmos.values import Value

_FILTER = "({documentdb-formattableorderbyquery-filter})"
"""Where clients that merge several ranges put their condition to go on."""


def needs_plan(program: Program) -> bool:
    """Whether the results of several partitions cannot simply be joined."""
    query = program.query
    return bool(query.order or program.aggregates or query.top or query.offset)


def query_plan(program: Program, parameters: Mapping[str, Value]) -> dict[str, Any]:
    """The plan in the gateway's shape.

    Raises:
        QueryError: no client could merge the query.
    """
    query = program.query
    plan: dict[str, Any] = {
        "distinctType": "None",
        "top": count_of(query.top, parameters),
        "offset": count_of(query.offset, parameters),
        "limit": count_of(query.limit, parameters),
        "orderBy": ["Descending" if item.descending else "Ascending" for item in query.order],
        "orderByExpressions": [str(item.expression) for item in query.order],
        "groupByExpressions": [],
        "groupByAliases": [],
        "aggregates": [],
        "groupByAliasToAggregateType": {},
        "rewrittenQuery": "",
        "hasSelectValue": isinstance(query.projection, tree.SelectValue),
        "dCountInfo": None,
        "hasNonStreamingOrderBy": False,
    }
    if program.aggregates:
        aggregate = _only_aggregate(query)
        plan["aggregates"] = [aggregate.function.value]
        plan["rewrittenQuery"] = f'SELECT VALUE [{{"item": {_partial(aggregate)}}}]{_tail(query)}'
    elif query.order:
        plan["rewrittenQuery"] = _rewritten_order(query, plan)
    elif query.offset is not None:
        plan["rewrittenQuery"] = f"SELECT {_selected(query)}{_tail(query)} OFFSET 0 LIMIT {_enough(plan)}"
    return {
        "partitionedQueryExecutionInfoVersion": 2,
        "queryInfo": plan,
        "queryRanges": [{"min": "", "max": MAXIMUM, "isMinInclusive": True, "isMaxInclusive": False}],
        "hybridSearchQueryInfo": None,
    }


def _only_aggregate(query: tree.Query) -> tree.Aggregate:
    projection = query.projection
    if isinstance(projection, tree.SelectValue) and isinstance(projection.expression, tree.Aggregate):
        return projection.expression
    raise QueryError("Cross partition query only supports 'VALUE <AggregateFunc>' for aggregates.")


def _partial(aggregate: tree.Aggregate) -> str:
    """What one range says, such that the ranges can be merged."""
    if aggregate.function is tree.AggregateFunction.AVG:
        return f'{{"sum": SUM({aggregate.argument}), "count": COUNT({aggregate.argument})}}'
    return str(aggregate)


def _rewritten_order(query: tree.Query, plan: Mapping[str, Any]) -> str:
    """The keys beside the row, so that the ranges can be merged; every range gives enough for OFFSET and LIMIT."""
    keys = ", ".join(f'{{"item": {item.expression}}}' for item in query.order)
    order = ", ".join(map(str, query.order))
    top = f"TOP {plan['top']} " if query.top is not None else ""
    window = f" OFFSET 0 LIMIT {_enough(plan)}" if query.offset is not None else ""
    where = f"({query.where}) AND {_FILTER}" if query.where is not None else _FILTER
    selected = f"{top}{query.alias}._rid, [{keys}] AS orderByItems, {_payload(query)} AS payload"
    return " ".join(("SELECT", selected, "FROM", query.alias, "WHERE", where, "ORDER BY", order + window))


def _enough(plan: Mapping[str, Any]) -> int:
    return int(plan["offset"]) + int(plan["limit"])


def _payload(query: tree.Query) -> str:
    match query.projection:
        case tree.SelectValue(expression):
            return str(expression)
        case tree.SelectList(items):
            return str(tree.ObjectOf(items))
        case tree.SelectAll():
            return query.alias


def _selected(query: tree.Query) -> str:
    match query.projection:
        case tree.SelectAll():
            return "*"
        case _:
            return f"VALUE {_payload(query)}"


def _tail(query: tree.Query) -> str:
    where = f" WHERE {query.where}" if query.where is not None else ""
    return f" FROM {query.alias}{where}"
