"""Spans and figures that stay in memory."""

from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, Metric, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from shared.telemetry import Telemetry

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
"""A producer's."""


class Recording:
    """Telemetry, and what it recorded."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracer_provider = TracerProvider(shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self._meter_provider = MeterProvider([self._reader], shutdown_on_exit=False)
        self.telemetry = Telemetry(self.tracer_provider, self._meter_provider)

    @property
    def spans(self) -> list[ReadableSpan]:
        """Those that have ended, in that order."""
        return list(self._exporter.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        """Those of one name."""
        return [span for span in self.spans if span.name == name]

    def in_trace(self, trace: str = TRACE) -> list[tuple[str, str | None, str | None]]:
        """Of each span of a trace: its name, its parent, and what kind of error it ended with."""
        return [
            (span.name, f"{span.parent.span_id:016x}" if span.parent else None, error_of(span))
            for span in self.spans
            if span.context and f"{span.context.trace_id:032x}" == trace
        ]

    def figures(self) -> dict[str, dict[tuple[tuple[str, Any], ...], Any]]:
        """Of each metric, by its attributes, the count; of a histogram the count and the sum."""
        found: dict[str, dict[tuple[tuple[str, Any], ...], Any]] = {}
        for metric in self.metrics():
            for point in metric.data.data_points:
                attributes = tuple(sorted((point.attributes or {}).items()))
                value: Any = None
                if isinstance(point, NumberDataPoint):
                    value = point.value
                elif isinstance(point, HistogramDataPoint):
                    value = (point.count, point.sum)
                found.setdefault(metric.name, {})[attributes] = value
        return found

    def metrics(self) -> list[Metric]:
        """Everything that was measured."""
        data = self._reader.get_metrics_data()
        scopes = [scope for resource in (data.resource_metrics if data else ()) for scope in resource.scope_metrics]
        assert all(scope.scope.name == "belfry" for scope in scopes)
        return [metric for scope in scopes for metric in scope.metrics]


def error_of(span: ReadableSpan) -> str | None:
    """The kind of error that a span ended with; None: it ended well."""
    if span.status.status_code is not StatusCode.ERROR:
        return None
    assert span.status.description is None  # words may name people
    return str((span.attributes or {})["error.type"])
