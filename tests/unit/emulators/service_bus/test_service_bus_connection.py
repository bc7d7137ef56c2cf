from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulators.service_bus.amqp.frames import Frame, ProtocolHeader, encode_frame
from emulators.service_bus.amqp.performatives import (
    Accepted,
    Attach,
    Begin,
    Close,
    Composite,
    Detach,
    Disposition,
    End,
    Flow,
    Modified,
    Open,
    Rejected,
    Released,
    SaslInit,
    SaslOutcome,
    Target,
    Transfer,
    WireError,
    decode_composite,
)
from emulators.service_bus.amqp.values import Described, Symbol, UByte, UInt
from emulators.service_bus.connection import ConnectionState
from emulators.service_bus.links import LARGEST_MESSAGE
from tests.unit.emulators.service_bus.peer import POLICY, Peer, message


def condition(error: Described | None) -> str:
    """The condition of an error on the wire."""
    assert error is not None
    wire_error = decode_composite(error)
    assert isinstance(wire_error, WireError)
    return wire_error.condition


def outcome(performative: Composite) -> Composite:
    """The state that a disposition reports; it is settled."""
    assert isinstance(performative, Disposition)
    assert performative.settled
    return decode_composite(performative.state)


def transfers(frames: list[Frame]) -> list[Transfer]:
    """The transfers among frames."""
    return [frame.performative for frame in frames if isinstance(frame.performative, Transfer)]


def test_a_link_needs_a_token_that_covers_its_entity() -> None:
    """Without a token, or with one for another entity, a link is attached to nothing and detached with the reason."""
    peer = Peer()
    peer.begin()
    peer.authorize("sb://localhost/alerts-poison")
    for attached, detached in (peer.send_link(0), peer.receive_link(1)):
        assert isinstance(attached, Attach)
        assert (attached.target if attached.role else attached.source) is None
        assert isinstance(detached, Detach)
        assert condition(detached.error) == "amqp:unauthorized-access"
    assert peer.say(Detach(UInt(0), closed=True)) == []


def test_links_are_detached_when_their_token_expires() -> None:
    """A link outlives its token by nothing, unless the client has put another."""
    peer = Peer()
    peer.begin()
    peer.authorize("sb://localhost/alerts", seconds=60)
    peer.send_link(0)
    peer.now += 59_000
    peer.connection.tick()
    assert peer.hear() == []
    peer.now += 1_000
    assert (peer.connection.next_alarm() or 0) <= peer.now
    peer.connection.tick()
    (frame,) = peer.hear()
    assert isinstance(frame.performative, Detach)
    assert condition(frame.performative.error) == "amqp:unauthorized-access"


@pytest.mark.parametrize(
    ("mechanism", "response", "code"),
    [
        ("ANONYMOUS", b"", 0),
        ("MSSBCBS", b"", 0),
        ("PLAIN", b"\0" + POLICY.key_name.encode() + b"\0" + POLICY.key.encode(), 0),
        ("PLAIN", b"\0" + POLICY.key_name.encode() + b"\0wrong", 1),
        ("SCRAM-SHA-256", b"", 1),
    ],
)
def test_sasl_lets_in_whom_it_should(mechanism: str, response: bytes, code: int) -> None:
    """The offered mechanisms let a client in; PLAIN only with the policy's name and key."""
    peer = Peer()
    peer.connection.receive_data(ProtocolHeader.SASL.value)
    assert peer.connection.data_to_send().startswith(ProtocolHeader.SASL.value)
    initial = SaslInit(Symbol(mechanism), response)
    peer.connection.receive_data(
        b"\x00\x00\x00" + bytes((8 + len(initial.encode()),)) + b"\x02\x01\x00\x00" + initial.encode()
    )
    (frame,) = peer.hear()
    assert frame.performative == SaslOutcome(UByte(code))
    assert peer.connection.closed is bool(code)
    assert peer.connection.grants.covers("alerts") is (mechanism == "PLAIN" and code == 0)


