"""`python -m demo.trace`: send one alert through a local cloud, and draw its trace.

The producer, the functions host and a client send their spans to a collector in this process. The picture is printed,
and with `--save` put into docs/images.
"""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import aiohttp
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Tracer, set_tracer_provider
from rich.console import Console

from belfry.aio import AlertPublisher
from belfry.live import Frame, LiveConnection
from demo.collector import Collector, Span
from demo.connecting import Addresses, token_source
from demo.drawing import save_pictures
from demo.waterfall import print_waterfall
from emulators.cloud import Cloud
from shared.telemetry import context_of

SECONDS: Final = 15.0
"""How long anything may take."""
WARM: Final = 3
"""Alerts before the one that is drawn: the first ones pay for connections that are opened."""
EXPECTED: Final = frozenset({"ship order", "send alerts", "keep alert", "tell live", "tell push", "show card"})


def main(argv: Sequence[str] | None = None) -> int:
    """Trace an alert, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m demo.trace", description="The trace of one alert.")
    parser.add_argument("--save", action="store_true", help="put the picture into docs/images")
    options = parser.parse_args(argv)
    logging.basicConfig(filename=os.devnull)  # the official client speaks up when it is closed
    with tempfile.TemporaryDirectory() as logs, Collector() as collector:
        # The host takes both from the environment; spans are sent soon, for somebody waits for them.
        os.environ |= {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "200"}
        os.environ.setdefault("OTEL_METRICS_EXPORTER", "none")
        with Cloud(free_ports=True, logs=Path(logs)) as cloud:
            trace = asyncio.run(_one_alert(Addresses.of(cloud)))
            spans = collector.trace(trace, EXPECTED, SECONDS)
    print_waterfall(Console(highlight=False), spans)
    if options.save:
        save_pictures("trace", len(spans) + 3, lambda console: _draw(console, spans))
    return 0


def _draw(console: Console, spans: Sequence[Span]) -> None:
    console.print("$ python -m demo.trace\n", style="dim")
    print_waterfall(console, spans)
    console.print()


async def _one_alert(addresses: Addresses) -> str:
    """Send alerts to someone with a screen and a phone, wait until the last one is shown, and return its trace."""
    producer, client = _provider("producer"), _provider("client")
    set_tracer_provider(producer)  # the publisher takes the process's own
    user = f"ada-{uuid.uuid4().hex[:8]}"
    screen = _Screen(client.get_tracer("demo"))
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        token = token_source(session, addresses.identity, user)
        phone = {"platform": "fcmv1", "pushChannel": f"token-of-{user}"}
        headers = {"Authorization": f"Bearer {await token()}"}
        async with session.put(f"{addresses.api}/devices/{user}", json=phone, headers=headers):
            pass

        async def address() -> str:
            async with session.post(f"{addresses.api}/negotiate", headers=headers) as response:
                answer: dict[str, str] = await response.json()
            return answer["url"]

        live = LiveConnection(address, screen.show, screen.stay)
        await live.open()
        try:
            async with AlertPublisher(addresses.service_bus) as publisher:
                for _ in range(WARM + 1):
                    with producer.get_tracer("demo").start_as_current_span("ship order") as span:
                        alert = {"to": [f"user:{user}"], "title": "Your order is on its way", "push": "always"}
                        identifier = await publisher.send(alert)
                    await screen.shown(identifier)
        finally:
            await live.close()
    for provider in (producer, client):
        await asyncio.to_thread(provider.shutdown)
    return f"{span.get_span_context().trace_id:032x}"


class _Screen:
    """What a client shows; it goes on in the trace of each card."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._cards: set[str] = set()
        self._changed = asyncio.Event()

    async def show(self, frame: Frame) -> None:
        """Show the cards of a frame."""
        for card, traceparent in zip(frame["alerts"], frame["traceparents"], strict=True):
            with self._tracer.start_as_current_span("show card", context_of({"traceparent": traceparent})):
                self._cards.add(card["id"])
        self._changed.set()

    async def stay(self) -> None:
        """Nothing to catch up with: it does not last so long."""

    async def shown(self, identifier: str) -> None:
        """Wait until a card is shown; raises `TimeoutError`."""
        async with asyncio.timeout(SECONDS):
            while identifier not in self._cards:
                self._changed.clear()
                await self._changed.wait()


def _provider(service: str) -> TracerProvider:
    provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
    return provider


if __name__ == "__main__":
    sys.exit(main())
