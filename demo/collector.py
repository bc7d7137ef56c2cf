"""A collector of traces: what OpenTelemetry exporters send over HTTP (OTLP, protobuf), kept in memory."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

_TRACES: Final = "/v1/traces"


@dataclass(frozen=True, slots=True)
class Span:
    """Something that was done, and when."""

    trace: str
    """Hexadecimal, as the other ids."""
    id: str
    parent: str
    """Empty: it is the first of its trace."""
    name: str
    service: str
    """Who did it."""
    start: int
    """Nanoseconds since 1970."""
    end: int
    failed: bool = False

    @property
    def milliseconds(self) -> float:
        """How long it took."""
        return (self.end - self.start) / 1e6


class Collector:
    """Listens on a free port of this machine for as long as the context is entered."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._changed = threading.Condition()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            """One request of an exporter."""

            def do_POST(self) -> None:  # the name that the server looks for
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == _TRACES:
                    collector.take(body)
                # An empty answer is an answer of protobuf that says that all was taken.
                self.send_response(HTTPStatus.OK)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the base class has it
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def endpoint(self) -> str:
        """What `OTEL_EXPORTER_OTLP_ENDPOINT` is to say."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def take(self, body: bytes) -> None:
        """Keep the spans of one export."""
        request = ExportTraceServiceRequest()
        request.ParseFromString(body)
        with self._changed:
            self._spans += _spans(request)
            self._changed.notify_all()

    def trace(self, trace: str, names: frozenset[str], seconds: float) -> list[Span]:
        """The spans of a trace, once those of these names are among them.

        Raises:
            TimeoutError: they were not for so long.
        """

        def found() -> list[Span]:
            return [span for span in self._spans if span.trace == trace]

        with self._changed:
            if not self._changed.wait_for(lambda: names <= {span.name for span in found()}, seconds):
                raise TimeoutError(f"no span {', '.join(sorted(names - {span.name for span in found()}))}")
            return found()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for resource in request.resource_spans:
        attributes = {item.key: item.value.string_value for item in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Span(
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    name=span.name,
                    service=attributes.get("service.name", ""),
                    start=span.start_time_unix_nano,
                    end=span.end_time_unix_nano,
                    failed=span.status.code == Status.STATUS_CODE_ERROR,
                )