def test_what_is_sent_is_accepted_once_it_is_whole() -> None:
    """A message of several frames is taken when the last has come; an aborted one never."""
    peer = Peer()
    peer.begin()
    peer.authorize()
    peer.send_link()
    whole = message(b"x" * 100)
    assert peer.transfer(whole[:50], 0, more=True) == []
    (disposition,) = peer.transfer(whole[50:], 0)
    assert outcome(disposition) == Accepted()
    assert peer.transfer(whole[:50], 1, more=True) == []
    assert peer.transfer(b"", 1, aborted=True) == []
    assert peer.transfer(whole, 2, settled=True) == []
    assert len(peer.queue.peek(0, 10)) == 2


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"no sections", "amqp:decode-error"),
        (message(message_id="m" * 129), "com.microsoft:argument-error"),
        (message(bytes(LARGEST_MESSAGE)), "amqp:link:message-size-exceeded"),
    ],
)
def test_a_message_that_cannot_be_taken_is_rejected(payload: bytes, expected: str) -> None:
    """Malformed, wrong or too large messages are rejected with the reason, and the link goes on."""
    peer = Peer()
    peer.begin()
    peer.authorize()
    peer.send_link()
    pieces = [payload[start : start + 60_000] for start in range(0, len(payload), 60_000)]
    for piece in pieces[:-1]:
        peer.transfer(piece, 0, more=True)
    rejected = outcome(peer.transfer(pieces[-1], 0)[0])
    assert isinstance(rejected, Rejected)
    assert condition(rejected.error) == expected
    assert outcome(peer.transfer(message(), 1)[0]) == Accepted()


def test_a_large_message_waits_for_the_window() -> None:
    """A message goes out in frames that the client takes, and no more of them than its window has room for."""
    peer = Peer(max_frame_size=512)
    peer.begin(window=2)
    peer.authorize()
    peer.receive_link()
    peer.put(b"x" * 1500, b"next")
    first = peer.credit(5, window=2)
    assert [(each.more, each.delivery_id) for each in transfers(first)] == [(True, 0), (True, None)]
    rest = peer.credit(5, next_incoming_id=2, window=100)
    assert [each.more for each in transfers(rest)] == [True, False, False]
    whole = b"".join(frame.payload for frame in (*first, *rest)[:4])
    assert b"x" * 1500 in whole


def test_nothing_follows_a_detached_link() -> None:
    """What waited for the window is not sent on a link that is gone, and other links go on."""
    peer = Peer(max_frame_size=512)
    peer.begin(window=1)
    peer.authorize()
    peer.receive_link(1)
    peer.receive_link(2)
    peer.put(b"x" * 1500, b"next")
    assert len(transfers(peer.credit(1, window=1))) == 1
    peer.say(Detach(UInt(1), closed=True))
    assert [each.handle for each in transfers(peer.credit(5, handle=2, next_incoming_id=1))] == [2]


def test_draining_gives_the_credit_back() -> None:
    """A drained link delivers what there is, and then gives back the rest of the credit."""
    peer = Peer()
    peer.begin()
    peer.authorize()
    peer.receive_link()
    peer.put(b"only")
    *delivered, flow = peer.credit(10, drain=True)
    assert len(transfers(delivered)) == 1
    assert isinstance(flow.performative, Flow)
    assert (flow.performative.delivery_count, flow.performative.link_credit) == (10, 0)
    peer.put(b"later")
    assert peer.hear() == []


@pytest.mark.parametrize(
    "state",
    [Accepted(), Released(), Modified(delivery_failed=True), Modified(undeliverable_here=True), Rejected()],
)
def test_settling_is_confirmed_by_the_same_state(state: Composite) -> None:
    """Every outcome is echoed, settled; a second settlement of the same lock is rejected as lost."""
    peer = Peer()
    peer.begin()
    peer.authorize()
    peer.receive_link()
    peer.put(b"one")
    peer.credit(1)
    told, *_ = peer.say(Disposition(role=True, first=UInt(0), state=state.described()))
    assert outcome(told) == state
    assert peer.say(Disposition(role=True, first=UInt(0), state=state.described())) == []


def test_a_lock_that_ran_out_is_told() -> None:
    """Settling after the lock has run out is rejected as lost."""
    peer = Peer()
    peer.begin()
    peer.authorize()
    peer.receive_link()
    peer.put(b"one")
    peer.credit(1)
    peer.now += 60_000
    peer.broker.tick()
    rejected = outcome(peer.say(Disposition(role=True, first=UInt(0), state=Accepted().described()))[-1])
    assert isinstance(rejected, Rejected)
    assert condition(rejected.error) == "com.microsoft:message-lock-lost"


def test_a_slow_reader_is_not_flooded() -> None:
    """While the socket is full the queue hands out nothing, and goes on when it is not."""
    peer = Peer()
    peer.begin()
    peer.authorize()
    peer.receive_link(deletes=True)
    peer.connection.pause()
    peer.put(b"one", b"two")
    assert transfers(peer.credit(10)) == []
    peer.connection.resume()
    assert len(transfers(peer.hear())) == 2


