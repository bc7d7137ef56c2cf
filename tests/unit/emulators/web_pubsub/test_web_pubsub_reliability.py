import itertools
import json
from collections import deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from emulators.web_pubsub.connection import RELIABLE_SUBPROTOCOL, Socket
from emulators.web_pubsub.effects import Effect, Send
from emulators.web_pubsub.hubs import Hubs
from emulators.web_pubsub.messages import Data, DataType, Publication
from emulators.web_pubsub.tokens import ClientClaims


class ReliableClient(RuleBasedStateMachine):
    """A client on a network that loses whatever is under way whenever it breaks.

    The promise: in whatever order messages are sent, read and acknowledged, and however often the network breaks, the
    client gets each message at least once and in order, and exactly once after dropping the numbers that it has.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.hubs = Hubs(
            clock=lambda: self.now,
            new_id=map(str, itertools.count()).__next__,
            reconnection_token=lambda connection_id: f"token of {connection_id}",
        )
        self.sent: list[int] = []
        self.seen = 0
        """The largest number that the client has."""
        self.kept: list[int] = []
        """What the client got, without repeats."""
        self.wire: deque[bytes] = deque()
        claims = ClientClaims(user="ada", groups=("alerts",))
        self.socket: Socket | None
        self.socket, effects = self.hubs.connect("hub", claims, RELIABLE_SUBPROTOCOL)
        self._travel(effects)
        self.id = json.loads(self.wire.popleft())["connectionId"]

    def _travel(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send) and effect.socket == self.socket:
                self.wire.append(effect.content)

    @rule(count=st.integers(1, 5))
    def send(self, count: int) -> None:
        """Somebody publishes."""
        for _ in range(count):
            number = len(self.sent)
            self.sent.append(number)
            data = Data(DataType.JSON, str(number).encode())
            members = self.hubs.hub("hub").group("alerts")
            self._travel(self.hubs.publish(members, Publication(data, group="alerts")))

    @precondition(lambda self: self.wire)
    @rule(count=st.integers(1, 8))
    def read(self, count: int) -> None:
        """The client reads what has arrived."""
        for _ in range(min(count, len(self.wire))):
            frame = json.loads(self.wire.popleft())
            assert frame["sequenceId"] <= self.seen + 1, "a message was skipped"
            if frame["sequenceId"] > self.seen:
                self.seen = frame["sequenceId"]
                self.kept.append(frame["data"])

    @precondition(lambda self: self.socket is not None)
    @rule(behind=st.integers(0, 3))
    def acknowledge(self, behind: int) -> None:
        """The client acknowledges, as far as it likes."""
        message = {"type": "sequenceAck", "sequenceId": max(0, self.seen - behind)}
        assert self.socket is not None
        assert self.hubs.received(self.socket, json.dumps(message).encode(), binary=False) == []

    @precondition(lambda self: self.socket is not None)
    @rule(noticed=st.booleans())
    def breaks(self, *, noticed: bool) -> None:
        """The client always notices that the network broke, the service perhaps later, when it is asked to recover."""
        assert self.socket is not None
        if noticed:
            self.hubs.ended(self.socket, for_good=False)
        self.socket = None
        self.wire.clear()

    @precondition(lambda self: self.socket is None)
    @rule(after=st.floats(0, 29))
    def recover(self, after: float) -> None:
        """The client comes back in time."""
        self.now += after
        recovered = self.hubs.recover("hub", self.id)
        assert recovered is not None
        self.socket, effects = recovered
        self._travel(effects)

    @invariant()
    def the_connection_exists_throughout(self) -> None:
        """Broken or not, the user is connected."""
        assert len(self.hubs.hub("hub").user("ada")) == 1

    def teardown(self) -> None:
        """In the end the client has everything, once."""
        if self.socket is None:
            self.recover(0)
        self.read(len(self.wire))
        assert self.kept == self.sent


TestReliableClient = ReliableClient.TestCase
TestReliableClient.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
