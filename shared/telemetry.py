"""Telemetry: the spans and the metrics of Belfry, each named in this one place.

Only the API of OpenTelemetry is used. Where nothing configures its SDK, spans and figures cost next to nothing and go
nowhere; trace contexts are passed on all the same. In Azure the worker configures it: docs/telemetry.md.

A message carries its trace context as the Azure SDKs have it: `traceparent` and `tracestate` (W3C), and the former
once more as `Diagnostic-Id`. Baggage is the producer's own and goes no further.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import lru_cache
from types import TracebackType
from typing import Final, Self

from msgspec import structs
from opentelemetry import metrics, trace
from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.audience import Kind
from shared.wire.message import Outgoing, Parcel, Received

NAME: Final = "belfry"
"""Of the tracer and of the meter."""

TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"
DIAGNOSTIC_ID: Final = "Diagnostic-Id"
CONTEXT_PROPERTIES: Final = (TRACEPARENT, TRACESTATE, DIAGNOSTIC_ID)
"""Application properties of a message that are its trace context."""

LATENCY_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400)
"""Bounds of the buckets: from what a quiet system takes to what the last further attempt does."""

KEEP: Final = "keep alert"
ESCALATE: Final = "escalate alert"
PARK: Final = "park alert"
"""Spans of what is done for one alert; to tell it is another for each channel."""

_W3C: Final = TraceContextTextMapPropagator()
_LONGEST: Final = 512
"""Characters of a property; no more need be passed on, says W3C."""


class Reason(StrEnum):
    """Why an alert was parked."""

    INVALID = "invalid"
    """It breaks its contract."""
    REFUSED = "refused"
    """A service refused it for good."""
    EXHAUSTED = "exhausted"
    """It failed for a passing reason, too often."""


class Telemetry:
    """The tracer and the meter.

    Args:
        tracer_provider: None: the process's own.
        meter_provider: None: the process's own.
    """

    def __init__(
        self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        self._tracer = trace.get_tracer(NAME, tracer_provider=tracer_provider)
        meter = metrics.get_meter(NAME, meter_provider=meter_provider)
        # Units in braces count things: they are no units of measure.
        self._accepted = meter.create_counter("belfry.alerts.accepted", "{alert}", "Alerts taken over HTTP")
        self._stored = meter.create_counter("belfry.alerts.stored", "{card}", "Alerts put into an inbox")
        self._delivered = meter.create_counter("belfry.alerts.delivered", "{card}", "Alerts told through a channel")
        self._duplicates = meter.create_counter(
            "belfry.alerts.duplicates", "{card}", "Alerts that an inbox had already, or a later one in their place"
        )
        self._expired = meter.create_counter("belfry.alerts.expired", "{alert}", "Alerts whose time was over")
        self._retried = meter.create_counter("belfry.alerts.retried", "{alert}", "Alerts put off, for it failed")
        self._poisoned = meter.create_counter("belfry.alerts.poisoned", "{alert}", "Alerts parked")
        self._rounds = meter.create_counter("belfry.escalation.rounds", "{round}", "Rounds of escalation")
        self._stored_latency = meter.create_histogram(
            "belfry.alert.stored.latency",
            "s",
            "From the queue to the inbox",
            explicit_bucket_boundaries_advisory=LATENCY_SECONDS,
        )
        self._published_latency = meter.create_histogram(
            "belfry.alert.published.latency",
            "s",
            "From the queue to the live connections",
            explicit_bucket_boundaries_advisory=LATENCY_SECONDS,
        )

    @contextmanager
    def sending(self, messages: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
        """A producer sends alerts: the messages, which carry the context of that."""
        with self._current("send alerts", SpanKind.PRODUCER, _batch("send", len(messages))) as span:
            properties = _properties_of(span)
            yield [_carrying(message, properties) for message in messages]

    @contextmanager
    def processing(self, messages: Sequence[Received]) -> Iterator[list[Received]]:
        """A batch is delivered: its messages, each of which has a context if there is any.

        What comes without one belongs to the trace of its batch.
        """
        found = (_link(context_of(message.properties)) for message in messages)
        # One for each, of however many alerts that were sent together.
        brought = list({link.context.span_id: link for link in found if link}.values())
        # Not of the kind consumer: the host reports the call as a request already, and would report it twice.
        with self._current("process alerts", SpanKind.INTERNAL, _batch("process", len(messages)), brought) as span:
            properties = _properties_of(span)
            yield [_carrying(message, properties) for message in messages]

    def step(self, name: str, parcels: Iterable[Parcel]) -> "Steps":
        """One step for several alerts, side by side: a span for each alert, in the trace that its message carries."""
        batch = _link(trace.set_span_in_context(trace.get_current_span(), Context()))
        links = [batch] if batch else []
        spans: dict[int, Span] = {}
        for parcel in parcels:
            if id(parcel) not in spans:
                context = context_of(parcel.message.properties)
                span = spans[id(parcel)] = self._tracer.start_span(name, context or Context(), links=links)
                if span.is_recording():
                    span.set_attributes(
                        {
                            "belfry.alert.id": parcel.id,
                            "belfry.alert.position": parcel.position,
                            "belfry.attempt": parcel.attempt,
                            "belfry.audience.count": len(parcel.audiences),
                            "belfry.audience.kinds": sorted({audience.kind.value for audience in parcel.audiences}),
                        }
                    )
        return Steps(spans)

    def accepted(self, count: int) -> None:
        """So many alerts were taken over HTTP."""
        self._accepted.add(count)

    def stored(self, kind: Kind, seconds: float) -> None:
        """An alert was put into an inbox, so long after it was enqueued."""
        attributes = {"kind": kind.value}
        self._stored.add(1, attributes)
        self._stored_latency.record(max(seconds, 0.0), attributes)  # two machines, two clocks

    def duplicate(self, verdict: str) -> None:
        """An inbox had an alert already, or a later one in its place."""
        self._duplicates.add(1, {"verdict": verdict})

    def delivered(self, channel: str) -> None:
        """An alert was told to an audience through a channel."""
        self._delivered.add(1, {"channel": channel})

    def published(self, kind: Kind, seconds: float) -> None:
        """An alert was told to live connections, so long after it was enqueued."""
        self._published_latency.record(max(seconds, 0.0), {"kind": kind.value})

    def expired(self) -> None:
        """The time of an alert was over before it was delivered."""
        self._expired.add(1)

    def retried(self, channels: Iterable[str]) -> None:
        """An alert comes again for what failed of it."""
        for channel in channels:
            self._retried.add(1, {"channel": channel})

    def poisoned(self, message: Received, reason: Reason) -> None:
        """An alert was parked."""
        self._poisoned.add(1, {"reason": reason.value})
        span = self._tracer.start_span(PARK, context_of(message.properties) or Context())
        _fail(span, reason.value)
        span.end()

    def escalated(self) -> None:
        """A round of escalation was seen to."""
        self._rounds.add(1)

    @contextmanager
    def _current(
        self, name: str, kind: SpanKind, attributes: Mapping[str, str | int], links: Sequence[Link] = ()
    ) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            name, kind=kind, attributes=attributes, links=links, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except BaseException as error:
                _fail(span, type(error).__name__)
                raise


class Steps:
    """One step for several alerts, for as long as the context is entered."""

    def __init__(self, spans: Mapping[int, Span]) -> None:
        self._spans = spans
        self._outcomes: dict[int, set[str]] = {}

    def traceparent(self, parcel: Parcel) -> str | None:
        """The context of an alert's span, in which whoever gets the alert may go on; None: it is not recorded."""
        span = self._spans[id(parcel)]
        return _properties_of(span)[TRACEPARENT] if span.get_span_context().trace_flags.sampled else None

    def came_to(self, parcel: Parcel, outcome: str | BaseException) -> None:
        """What became of an alert for one of its audiences."""
        span = self._spans.get(id(parcel))
        if span is None or not span.is_recording():
            return
        if isinstance(outcome, BaseException):
            _fail(span, type(outcome).__name__)
        else:
            self._outcomes.setdefault(id(parcel), set()).add(outcome)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for key, span in self._spans.items():
            if kind is not None:
                _fail(span, kind.__name__)
            if outcomes := self._outcomes.get(key):
                span.set_attribute("belfry.outcomes", sorted(outcomes))
            span.end()


