import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from opentelemetry import baggage, context, trace
from opentelemetry.trace import SpanKind

from shared.audience import Audience
from shared.delivery.channels.live import LiveChannel
from shared.delivery.deliver import Deliver
from shared.delivery.retrying import LADDER
from shared.errors import RefusedError, TransientError
from shared.telemetry import Telemetry, context_of
from shared.wire.message import Outgoing, Received
from tests.unit.shared.fakes import (
    ADA,
    BEN,
    NOON,
    OFFICE,
    RecordingChannel,
    RecordingOutbox,
    RecordingPublisher,
    SetClock,
    place,
    received,
)
from tests.unit.shared.memory import MemoryStore
from tests.unit.shared.tracing import PARENT, TRACE, TRACEPARENT, Recording, error_of

TRACED = {"traceparent": TRACEPARENT}


class World(Struct, frozen=True):
    """Delivery with a real live channel, and what it recorded."""

    recording: Recording
    store: MemoryStore
    publisher: RecordingPublisher
    push: RecordingChannel
    outbox: RecordingOutbox
    clock: SetClock
    deliver: Deliver

    async def redeliver(self, copies: Sequence[Outgoing]) -> None:
        """Let time pass until these copies come out of the queue."""
        self.clock.now = max([self.clock.now, *(copy.scheduled for copy in copies if copy.scheduled)])
        await self.deliver([received(copy, place(1000 + index)) for index, copy in enumerate(copies)])


@pytest.fixture
def world(store: MemoryStore, publisher: RecordingPublisher, outbox: RecordingOutbox, clock: SetClock) -> World:
    """An empty inbox and empty queues; the clock stands two seconds after noon, when messages are enqueued."""
    recording = Recording()
    clock.advance(timedelta(seconds=2))
    push = RecordingChannel("push")
    deliver = Deliver(store, [LiveChannel(publisher), push], outbox, clock, telemetry=recording.telemetry)
    return World(recording, store, publisher, push, outbox, clock, deliver)


def message(
    alert_id: str = "a", to: Sequence[Audience] = (ADA,), properties: dict[str, object] | None = None, **fields: Any
) -> Received:
    """A producer's message, enqueued at noon."""
    document = {"to": [str(audience) for audience in to], "title": "Hello", "id": alert_id} | fields
    body = json.dumps(document).encode()
    return Received(body, alert_id, NOON, 1, properties=TRACED if properties is None else properties)


async def test_an_alert_is_kept_and_told_in_the_trace_of_its_producer(world: World) -> None:
    """A span for each step, a child of the producer's; it is linked with the batch, and the batch with the producer."""
    await world.deliver([message(to=[ADA, OFFICE])])
    assert sorted(world.recording.in_trace(), key=str) == [
        ("keep alert", PARENT, None),
        ("tell live", PARENT, None),
        ("tell push", PARENT, None),
    ]
    [batch] = world.recording.named("process alerts")
    assert [f"{link.context.trace_id:032x}-{link.context.span_id:016x}" for link in batch.links] == [
        f"{TRACE}-{PARENT}"
    ]
    [keep] = world.recording.named("keep alert")
    assert [link.context for link in keep.links] == [batch.context]
    assert keep.attributes == {
        "belfry.alert.id": "a",
        "belfry.alert.position": "1772366400000-0000000000000000001",
        "belfry.attempt": 0,
        "belfry.audience.count": 2,
        "belfry.audience.kinds": ("role", "user"),
        "belfry.outcomes": ("stored",),
    }


async def test_a_frame_says_where_each_of_its_cards_is_traced(world: World) -> None:
    """In the order of the cards; what came without a trace is told in that of its batch."""
    await world.deliver([message("a"), message("b", properties={})])
    [(_, frame)] = world.publisher.frames
    spans = [span.context for span in world.recording.named("tell live") if span.context]
    assert [card["id"] for card in frame["alerts"]] == ["a", "b"]
    assert [text[:-3] for text in frame["traceparents"]] == [
        f"00-{span.trace_id:032x}-{span.span_id:016x}" for span in spans
    ]
    [batch] = world.recording.named("process alerts")
    assert [span.trace_id == int(TRACE, 16) for span in spans] == [True, False]
    assert batch.context is not None
    assert batch.context.trace_id == spans[1].trace_id


