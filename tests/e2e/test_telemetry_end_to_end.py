import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.settings import settings
from opentelemetry import trace

from belfry.live import Frame, LiveConnection
from emulators.cloud import Cloud
from shared.azure.service_bus import ServiceBus
from shared.telemetry import CONTEXT_PROPERTIES, context_of
from shared.wire.message import Outgoing
from tests.system import System, eventually

PARENT = "b7ad6b7169203331"


def traceparent(digit: str) -> str:
    """The context of a trace of its own."""
    return f"00-{digit * 32}-{PARENT}-01"


class Traced:
    """A running system whose host writes its spans to its log."""

    def __init__(self, cloud: Cloud, log: Path) -> None:
        self.system = System(cloud)
        self._log = log

    def spans(self, trace_id: str) -> list[dict[str, Any]]:
        """Those of a trace, so far."""
        lines = self._log.read_text(encoding="utf-8").splitlines()
        spans = [json.loads(line) for line in lines if line.startswith("{")]
        return [span for span in spans if span["context"]["trace_id"] == f"0x{trace_id}"]

    async def named(self, trace_id: str, *names: str) -> dict[str, dict[str, Any]]:
        """The spans of a trace by name, once all of these are there."""

        async def there() -> bool:
            return set(names) <= {span["name"] for span in self.spans(trace_id)}

        await eventually(there)
        return {span["name"]: span for span in self.spans(trace_id)}


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    """A local cloud of its own, asked to trace by a standard environment variable."""
    logs = tmp_path_factory.mktemp("traced")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_TRACES_EXPORTER", "console")
        with Cloud(free_ports=True, logs=logs) as cloud:
            yield Traced(cloud, logs / "functions_host.log")


async def test_an_alert_is_one_trace_from_its_publisher_to_the_frame(traced: Traced, unique: str) -> None:
    """What the host does for it, and what the client gets, belong to the trace that was current when it was sent."""
    system, frames = traced.system, list[Frame]()

    async def address() -> str:
        token = await system.token(unique)
        _, _, answer = await system.request("POST", "/negotiate", token=token)
        return str(answer["url"])

    async def on_frame(frame: Frame) -> None:
        frames.append(frame)

    async def on_return() -> None:
        pass

    async def told() -> bool:
        return bool(frames)

    live = LiveConnection(address, on_frame, on_return)
    await live.open()
    try:
        sent_in = trace.get_current_span(context_of({"traceparent": traceparent("a")}))
        async with system.publisher() as publisher:
            with trace.use_span(sent_in):
                await publisher.send({"to": [f"user:{unique}"], "title": "Traced"})
            await eventually(told)
    finally:
        await live.close()
    spans = await traced.named("a" * 32, "keep alert", "tell live", "tell push")
    assert {span["parent_id"] for span in spans.values()} == {f"0x{PARENT}"}
    live_span = spans["tell live"]["context"]["span_id"].removeprefix("0x")
    assert frames[0]["traceparents"] == [f"00-{'a' * 32}-{live_span}-01"]


async def test_an_alert_over_http_goes_on_in_the_trace_of_the_request(traced: Traced, unique: str) -> None:
    """The request's header is the parent of the send, and that of what is done with the alert."""
    system = traced.system
    token = await system.token(unique, "Alerts.Send")
    status, _, _ = await system.request(
        "POST",
        "/alerts",
        token=token,
        headers={"traceparent": traceparent("b")},
        json={"to": [f"user:{unique}"], "title": "Traced"},
    )
    assert status == 202
    spans = await traced.named("b" * 32, "send alerts", "keep alert", "tell live")
    assert spans["send alerts"]["parent_id"] == f"0x{PARENT}"
    assert spans["keep alert"]["parent_id"] == spans["send alerts"]["context"]["span_id"]


async def test_a_context_survives_the_tracing_of_the_sdk(traced: Traced) -> None:
    """Where the Azure SDK traces too, as it does in Azure, a copy still carries its own context, and once."""
    own = {"traceparent": traceparent("c"), "tracestate": "a=b", "Diagnostic-Id": traceparent("c")}
    service_bus = ServiceBus(traced.system.connection_string)
    settings.tracing_implementation.set_value("opentelemetry")
    try:
        with trace.use_span(trace.get_current_span(context_of({"traceparent": traceparent("d")}))):
            await service_bus.park([Outgoing(b"{}", "copy", properties=own), Outgoing(b"{}", "other")])
    finally:
        settings.tracing_implementation.unset_value()
        await service_bus.close()
    found = [
        {name.decode(): value.decode() for name, value in (message.application_properties or {}).items()}  # type: ignore[union-attr]  # the client gives bytes for text
        for message in await traced.system.poisoned(2)
    ]
    assert found[0] == own
    assert found[1].keys() <= set(CONTEXT_PROPERTIES)
    assert found[1]["traceparent"].startswith(f"00-{'d' * 32}-")
