"""The whole application on stand-ins: what a request or a message causes, without a socket."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from msgspec import Struct

from shared.api.answering import Operation, answer
from shared.api.http import Request
from shared.api.operations import Health, Inboxes, People, Producers
from shared.delivery.channels.live import LiveChannel
from shared.delivery.deliver import Deliver
from shared.errors import TransientError
from shared.identity import Authenticator
from shared.inbox.catching_up import CatchingUp
from shared.inbox.changes import Feeds
from shared.inbox.feeds import SharedFeeds
from shared.inbox.heads import SharedHeads
from shared.inbox.marking import Marking
from shared.inbox.membership import TopicAccess
from shared.inbox.settling_in import SettlingIn
from shared.inbox.visiting import Reception
from shared.push.badges import Badges
from shared.push.devices import Devices
from shared.push.sending import Pushing
from tests.unit.shared.fakes import RecordingOutbox, RecordingPublisher, SetClock
from tests.unit.shared.hub import MemoryHub
from tests.unit.shared.memory import MemoryPeople, MemoryStore

ISSUER = "https://issuer.example"
AUDIENCE = "belfry"
APPLICATION_SERVER_KEY = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
_KEY = ec.generate_private_key(ec.SECP256R1())


class _Keys:
    """The issuer's keys: a `KeySource`."""

    def __init__(self) -> None:
        self.away = False

    async def fetch(self) -> dict[str, Any]:
        """See `KeySource`."""
        if self.away:
            raise TransientError("the issuer is away")
        return {"keys": [ECAlgorithm.to_jwk(_KEY.public_key(), as_dict=True) | {"kid": "k", "use": "sig"}]}


def bearer(user: str, *roles: str, **claims: Any) -> dict[str, str]:
    """The header that a client of this person sends."""
    good = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 600, "sub": user, "roles": roles}
    return {"authorization": f"Bearer {jwt.encode(good | claims, _KEY, 'ES256', headers={'kid': 'k'})}"}


async def _at_once(_seconds: float) -> None:
    """A sleep that takes no time."""
    await asyncio.sleep(0)


class Answer(Struct, frozen=True):
    """A response, with its body read."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Worker:
    """One process of several that share the stores: the operations, with caches of their own."""

    def __init__(self, house: "House") -> None:
        def seconds() -> float:
            return house.clock.now.timestamp()

        reception = Reception(house.people, house.access, house.live, house.clock)
        authenticator = Authenticator(
            house.keys, issuer=ISSUER, audience=AUDIENCE, user_claim=None, roles_claim="roles", clock=seconds
        )
        feeds = Feeds(
            groups=SharedFeeds(house.store.feed, seconds, _at_once), own=house.store.feed, people=house.people.feed
        )
        self.reading = CatchingUp(
            reception,
            house.store,
            SharedHeads(house.store, seconds),
            feeds,
            lambda document: document["stored"],
            self._key,
        )
        self.marking = Marking(reception, house.store)
        self.settling = SettlingIn(reception, house.store)
        self.producers = Producers(authenticator, house.outbox)
        badges = Badges(house.people, house.store, house.access, house.clock)
        pushing = Pushing(house.hub, house.people, house.people, badges) if house.hub else None
        devices = Devices(reception, house.people, house.hub) if house.hub else None
        self.inboxes = Inboxes(authenticator, self.reading, self.marking, pushing)
        self.persons = People(authenticator, reception, self.settling, devices, APPLICATION_SERVER_KEY)
        self.health = Health(house.checks)
        self.deliver = Deliver(house.store, [LiveChannel(house.live)], house.outbox, house.clock)

    async def _key(self) -> bytes:
        return b"k" * 32


class House:
    """Stores, queues and live connections, and as many workers as are asked for.

    Args:
        access: roles by topic pattern, as in `TOPIC_ACCESS`.
        hub: where pushes are sent from; None: there are none.
    """

    def __init__(self, access: Mapping[str, Sequence[str]] | None = None, hub: MemoryHub | None = None) -> None:
        self.hub = hub
        self.clock = SetClock()
        self.keys = _Keys()
        self.access = TopicAccess(access or {})
        self.store = MemoryStore()
        self.people = MemoryPeople()
        self.live = RecordingPublisher()
        self.outbox = RecordingOutbox()
        self.checks: dict[str, Any] = {}
        self.worker = Worker(self)

    async def ask(
        self,
        operation: Operation,
        headers: Mapping[str, str] | None = None,
        *,
        body: Any = b"",
        query: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Answer:
        """What an operation answers to a request; a body that is not bytes is sent as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = Request("GET", headers or {}, query or {}, params or {}, content)
        response = await answer(operation, request)
        return Answer(response.status, response.headers, json.loads(response.body) if response.body else None)
