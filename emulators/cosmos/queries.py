"""Requests that read many items: queries, query plans, and the plain feed of a container."""

import functools
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
import orjson

from emulators.cosmos import charge
from emulators.cosmos.catalogue import Container
from emulators.cosmos.database import Database
from emulators.cosmos.errors import BadRequestError, CrossPartitionError
from emulators.cosmos.query.execution import Program, compile_query, run
from emulators.cosmos.query.handshake import needs_plan, query_plan
from emulators.cosmos.query.planning import plan
from emulators.cosmos.reading import Places, Reader, Selection
from emulators.cosmos.values import Document, Value
from emulators.cosmos.wire import Answer, Operation, Request

PAGE_SIZE: Final = 100
"""Results of a page for which the client named no number."""
MOST_RESULTS: Final = 1000
"""Results of a page for which the client left the number to the service (-1)."""
_FEED: Final = "SELECT * FROM c"


class QueryParameter(msgspec.Struct, frozen=True):
    """A parameter as it is sent."""

    name: str
    value: Any = None


class QueryBody(msgspec.Struct, frozen=True):
    """The body of a query."""

    query: str
    parameters: list[QueryParameter] | None = None

    def values(self) -> dict[str, Value]:
        """The parameters by name.

        Raises:
            BadRequestError: a name does not start with an @.
        """
        for parameter in self.parameters or ():
            if not parameter.name.startswith("@"):
                raise BadRequestError(
                    "Parameter names should be in the format of symbol '@' followed by a valid identifier."
                )
        return {parameter.name: parameter.value for parameter in self.parameters or ()}


def read_query(request: Request) -> QueryBody:
    """Check the body of a query.

    Raises:
        BadRequestError: it is none.
    """
    try:
        return msgspec.convert(request.json(), QueryBody)
    except msgspec.ValidationError as error:
        raise BadRequestError(f"The query request is invalid: {error}") from None


def answer_plan(request: Request) -> Answer:
    """Answer a client that asks how to query across partitions."""
    body = read_query(request)
    shown = query_plan(_program(body.query), body.values())
    return Answer(HTTPStatus.OK, Operation.QUERY_PLAN, orjson.dumps(shown))


def answer_query(database: Database, container: Container, request: Request, now: int) -> Answer:
    """Answer one page of a query; `now` is in seconds since 1970.

    Raises:
        CrossPartitionError: the client has to ask for the plan first.
        BadRequestError: the query is wrong, or needs an index that there is none of.
    """
    body = read_query(request)
    program, parameters = _program(body.query), body.values()
    selection = select(container, request)
    if selection is None and "x-ms-documentdb-partitionkeyrangeid" not in request.headers:
        _check_crossing(program, parameters, request)
    return _page(database, container, program, parameters, selection, request, now)


def answer_feed(database: Database, container: Container, request: Request, now: int) -> Answer:
    """Answer one page of all items."""
    return _page(database, container, _program(_FEED), {}, select(container, request), request, now)


def answer_documents(documents: list[Document], request: Request) -> list[Document]:
    """Query databases or containers, which are few: every row is looked at.

    Raises:
        BadRequestError: the query is wrong, or asks for more than WHERE.
    """
    body = read_query(request)
    program, parameters = _program(body.query), body.values()
    if program.aggregates or program.keys or program.project or program.query.top or program.query.limit:
        raise BadRequestError("Databases and containers are queried with SELECT * … WHERE only.")
    return program.filtered(documents, parameters)


def select(container: Container, request: Request) -> Selection:
    """The partitions that a request is about, as its headers say.

    Raises:
        PartitionKeyError: the key does not fit the container.
        BadRequestError: the range is none.
    """
    header = request.headers.get("x-ms-documentdb-partitionkey")
    if header is not None:
        return container.definition.key_in(header, prefix=True)
    low, high = request.headers.get("x-ms-start-epk"), request.headers.get("x-ms-end-epk")
    if low is None and high is None:
        return None
    places = Places((low or "").upper(), (high or "").upper())
    if not all(set(place) <= set("0123456789ABCDEF") for place in (places.low, places.high)):
        raise BadRequestError("The range of effective partition keys is not hexadecimal.")
    return places


@functools.lru_cache(maxsize=512)
def _program(text: str) -> Program:
    return compile_query(text)


def _check_crossing(program: Program, parameters: Mapping[str, Value], request: Request) -> None:
    if not request.flag("x-ms-documentdb-query-enablecrosspartition"):
        raise BadRequestError(
            "Cross partition query is required but disabled. Please set "
            "x-ms-documentdb-query-enablecrosspartition to true, specify x-ms-documentdb-partitionkey, or revise your "
            "query to avoid this exception."
        )
    if needs_plan(program):
        raise CrossPartitionError(orjson.dumps(query_plan(program, parameters)).decode())


def _page(
    database: Database,
    container: Container,
    program: Program,
    parameters: Mapping[str, Value],
    selection: Selection,
    request: Request,
    now: int,
) -> Answer:
    page = run(
        program,
        plan(program.query, container.definition.indexing, parameters),
        Reader(database, container, selection, now),
        parameters,
        page_size=page_size(request),
        continuation=request.headers.get("x-ms-continuation"),
    )
    headers = {"x-ms-item-count": str(len(page.results))}
    if page.continuation:
        headers["x-ms-continuation"] = page.continuation
    body = feed_body(container, page.results)
    return Answer(HTTPStatus.OK, Operation.QUERY, body, charge.query(page.work), headers)


def page_size(request: Request) -> int:
    """How many results the client wants on a page.

    Raises:
        BadRequestError: the header is not a number, or not one from 1.
    """
    size = request.whole_number("x-ms-max-item-count", PAGE_SIZE)
    if size == -1:
        return MOST_RESULTS
    if size < 1:
        raise BadRequestError(f"The page size {size} is invalid: it is -1 or from 1.")
    return size


def feed_body(container: Container, results: list[bytes]) -> bytes:
    """A page of items as the service shows it."""
    rid = container.rid.encode()
    return b'{"_rid":"%b","Documents":[%b],"_count":%d}' % (rid, b",".join(results), len(results))