def test_silence_is_broken_and_ends() -> None:
    """An idle client gets empty frames in time, and one that is silent for too long is given up."""
    peer = Peer()
    peer.begin(idle_time_out=20_000)
    assert peer.connection.next_alarm() == peer.now + 10_000
    peer.now += 10_000
    peer.connection.tick()
    (frame,) = peer.hear()
    assert frame.performative is None
    peer.now += 230_000
    peer.connection.tick()
    (frame,) = peer.hear()
    assert isinstance(frame.performative, Close)
    assert condition(frame.performative.error) == "amqp:connection:forced"


def test_late_frames_of_an_ended_session_are_passed_over() -> None:
    """A detach after the end is tolerated; a frame on a channel that never began is not."""
    peer = Peer()
    peer.begin()
    peer.authorize()
    peer.send_link()
    assert peer.say(End()) == [End()]
    assert peer.say(Detach(UInt(0), closed=True)) == []
    (close,) = peer.say(Detach(UInt(0)), channel=7)
    assert isinstance(close, Close)
    assert condition(close.error) == "amqp:not-allowed"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x00\x02\x00\x00\x02\x00\x00\x00", "amqp:connection:framing-error"),
        (b"\x00\x00\x00\x07\x02\x00\x00\x00", "amqp:connection:framing-error"),
        (b"\x00\x00\x00\x0c\x02\x00\x00\x00\x00\x53\x99\x45", "amqp:decode-error"),
        (encode_frame(0, Open("again")), "amqp:not-allowed"),
    ],
)
def test_what_is_no_amqp_closes_the_connection(data: bytes, expected: str) -> None:
    """Frames too large or too small, unknown performatives, and frames out of place end the connection."""
    peer = Peer()
    peer.begin()
    peer.connection.receive_data(data)
    (frame,) = peer.hear()
    assert isinstance(frame.performative, Close)
    assert condition(frame.performative.error) == expected
    assert peer.connection.state is ConnectionState.CLOSED


def test_another_protocol_is_told_what_is_spoken() -> None:
    """A client that begins with something else gets the header of AMQP 1.0, and the connection ends."""
    peer = Peer()
    peer.connection.receive_data(b"GET / HTTP/1.1\r\n")
    assert peer.connection.data_to_send() == ProtocolHeader.AMQP.value
    assert peer.connection.closed


@given(st.binary(max_size=300), st.booleans())
def test_arbitrary_bytes_never_do_more_than_close(data: bytes, begun: bool) -> None:  # noqa: FBT001  # from Hypothesis
    """Whatever bytes come, before or within a session, the connection goes on or closes, but does not fail."""
    peer = Peer()
    if begun:
        peer.begin()
    peer.connection.receive_data(data)
    peer.hear() if begun else peer.connection.data_to_send()


small = st.integers(0, 3).map(UInt)
states = st.sampled_from([None, Accepted().described(), Rejected().described(), Described(UInt(1), None)])
performatives: st.SearchStrategy[Any] = st.one_of(
    st.builds(
        Attach,
        name=st.sampled_from("ab"),
        handle=small,
        role=st.booleans(),
        source=st.sampled_from([None, Target("alerts").described(), Accepted().described()]),
        target=st.sampled_from([None, Target("alerts").described(), Target("$cbs").described(), Target().described()]),
    ),
    st.builds(Flow, handle=st.none() | small, link_credit=st.none() | small, incoming_window=small, echo=st.booleans()),
    st.builds(Transfer, handle=small, delivery_id=st.none() | small, more=st.booleans(), aborted=st.booleans()),
    st.builds(Disposition, role=st.booleans(), first=small, last=st.none() | small, state=states),
    st.builds(Detach, handle=small),
    st.builds(Begin),
    st.builds(End),
)


@settings(max_examples=200)
@given(st.lists(st.tuples(performatives, st.binary(max_size=20)), max_size=12))
def test_performatives_in_any_order_never_do_more_than_close(script: list[tuple[Composite, bytes]]) -> None:
    """Whatever a client says in whatever order, the connection goes on or closes, but does not fail."""
    peer = Peer()
    peer.begin()
    peer.authorize()
    peer.put(b"one", b"two")
    for performative, payload in script:
        peer.say(performative, payload=payload)
