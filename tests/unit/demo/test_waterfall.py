import io
from collections.abc import Iterator

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from rich.console import Console

from demo.collector import Collector, Span
from demo.waterfall import print_waterfall, rows

MILLISECOND = 1_000_000


def span(name: str, parent: str, start: int, end: int, *, failed: bool = False) -> Span:
    """A span from one millisecond to another; its id is its name."""
    return Span("t", name, parent, name, "service", start * MILLISECOND, end * MILLISECOND, failed=failed)


def test_spans_stand_below_what_caused_them() -> None:
    """In the order of time among those of one parent; each bar where its span was, and none of them invisible."""
    spans = [
        span("b", "root", 50, 100),
        span("leaf", "a", 10, 10),
        span("root", "gone", 0, 100),
        span("a", "root", 0, 50),
    ]
    assert [(row.span.name, row.depth, row.before, row.length) for row in rows(spans, 10)] == [
        ("root", 0, 0, 10),
        ("a", 1, 0, 5),
        ("leaf", 2, 1, 1),
        ("b", 1, 5, 5),
    ]


def test_a_bar_never_leaves_its_column() -> None:
    """Not even that of a span at the very end."""
    assert [(row.before, row.length) for row in rows([span("a", "", 0, 100), span("b", "a", 100, 100)], 10)] == [
        (0, 10),
        (9, 1),
    ]
    assert rows([]) == []


def test_a_waterfall_says_what_took_how_long() -> None:
    """A row for each span, with who did it, and the milliseconds."""
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as capture:
        print_waterfall(console, [span("root", "", 0, 100), span("child", "root", 20, 32, failed=True)])
    lines = capture.get().splitlines()
    assert [line.split()[0] for line in lines] == ["span", "root", "child"]
    assert [line.split()[-1] for line in lines] == ["ms", "100.0", "12.0"]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that listens."""
    with Collector() as collector:
        yield collector


def test_the_collector_takes_what_the_official_exporter_sends(collector: Collector) -> None:
    """Names, times, who is whose parent, and who did it."""
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{collector.endpoint}/v1/traces")))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span("parent") as parent, tracer.start_as_current_span("child"):
        pass
    provider.shutdown()
    found = collector.trace(f"{parent.get_span_context().trace_id:032x}", frozenset({"parent", "child"}), 5)
    child, first = sorted(found, key=lambda each: each.name)
    assert (first.parent, child.parent, child.service, child.failed) == ("", first.id, "shop", False)
    assert first.start <= child.start <= child.end <= first.end
    with pytest.raises(TimeoutError, match="elsewhere"):
        collector.trace("0" * 32, frozenset({"elsewhere"}), 0.01)
