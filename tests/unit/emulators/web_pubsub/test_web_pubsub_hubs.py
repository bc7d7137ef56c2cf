import itertools
import json
from typing import Any

import pytest

from emulators.web_pubsub.connection import JSON_SUBPROTOCOL, RELIABLE_SUBPROTOCOL, REPLAY_BYTES, Socket
from emulators.web_pubsub.effects import Abort, Close, CloseCode, Effect, Send
from emulators.web_pubsub.hubs import Hubs
from emulators.web_pubsub.messages import Data, DataType, Publication
from emulators.web_pubsub.tokens import ClientClaims


class World:
    """Hubs with a clock in hand."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.hubs = Hubs(
            clock=lambda: self.now,
            new_id=(f"c{number}" for number in itertools.count(1)).__next__,
            reconnection_token=lambda connection_id: f"token-{connection_id}",
        )

    def connect(self, subprotocol: str | None = RELIABLE_SUBPROTOCOL, *groups: str, user: str = "ada") -> Socket:
        """A new client of the hub `hub`."""
        roles = ("webpubsub.joinLeaveGroup", "webpubsub.sendToGroup")
        socket, _ = self.hubs.connect("hub", ClientClaims(user, roles, groups), subprotocol)
        return socket

    def publish(self, text: str, ttl: int = 0) -> list[Effect]:
        """Send a text to everyone."""
        data = Data(DataType.TEXT, text.encode())
        return self.hubs.publish(self.hubs.hub("hub").everyone(), Publication(data, expires=self.hubs.expires(ttl)))

    def say(self, socket: Socket, **message: Any) -> list[Effect]:
        """What follows when a client sends a message."""
        return self.hubs.received(socket, json.dumps(message).encode(), binary=False)


@pytest.fixture
def world() -> World:
    """An empty world."""
    return World()


def texts(effects: list[Effect]) -> list[Any]:
    """The data of the messages among the effects."""
    return [json.loads(effect.content)["data"] for effect in effects if isinstance(effect, Send)]


def test_a_plain_connection_ends_with_its_socket(world: World) -> None:
    """Only reliable connections outlive their socket."""
    for subprotocol in (None, JSON_SUBPROTOCOL, "acme"):
        world.hubs.ended(world.connect(subprotocol), for_good=False)
    assert len(world.hubs.hub("hub")) == world.hubs.open == world.hubs.recovering == 0


def test_a_broken_connection_waits_exactly_the_window(world: World) -> None:
    """A reliable connection can be recovered until its window is over, not from then on."""
    world.hubs.ended(world.connect(), for_good=False)
    world.now += 29.999
    assert world.hubs.hub("hub").get("c1")
    assert world.hubs.recovering == 1
    world.now += 0.001
    assert world.hubs.recover("hub", "c1") is None
    assert not world.hubs.hub("hub").user("ada")
    assert world.hubs.recovering == 0


def test_windows_end_one_by_one(world: World) -> None:
    """Each broken connection has its own window; a recovery takes it out, a second break opens a new one."""
    first, second = world.connect(), world.connect()
    world.hubs.ended(first, for_good=False)
    world.now += 20
    world.hubs.ended(second, for_good=False)
    recovered = world.hubs.recover("hub", "c1")
    assert recovered
    world.hubs.ended(recovered[0], for_good=False)
    world.now += 29
    assert {connection.id for connection in world.hubs.hub("hub").everyone()} == {"c1", "c2"}
    world.now += 1
    assert len(world.hubs.hub("hub")) == 0


def test_a_socket_that_was_replaced_has_no_say(world: World) -> None:
    """The end of the old socket, or what it still carries, does not touch the recovered connection."""
    old = world.connect()
    recovered = world.hubs.recover("hub", "c1")
    assert recovered
    new, effects = recovered
    assert effects == [Abort(old)]
    world.hubs.ended(old, for_good=True)
    assert world.say(old, type="ping") == []
    assert world.hubs.overflowed(old) == []
    assert world.say(new, type="ping") == [Send(new, b'{"type":"pong"}')]


@pytest.mark.parametrize("subprotocol", [None, JSON_SUBPROTOCOL])
def test_other_connections_cannot_be_recovered(world: World, subprotocol: str | None) -> None:
    """Recovery is for reliable connections of the same hub."""
    world.connect(subprotocol)
    world.connect()
    assert world.hubs.recover("hub", "c1") is None
    assert world.hubs.recover("other", "c2") is None


def test_messages_that_waited_too_long_are_dropped(world: World) -> None:
    """A time to live that ends while a connection is broken takes the message out of the replay."""
    world.hubs.ended(world.connect(), for_good=False)
    world.publish("short", ttl=5)
    world.publish("long", ttl=20)
    world.publish("for ever")
    world.now += 5
    recovered = world.hubs.recover("hub", "c1")
    assert recovered
    assert texts(recovered[1]) == ["long", "for ever"]


def test_the_replay_is_bounded_by_count(world: World) -> None:
    """The 1,001st unacknowledged message ends the connection; an acknowledgement makes room."""
    socket = world.connect()
    for number in range(1000):
        assert len(world.publish(str(number))) == 1
    world.say(socket, type="sequenceAck", sequenceId=1)
    assert texts(world.publish("one more")) == ["one more"]
    reason = "The reliable message buffer is full."
    assert world.publish("too many") == [Close(socket, CloseCode.POLICY_VIOLATION, reason)]
    assert len(world.hubs.hub("hub")) == 0


def test_the_replay_is_bounded_by_size(world: World) -> None:
    """More than 16 MiB unacknowledged end the connection, also while it is broken."""
    world.hubs.ended(world.connect(), for_good=False)
    for _ in range(REPLAY_BYTES // 2**20 - 1):
        world.publish("x" * 2**20)
    assert world.hubs.recovering == 1
    assert world.publish("x" * 2**20) == []
    assert world.hubs.recovering == 0


def test_one_client_that_fails_does_not_disturb_the_others(world: World) -> None:
    """Everybody else receives the message on which one client's buffer overflows."""
    slow, other = world.connect(), world.connect(JSON_SUBPROTOCOL, user="bob")
    for number in range(1000):
        world.publish(str(number))
    effects = world.publish("last")
    assert [effect.socket for effect in effects if isinstance(effect, Close)] == [slow]
    assert [effect.socket for effect in effects if isinstance(effect, Send)] == [other]


