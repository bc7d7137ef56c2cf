"""Drives the engine as a client would: signed requests, without sockets."""

import base64
import hmac
from email.utils import formatdate
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import orjson

from emulators.cosmos.authorization import WELL_KNOWN_KEY, signed_payload
from emulators.cosmos.engine import Engine
from emulators.cosmos.wire import Request, Response

POLICY = {
    "includedPaths": [{"path": "/position/?"}, {"path": "/kind/?"}],
    "excludedPaths": [{"path": "/*"}],
    "compositeIndexes": [[{"path": "/kind"}, {"path": "/position", "order": "descending"}]],
}


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        """The time, in seconds since 1970."""
        return self.now


class Account:
    """An engine with a database `db` and a container `inbox` by audience. The engine is closed when the block ends."""

    def __init__(self, file: str = ":memory:", **options: Any) -> None:
        self.clock = options.setdefault("clock", Clock())
        self.engine = Engine(file, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.close()

    def prepare(self, ttl: int | None = -1, policy: dict[str, Any] | None = None) -> Self:
        """Make the database and the container."""
        self.send("POST", "/dbs", {"id": "db"})
        inbox = {"id": "inbox", "partitionKey": {"paths": ["/audience"]}, "indexingPolicy": policy or POLICY}
        self.send("POST", "/dbs/db/colls", inbox if ttl is None else {**inbox, "defaultTtl": ttl})
        return self

    def send(self, method: str, path: str, body: Any = b"", **headers: str) -> Response:
        """Send one signed request; header names have underscores for hyphens."""
        sent = {"host": "localhost:8081", "x-ms-date": formatdate(self.clock(), usegmt=True)}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent.setdefault("authorization", signature(Request(method, path, sent)))
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        return self.engine.handle(Request(method, path, sent, raw))

    def send_unsigned(self, method: str, path: str) -> Response:
        """Send one request as anybody could."""
        return self.engine.handle(Request(method, path))

    def docs(self, method: str = "POST", body: Any = b"", name: str = "", key: str = "ann", **headers: str) -> Response:
        """Send one request about items of the container."""
        path = f"/dbs/db/colls/inbox/docs/{quote(name)}" if name else "/dbs/db/colls/inbox/docs"
        return self.send(method, path, body, x_ms_documentdb_partitionkey=orjson.dumps([key]).decode(), **headers)

    def query(self, text: str, *parameters: dict[str, Any], **headers: str) -> Response:
        """Query the partition key `ann`."""
        body = {"query": text, "parameters": parameters}
        return self.docs("POST", body, x_ms_documentdb_isquery="True", **headers)

    def query_across(self, text: str, *parameters: dict[str, Any], **headers: str) -> Response:
        """Query all partition keys; whether that is allowed, the headers say."""
        body = {"query": text, "parameters": parameters}
        return self.send("POST", "/dbs/db/colls/inbox/docs", body, x_ms_documentdb_isquery="True", **headers)

    def batch(self, operations: list[dict[str, Any]], **headers: str) -> Response:
        """Send one transactional batch."""
        flags = {"x_ms_cosmos_is_batch_request": "True", "x_ms_cosmos_batch_atomic": "True"}
        return self.docs("POST", operations, **flags, **headers)

    def batch_of(self, key: str, documents: list[dict[str, Any]]) -> Response:
        """Upsert documents in one batch."""
        operations = [{"operationType": "Upsert", "resourceBody": document} for document in documents]
        flags = {"x_ms_cosmos_is_batch_request": "True", "x_ms_cosmos_batch_atomic": "True"}
        return self.docs("POST", operations, key=key, **flags)


def signature(request: Request, key: str = WELL_KNOWN_KEY) -> str:
    """The header `authorization`."""
    digest = hmac.digest(base64.b64decode(key), signed_payload(request).encode(), "sha256")
    return quote(f"type=master&ver=1.0&sig={base64.b64encode(digest).decode()}", safe="")


def found(response: Response) -> list[Any]:
    """The documents in a page."""
    return list(orjson.loads(response.body)["Documents"]) if response.body else []


def message(response: Response) -> str:
    """The sentence of a refusal."""
    return str(orjson.loads(response.body)["message"])