def context_of(properties: Mapping[str, object]) -> Context | None:
    """The trace context that a message carries; None: none, or none that is valid."""
    parent, state = properties.get(TRACEPARENT), properties.get(TRACESTATE)
    if not isinstance(parent, str):
        parent, state = properties.get(DIAGNOSTIC_ID), None
    if not isinstance(parent, str) or len(parent) > _LONGEST:
        return None
    return _parsed(parent, state if isinstance(state, str) and len(state) <= _LONGEST else "")


@lru_cache(maxsize=256)  # each message of a batch is asked at every step
def _parsed(parent: str, state: str) -> Context | None:
    context = _W3C.extract({TRACEPARENT: parent, TRACESTATE: state}, Context())
    return context if trace.get_current_span(context).get_span_context().is_valid else None


def _properties_of(span: Span) -> dict[str, str]:
    """The application properties that carry a span's context; none where it has none."""
    carrier: dict[str, str] = {}
    if span.get_span_context().is_valid:
        _W3C.inject(carrier, trace.set_span_in_context(span, Context()))
        carrier[DIAGNOSTIC_ID] = carrier[TRACEPARENT]
    return carrier


def _carrying[M: (Outgoing, Received)](message: M, otherwise: Mapping[str, str]) -> M:
    """The message with the context that it brings, or else with another."""
    properties = message.properties
    if context_of(properties) is None:
        if not otherwise:
            return message
        others = {name: value for name, value in properties.items() if name not in CONTEXT_PROPERTIES}
        return structs.replace(message, properties={**others, **otherwise})
    if TRACEPARENT in properties:
        return message
    # Under both names, for a client that traces would add the one that is missing, with another context.
    return structs.replace(message, properties={**properties, TRACEPARENT: properties[DIAGNOSTIC_ID]})


def _link(context: Context | None) -> Link | None:
    span = trace.get_current_span(context).get_span_context() if context is not None else trace.INVALID_SPAN_CONTEXT
    return Link(span) if span.is_valid else None


def _batch(operation: str, count: int) -> dict[str, str | int]:
    """Attributes by the conventions for messaging."""
    return {
        "messaging.system": "servicebus",
        "messaging.destination.name": "alerts",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.batch.message_count": count,
    }


def _fail(span: Span, kind: str) -> None:
    """Say that it failed and how, but not in words: they may name people."""
    span.set_status(Status(StatusCode.ERROR))
    span.set_attribute("error.type", kind)
