"""Traces and metrics of the app, sent where the standard environment variables of OpenTelemetry say.

In Azure the worker configures Azure Monitor. Here it is the SDK, if it is asked for: by `OTEL_EXPORTER_OTLP_ENDPOINT`,
or by `OTEL_TRACES_EXPORTER` and `OTEL_METRICS_EXPORTER` with `otlp`, `console`, both, or `none`. The rest of what the
SDK and its exporter read from the environment counts as well: `OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`, and so on.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .errors import ConfigurationError

SERVICE_NAME = "functions_host"
"""What the SDK says the spans are from, unless the environment says so."""
_PROTOCOL = "http/protobuf"
_EXPORTERS = frozenset({"otlp", "console"})


@dataclass(frozen=True, slots=True)
class Exporters:
    """Where spans and metrics go: any of `otlp` and `console`."""

    traces: frozenset[str] = frozenset()
    metrics: frozenset[str] = frozenset()


def read(environment: Mapping[str, str]) -> Exporters:
    """Where the environment asks telemetry to be sent.

    Raises:
        ConfigurationError: it asks for an exporter or a protocol that is not served.
    """
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return Exporters()
    return Exporters(_asked("TRACES", environment), _asked("METRICS", environment))


def configure(exporters: Exporters, environment: Mapping[str, str]) -> Callable[[], None]:
    """Send this process's telemetry there; returns what sends the rest and ends it.

    The SDK is loaded only if there is something to send.
    """
    if not exporters.traces and not exporters.metrics:
        return _nothing

    from opentelemetry import metrics, trace  # noqa: PLC0415  # see above; all of these
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
    from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import (  # noqa: PLC0415
        BatchSpanProcessor,
        ConsoleSpanExporter,
        SimpleSpanProcessor,
    )

    named = environment.get("OTEL_SERVICE_NAME") or "service.name=" in environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    resource = Resource.create({} if named else {"service.name": SERVICE_NAME})
    tracer_provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    if "otlp" in exporters.traces:
        tracer_provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    if "console" in exporters.traces:
        # Standard output is for the line that says the host is ready.
        tracer_provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr, formatter=_line)))
    readers = []
    if "otlp" in exporters.metrics:
        readers.append(PeriodicExportingMetricReader(OTLPMetricExporter()))
    if "console" in exporters.metrics:
        readers.append(PeriodicExportingMetricReader(ConsoleMetricExporter(out=sys.stderr)))
    meter_provider = MeterProvider(readers, resource, shutdown_on_exit=False)
    if exporters.traces:
        trace.set_tracer_provider(tracer_provider)
    if exporters.metrics:
        metrics.set_meter_provider(meter_provider)

    def end() -> None:
        tracer_provider.shutdown()
        meter_provider.shutdown()

    return end


def _asked(signal: str, environment: Mapping[str, str]) -> frozenset[str]:
    key = f"OTEL_{signal}_EXPORTER"
    endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")
    default = "otlp" if any(environment.get(endpoint) for endpoint in endpoints) else "none"
    names = {name.strip() for name in (environment.get(key) or default).split(",")} - {"none", ""}
    if names - _EXPORTERS:
        raise ConfigurationError(key, f"must be otlp, console or none, not {min(names - _EXPORTERS)!r}")
    if "otlp" in names:
        for protocol in (f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
            if environment.get(protocol, _PROTOCOL) != _PROTOCOL:
                raise ConfigurationError(protocol, f"must be {_PROTOCOL}; this host has no other")
    return frozenset(names)


def _line(span: object) -> str:
    """A span as one line of JSON."""
    text: str = span.to_json(indent=None)  # type: ignore[attr-defined]  # the SDK is not imported up here
    return text + "\n"


def _nothing() -> None:
    pass