async def test_what_fails_goes_on_in_the_same_trace(world: World) -> None:
    """The failed step says so; the copy carries the context, and its step is the next in the same trace."""
    world.publisher.down = {ADA: TransientError("user:ada is away")}
    await world.deliver([message()])
    [copy] = world.outbox.scheduled
    assert copy.properties["traceparent"] == TRACEPARENT
    world.publisher.down = {}
    await world.redeliver([copy])
    told = [(error_of(span), (span.attributes or {})["belfry.attempt"]) for span in world.recording.named("tell live")]
    assert told == [("TransientError", 0), (None, 1)]
    assert len(world.recording.in_trace()) == 4  # kept once, pushed once, told twice


async def test_without_a_producers_trace_a_copy_stays_in_that_of_its_batch(world: World) -> None:
    """So the way of an alert is one trace, whoever sent it."""
    world.publisher.down = {ADA: TransientError("away")}
    await world.deliver([message(properties={})])
    world.publisher.down = {}
    await world.redeliver(world.outbox.scheduled)
    steps = [span for span in world.recording.spans if span.name != "process alerts"]
    assert len({span.context.trace_id for span in steps if span.context}) == 1
    assert len(steps) == 4


async def test_what_is_parked_is_seen_in_its_trace(world: World) -> None:
    """With the reason's kind, but not its words; the parked message carries the context on."""
    bad = Received(b"{}", "m", NOON, 1, properties={"Diagnostic-Id": TRACEPARENT})
    world.push.down = {ADA: RefusedError("never, user:ada")}
    await world.deliver([bad, message()])
    assert [step for step in world.recording.in_trace() if step[0] == "park alert"] == [
        ("park alert", PARENT, "invalid"),
        ("park alert", PARENT, "refused"),
    ]
    assert [parked.properties["traceparent"] for parked in world.outbox.parked] == [TRACEPARENT] * 2
    assert world.recording.figures()["belfry.alerts.poisoned"] == {
        (("reason", "invalid"),): 1,
        (("reason", "refused"),): 1,
    }


async def test_a_round_of_escalation_belongs_to_the_alerts_trace(world: World) -> None:
    """It is told in the round's span, to whom it adds as well; a round that fails is one that comes again."""
    await world.deliver([message(escalate={"after": "PT1M", "to": [str(BEN)]})])
    [first] = world.outbox.scheduled
    assert first.properties["traceparent"] == TRACEPARENT
    world.publisher.down = {BEN: TransientError("away")}
    await world.redeliver([first])
    world.publisher.down = {}
    await world.redeliver(world.outbox.scheduled[1:])
    rounds = [step for step in world.recording.in_trace() if step[0] == "escalate alert"]
    assert rounds == [("escalate alert", PARENT, "TransientError"), ("escalate alert", PARENT, None)]
    assert world.publisher.frames[-1][1]["traceparents"][0].startswith(f"00-{TRACE}-")
    figures = world.recording.figures()
    assert figures["belfry.escalation.rounds"] == {(): 1}
    assert figures["belfry.alerts.retried"] == {(("channel", "escalation"),): 1}


async def test_alerts_that_were_sent_together_are_one_link(world: World) -> None:
    """However many of them are in the batch."""
    await world.deliver(
        [message("a"), message("b"), message("c", properties={"traceparent": TRACEPARENT[:-4] + "2-01"})]
    )
    [batch] = world.recording.named("process alerts")
    assert len(batch.links) == 2


async def test_what_is_not_recorded_is_not_in_frames(world: World) -> None:
    """A producer that decided against it costs clients nothing; copies keep the decision."""
    unsampled = TRACEPARENT[:-1] + "0"
    world.push.down = {ADA: TransientError("away")}
    await world.deliver([message(properties={"traceparent": unsampled})])
    assert world.recording.in_trace() == []
    assert world.publisher.frames[0][1].keys() == {"type", "alerts"}
    assert world.outbox.scheduled[0].properties["traceparent"] == unsampled


async def test_figures_of_a_batch(world: World) -> None:
    """Each outcome in its counter, by kind, channel or verdict and nothing else; latencies since the queue took it."""
    world.publisher.down = {BEN: TransientError("away")}
    await world.deliver([message("a", [ADA, OFFICE]), message("b", [BEN])])
    world.clock.advance(timedelta(seconds=1))
    repeat = Received(message("a").body, "other", NOON + timedelta(milliseconds=9), 9)
    old = message("c", expiresAt=NOON.isoformat())
    await world.deliver([message("a", [ADA]), repeat, old])
    figures = world.recording.figures()
    assert figures == {
        "belfry.alerts.stored": {(("kind", "role"),): 1, (("kind", "user"),): 2},
        "belfry.alerts.delivered": {(("channel", "live"),): 3, (("channel", "push"),): 4},
        "belfry.alerts.duplicates": {(("verdict", "redelivery"),): 1, (("verdict", "repeat"),): 1},
        "belfry.alerts.retried": {(("channel", "live"),): 1},
        "belfry.alerts.expired": {(): 1},
        "belfry.alert.stored.latency": {(("kind", "role"),): (1, 2.0), (("kind", "user"),): (2, 4.0)},
        "belfry.alert.published.latency": {(("kind", "role"),): (1, 2.0), (("kind", "user"),): (2, 5.0)},
    }


