"""The service without sockets: a request in, a response out.

Every request is served to its end before the next one, on one thread; so a write is answered after its commit, and
nothing ever sees half of one.
"""

import base64
import json
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import orjson

from emulators.cosmos import authorization, charge
from emulators.cosmos.catalogue import Catalogue, Container
from emulators.cosmos.database import Database
from emulators.cosmos.documents import Documents
from emulators.cosmos.errors import (
    BadRequestError,
    MethodNotAllowedError,
    NotFoundError,
    ServiceError,
    TooManyRequestsError,
)
from emulators.cosmos.item_store import ItemStore
from emulators.cosmos.provisioning import Layout, provision
from emulators.cosmos.resources import Resources, account
from emulators.cosmos.statistics import Statistics
from emulators.cosmos.throughput import Throughput
from emulators.cosmos.wire import Answer, Operation, Request, Response

_COMMON: Final = {
    "content-type": "application/json",
    "x-ms-gatewayversion": "version=2.14.0",
    "x-ms-serviceversion": "version=2.14.0.0",
    "x-ms-schemaversion": "1.21",
}
_STATISTICS: Final = "_statistics"


class Engine:
    """The account: its databases, containers and items.

    Args:
        file: path of the SQLite file, or `:memory:`.
        key: the master key, in base64.
        clock: seconds since 1970.
        throughput: request units a second for the whole account; None does not limit them.
    """

    def __init__(
        self,
        file: str = ":memory:",
        *,
        key: str = authorization.WELL_KNOWN_KEY,
        clock: Callable[[], float] = time.time,
        throughput: float | None = None,
    ) -> None:
        self._key = base64.b64decode(key)
        self._clock = clock
        self._database = Database(file)
        self._catalogue = Catalogue(self._database)
        self._store = ItemStore(self._database)
        self._resources = Resources(self._database, self._catalogue, self._store)
        self._documents = Documents(self._database, self._catalogue, self._store)
        self._statistics = Statistics()
        self._throughput = None if throughput is None else Throughput(throughput, clock())

    def provision(self, layout: Layout) -> None:
        """Make the databases and containers of a file, and bring existing ones in line with it.

        Raises:
            ConfigurationError: the file changes what cannot be changed.
        """
        provision(layout, self._catalogue, self._resources, int(self._clock()))

    def purge(self, limit: int = 500) -> int:
        """Delete up to `limit` items that have expired, and are hidden already; returns how many."""
        with self._database.transaction():
            return self._store.purge(self._catalogue.numbered, int(self._clock()), limit)

    def close(self) -> None:
        """Close the store."""
        self._database.close()

    def handle(self, request: Request) -> Response:
        """Serve one request. Whatever the request is, the answer is a response, never an exception."""
        activity = request.headers.get("x-ms-activity-id") or str(uuid.uuid4())
        try:
            answer = self._authorized(request)
        except ServiceError as error:
            return self._refusal(request, error, activity)
        except RecursionError:
            return self._refusal(request, BadRequestError("The request is nested too deeply."), activity)
        self._statistics.charge(answer.charge)
        headers = {
            **_COMMON,
            "x-ms-activity-id": activity,
            "x-ms-request-charge": f"{answer.charge:.2f}",
            **self._position(request),
            **answer.headers,
        }
        return Response(answer.status, headers, answer.body)

    def _authorized(self, request: Request) -> Answer:
        if request.segments[:1] == (_STATISTICS,):
            return self._answer_statistics(request)
        authorization.check(request, self._key, self._clock())
        answer = self._route(request)
        self._statistics.count(answer.operation)
        return answer

    def _route(self, request: Request) -> Answer:
        match request.segments:
            case () if request.method == "GET":
                answer = account(f"http://{request.headers.get('host', 'localhost:8081')}/")
            case ("dbs", *_):
                answer = self._route_resource(request, int(self._clock()))
            case ("offers", *_):
                raise BadRequestError("Reading or replacing offers is not supported for serverless accounts.")
            case _:
                raise MethodNotAllowedError
        return answer

    def _route_resource(self, request: Request, now: int) -> Answer:
        resources, find = self._resources, self._catalogue.container
        match request.segments[1:]:
            case ():
                answer = resources.databases(request, now)
            case (database,):
                answer = resources.database(request, database)
            case (database, "colls"):
                answer = resources.containers(request, database, now)
            case (database, "colls", name):
                answer = resources.container(request, find(database, name), now)
            case (database, "colls", name, "pkranges"):
                answer = resources.partition_ranges(request, find(database, name))
            case (database, "colls", name, "docs", *rest) if len(rest) <= 1:
                answer = self._metered(request, find(database, name), rest, now)
            case (_, "colls", _, feed, *_) | (_, feed, *_):
                raise BadRequestError(f"The local Cosmos DB does not serve '{feed[:40]}'.")
            case _:
                raise MethodNotAllowedError
        return answer

    def _metered(self, request: Request, container: Container, rest: list[str], now: int) -> Answer:
        if self._throughput is not None:
            self._throughput.admit(self._clock())
        if rest:
            answer = self._documents.item(request, container, rest[0], now)
        else:
            answer = self._documents.feed(request, container, now)
        if self._throughput is not None:
            self._throughput.take(answer.charge)
        return answer

    def _answer_statistics(self, request: Request) -> Answer:
        if (request.method, request.segments[1:]) == ("POST", ("reset",)):
            self._statistics.reset()
        elif (request.method, request.segments[1:]) != ("GET", ()):
            raise MethodNotAllowedError
        return Answer(HTTPStatus.OK, Operation.METADATA, orjson.dumps(self._statistics.shown()), charge=0.0)

    def _refusal(self, request: Request, error: ServiceError, activity: str) -> Response:
        units = charge.miss()
        extra: dict[str, str] = {}
        if isinstance(error, TooManyRequestsError):
            units = charge.REFUSED
            extra["x-ms-retry-after-ms"] = str(max(1, round(error.retry_after * 1000)))
        self._statistics.charge(units)
        message = f"Message: {error.detail}\r\nActivityId: {activity}, Request URI: {request.path[:1000]}"
        body = {"code": error.code, "message": message}
        if error.additional is not None:
            body["additionalErrorInfo"] = error.additional
        headers = {
            **_COMMON,
            "x-ms-activity-id": activity,
            "x-ms-request-charge": f"{units:.2f}",
            "x-ms-substatus": str(error.substatus),
            **self._position(request),
            **extra,
        }
        return Response(error.status, headers, json.dumps(body).encode())

    def _position(self, request: Request) -> dict[str, str]:
        """Where the container is now, for clients that want to read their own writes."""
        match request.segments:
            case ("dbs", database, "colls", name, "docs", *_):
                try:
                    container = self._catalogue.container(database, name)
                except NotFoundError:
                    return {}
                lsn = self._catalogue.lsn(container)
                return {
                    "lsn": str(lsn),
                    "x-ms-session-token": f"0:-1#{lsn}",
                    "x-ms-alt-content-path": container.path,
                    "x-ms-content-path": container.rid,
                    "x-ms-documentdb-partitionkeyrangeid": "0",
                }
            case _:
                return {}