def test_a_client_that_does_not_read_is_closed(world: World) -> None:
    """An overflow of what waits for a socket ends the connection for good."""
    socket = world.connect()
    reason = "The outbound message queue is full."
    assert world.hubs.overflowed(socket) == [Close(socket, CloseCode.POLICY_VIOLATION, reason)]
    assert world.hubs.recover("hub", "c1") is None


def test_closing_tells_the_reason_only_in_the_last_frame(world: World) -> None:
    """A client is told why it is closed; one that is broken is just forgotten."""
    socket, broken = world.connect(), world.connect()
    world.hubs.ended(broken, for_good=False)
    effects = world.hubs.close(world.hubs.hub("hub").everyone(), "moved")
    told = b'{"type":"system","event":"disconnected","message":"moved"}'
    assert effects == [Send(socket, told), Close(socket, CloseCode.NORMAL, "")]
    assert world.hubs.open == world.hubs.recovering == 0


def test_a_publication_reaches_each_kind_in_its_form(world: World) -> None:
    """Raw clients get the data, JSON clients a frame, reliable clients a numbered one."""
    raw, plain, reliable = world.connect(None), world.connect(JSON_SUBPROTOCOL), world.connect()
    frame = b'{"type":"message","from":"server","dataType":"text","data":"\xc3\xa4\\""'
    assert world.publish('ä"') == [
        Send(raw, b'\xc3\xa4"'),
        Send(plain, frame + b"}"),
        Send(reliable, frame + b',"sequenceId":1}'),
    ]


def test_requests_without_an_ack_id_are_answered_by_nothing(world: World) -> None:
    """Fire and forget: neither success nor failure is reported."""
    socket = world.connect()
    assert world.say(socket, type="joinGroup", group="a") == []
    assert world.say(socket, type="event", event="e", data=1) == []
    assert world.hubs.hub("hub").group("a")


def test_ack_ids_are_remembered_for_a_thousand_requests(world: World) -> None:
    """A repeated ackId is a duplicate until a thousand others have been used; a failed one can be used again."""
    socket = world.connect(JSON_SUBPROTOCOL)

    def error(ack_id: int, **message: Any) -> str | None:
        (effect,) = world.say(socket, ackId=ack_id, **message)
        assert isinstance(effect, Send)
        answer: dict[str, Any] = json.loads(effect.content)
        assert answer["ackId"] == ack_id
        return None if answer["success"] else str(answer["error"]["name"])

    join = {"type": "joinGroup", "group": "a"}
    assert error(0, type="event", event="e", data=1) == "InternalServerError"
    assert [error(number, **join) for number in range(1000)] == [None] * 1000
    assert error(0, **join) == "Duplicate"
    assert error(1000, **join) is None
    assert error(0, **join) is None
    assert error(2**64 - 1, **join) is None


def test_groups_disappear_with_their_last_member(world: World) -> None:
    """Nothing of a hub remains when its connections are gone."""
    socket = world.connect(JSON_SUBPROTOCOL, "a", "b")
    world.say(socket, type="leaveGroup", group="a")
    assert not world.hubs.hub("hub").group("a")
    world.hubs.ended(socket, for_good=True)
    assert not world.hubs.hub("hub").group("b")
    assert world.hubs._hubs == {}