async def test_a_failing_store_is_counted_as_that(world: World) -> None:
    """Channels that were never tried have not failed."""
    world.store.down = {ADA: TransientError("away")}
    await world.deliver([message()])
    assert world.recording.figures()["belfry.alerts.retried"] == {(("channel", "store"),): 1}


async def test_an_alert_that_is_given_up_says_so(world: World) -> None:
    """Not refused, but tried too often."""
    world.publisher.down = {ADA: TransientError("away")}
    await world.deliver([message()])
    for _ in LADDER:
        await world.redeliver(world.outbox.scheduled[-1:])
    assert world.recording.figures()["belfry.alerts.poisoned"] == {(("reason", "exhausted"),): 1}


async def test_a_clock_that_is_behind_gives_no_negative_latency(world: World) -> None:
    """The queue's clock is not ours."""
    world.clock.now = NOON - timedelta(seconds=1)
    await world.deliver([message()])
    assert world.recording.figures()["belfry.alert.stored.latency"] == {(("kind", "user"),): (1, 0.0)}


async def test_without_an_sdk_contexts_are_passed_on(store: MemoryStore, outbox: RecordingOutbox) -> None:
    """Nothing is recorded, and what the producer sent reaches copies and frames as it was."""
    publisher = RecordingPublisher()
    deliver = Deliver(store, [LiveChannel(publisher), RecordingChannel("push")], outbox, SetClock())
    await deliver([message("a"), message("b", properties={})])
    [(_, frame)] = publisher.frames
    assert frame["traceparents"] == [TRACEPARENT, None]
    publisher.down = {ADA: TransientError("away")}
    await deliver([message("c"), message("d", properties={})])
    assert [copy.properties.get("traceparent") for copy in outbox.scheduled] == [TRACEPARENT, None]


async def test_who_does_not_trace_pays_nothing(store: MemoryStore, outbox: RecordingOutbox) -> None:
    """No field in frames, no property in messages."""
    publisher = RecordingPublisher()
    await Deliver(store, [LiveChannel(publisher)], outbox, SetClock())([message(properties={})])
    assert publisher.frames[0][1].keys() == {"type", "alerts"}
    with Telemetry().sending([Outgoing(b"{}", "m")]) as sent:
        assert sent == [Outgoing(b"{}", "m")]


def test_a_producers_messages_carry_its_context_and_not_its_baggage() -> None:
    """One span for all that is sent at once, in the trace that is current; as the Azure SDKs write it."""
    recording = Recording()
    parent = trace.set_span_in_context(trace.get_current_span(context_of({**TRACED, "tracestate": "a=b"})))
    token = context.attach(baggage.set_baggage("customer", "42", parent))
    try:
        with recording.telemetry.sending([Outgoing(b"{}", "m"), Outgoing(b"{}", "n")]) as sent:
            pass
    finally:
        context.detach(token)
    [span] = recording.spans
    assert (span.name, span.kind) == ("send alerts", SpanKind.PRODUCER)
    assert span.context is not None
    traceparent = f"00-{TRACE}-{span.context.span_id:016x}-01"
    expected = {"traceparent": traceparent, "tracestate": "a=b", "Diagnostic-Id": traceparent}
    assert [dict(message.properties) for message in sent] == [expected] * 2


def test_a_send_that_fails_says_so() -> None:
    """And the caller gets the error."""
    recording = Recording()
    with pytest.raises(TransientError), recording.telemetry.sending([Outgoing(b"{}", "m")]):
        raise TransientError("away")
    assert [error_of(span) for span in recording.spans] == ["TransientError"]


@given(st.dictionaries(st.sampled_from(["traceparent", "tracestate", "Diagnostic-Id"]), st.text() | st.integers()))
def test_what_is_no_context_counts_as_none(properties: dict[str, object]) -> None:
    """Whatever stands there: a message is not worth less for it."""
    assert context_of(properties) is None


def test_traceparent_goes_before_the_older_name() -> None:
    """As the SDKs and the host in Azure have it."""
    other = TRACEPARENT.replace(TRACE, "1" * 32)
    assert (found := context_of({"traceparent": TRACEPARENT, "Diagnostic-Id": other})) is not None
    assert trace.get_current_span(found).get_span_context().trace_id == int(TRACE, 16)
