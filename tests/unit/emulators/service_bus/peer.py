"""The client's end of a connection, frame by frame, without sockets."""

import base64
import hashlib
import hmac
import urllib.parse

from emulators.service_bus.access import AccessPolicy
from emulators.service_bus.amqp.encoding import encode, encode_described_list
from emulators.service_bus.amqp.frames import Frame, ProtocolHeader, decode_frame, encode_frame
from emulators.service_bus.amqp.performatives import Attach, Begin, Composite, Flow, Open, Source, Target, Transfer
from emulators.service_bus.amqp.values import UByte, UInt
from emulators.service_bus.broker import Broker
from emulators.service_bus.configuration import QueueDescription
from emulators.service_bus.connection import Connection
from emulators.service_bus.journal import Changes
from emulators.service_bus.message import Section, parse
from emulators.service_bus.queues import Queue

POLICY = AccessPolicy("RootManageSharedAccessKey", "SAS_KEY_VALUE")
START = 1_000_000_000


def message(body: bytes = b"body", message_id: str | None = "m-1") -> bytes:
    """A message as a client encodes it."""
    return encode_described_list(Section.PROPERTIES, [message_id]) + b"\x00\x53\x75" + encode(body)


def token(audience: str, expires_at: int, key: str = POLICY.key, name: str = POLICY.key_name) -> str:
    """A shared access signature; `expires_at` is in seconds."""
    resource = urllib.parse.quote_plus(audience)
    digest = hmac.digest(key.encode(), f"{resource}\n{expires_at}".encode(), hashlib.sha256)
    signature = urllib.parse.quote_plus(base64.b64encode(digest))
    return f"SharedAccessSignature sr={resource}&sig={signature}&se={expires_at}&skn={name}"


class Peer:
    """A client that says what it is told to say, and keeps the frames that it gets.

    Args:
        max_frame_size: what it announces.
    """

    def __init__(self, max_frame_size: int = 65536) -> None:
        self.now = START
        self.max_frame_size = max_frame_size
        self.broker = Broker([QueueDescription("alerts")], lambda: self.now, Changes())
        self.connection = Connection(self.broker, POLICY, lambda: self.now, lambda: None)

    @property
    def queue(self) -> Queue:
        """The queue that there is."""
        return self.broker.queue("alerts")

    def begin(self, *, window: int = 1000, idle_time_out: int | None = None) -> list[Composite]:
        """Open the connection and begin a session on channel 0."""
        self.connection.receive_data(ProtocolHeader.AMQP.value)
        assert self.connection.data_to_send() == ProtocolHeader.AMQP.value
        opening = Open(
            "peer",
            max_frame_size=UInt(self.max_frame_size),
            idle_time_out=None if idle_time_out is None else UInt(idle_time_out),
        )
        return self.say(opening, Begin(incoming_window=UInt(window), outgoing_window=UInt(1000)))

    def authorize(self, audience: str = "sb://localhost/", seconds: int = 3600) -> None:
        """Put a token, as if by $cbs."""
        expires_at = self.now // 1000 + seconds
        self.connection.grants.put_token(audience, "jwt", token(audience, expires_at))

    def say(self, *performatives: Composite, payload: bytes = b"", channel: int = 0) -> list[Composite]:
        """Send frames, and return the performatives of what comes back."""
        for performative in performatives:
            self.connection.receive_data(encode_frame(channel, performative, payload))
        return [frame.performative for frame in self.hear() if frame.performative is not None]

    def hear(self) -> list[Frame]:
        """The frames that the connection has to send."""
        data = self.connection.data_to_send()
        self.connection.written()
        frames = []
        while data:
            size = int.from_bytes(data[:4])
            assert size <= self.max_frame_size
            frames.append(decode_frame(data[:size]))
            data = data[size:]
        return frames

    def send_link(self, handle: int = 0, address: str = "alerts") -> list[Composite]:
        """Attach a link to send on."""
        target = Target(address).described()
        return self.say(Attach(f"sender-{handle}", UInt(handle), role=False, target=target))

    def receive_link(self, handle: int = 1, address: str = "alerts", *, deletes: bool = False) -> list[Composite]:
        """Attach a link to receive on."""
        return self.say(
            Attach(
                f"receiver-{handle}",
                UInt(handle),
                role=True,
                snd_settle_mode=UByte(1 if deletes else 0),
                source=Source(address).described(),
            )
        )

    def credit(
        self, amount: int, handle: int = 1, *, drain: bool = False, next_incoming_id: int = 0, window: int = 1000
    ) -> list[Frame]:
        """Give credit, and return what comes."""
        flow = Flow(
            next_incoming_id=UInt(next_incoming_id),
            incoming_window=UInt(window),
            next_outgoing_id=UInt(0),
            outgoing_window=UInt(1000),
            handle=UInt(handle),
            delivery_count=UInt(0),
            link_credit=UInt(amount),
            drain=drain,
        )
        self.connection.receive_data(encode_frame(0, flow))
        return self.hear()

    def transfer(
        self, payload: bytes, delivery_id: int = 0, *, settled: bool = False, more: bool = False, aborted: bool = False
    ) -> list[Composite]:
        """Send a message, or a piece of one, on handle 0."""
        return self.say(
            Transfer(UInt(0), UInt(delivery_id), b"tag", UInt(0), settled=settled, more=more, aborted=aborted),
            payload=payload,
        )

    def put(self, *bodies: bytes) -> None:
        """Put messages straight into the queue."""
        self.queue.send([parse(message(body, None)) for body in bodies])
