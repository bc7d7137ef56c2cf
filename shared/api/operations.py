"""What the HTTP API offers: each operation takes a request and answers it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from msgspec import Struct

from shared.alert import Category, Id, Moment, Severity
from shared.api import parameters
from shared.api.answers import (
    Accepted,
    AcceptedAlert,
    AllRead,
    Backend,
    Connection,
    HealthReport,
    RegisteredDevice,
    RegisteredDevices,
    Subscription,
    Subscriptions,
)
from shared.api.http import Request, Response, json_response, no_content
from shared.api.problems import Code, ProblemError
from shared.api.sending import read_alerts
from shared.audience import Audience, Kind, Name
from shared.card import format_moment
from shared.errors import BelfryError
from shared.identity import Authenticator, Person
from shared.inbox.catching_up import CatchingUp
from shared.inbox.history import Wanted
from shared.inbox.marking import Marking, Said
from shared.inbox.profile import Preferences
from shared.inbox.reading import Filter
from shared.inbox.settling_in import SettlingIn
from shared.inbox.visiting import Reception
from shared.position import Position
from shared.push.devices import ChannelRefusedError, Device, Devices, InstallationId, Registration
from shared.push.sending import Pushing
from shared.telemetry import Telemetry
from shared.wire.message import Outgoing

log = logging.getLogger(__name__)

SEND_ROLE: Final = "Alerts.Send"
"""The role that a producer's token must have."""
CONNECT_LIFETIME: Final = timedelta(minutes=60)
HEALTH_SECONDS: Final = 5.0
"""How long an answer about health is given again: it needs no token, so it must cost little."""


class Sender(Protocol):
    """Where accepted alerts go."""

    async def again(self, messages: Sequence[Outgoing]) -> None:
        """Send to the queue `alerts`. Raises `BelfryError` when not all were taken."""


class CardState(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person says about a card: at least one of `read` and `archived`."""

    read: bool | None = None
    archived: bool | None = None
    position: Position | None = None
    """The revision that is meant; without it the current one."""

    def __post_init__(self) -> None:
        if self.read is None and self.archived is None:
            raise ValueError("give `read`, `archived` or both")


class ReadUpTo(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Up to when everything is read; without it, everything that the person can see."""

    up_to: Moment | None = None


class Producers:
    """For those who send."""

    def __init__(self, authenticator: Authenticator, sender: Sender, telemetry: Telemetry | None = None) -> None:
        self._authenticator = authenticator
        self._sender = sender
        self._telemetry = telemetry or Telemetry()

    async def send(self, request: Request) -> Response:
        """`POST /alerts`: all of the alerts are valid, or none is enqueued."""
        person = await _person(self._authenticator, request)
        if SEND_ROLE not in person.roles:
            raise ProblemError(Code.FORBIDDEN, f"sending alerts needs the role {SEND_ROLE}")
        parameters.known(request)
        parameters.arrived(request)
        identifiers, messages = read_alerts(request)
        with self._telemetry.sending(messages) as traced:
            await self._sender.again(traced)
        self._telemetry.accepted(len(messages))
        return json_response(Accepted([AcceptedAlert(identifier) for identifier in identifiers]), 202)


class Inboxes:
    """For those who read."""

    def __init__(
        self, authenticator: Authenticator, reading: CatchingUp, marking: Marking, pushing: Pushing | None = None
    ) -> None:
        self._authenticator = authenticator
        self._reading = reading
        self._marking = marking
        self._pushing = pushing

    async def history(self, request: Request) -> Response:
        """`GET /alerts`: the person's cards, newest first."""
        person = await _person(self._authenticator, request)
        parameters.known(request, "limit", "before", "unread", "severity", "category")
        wanted = Wanted(
            limit=parameters.whole_number(request, "limit", 20, 1, 100),
            before=parameters.text(request, "before", Position),
            unread=parameters.truth(request, "unread"),
            only=Filter(
                frozenset(parameters.choices(request, "severity", Severity)),
                frozenset(parameters.several(request, "category", Category)),
            ),
        )
        return json_response(await self._reading.history(person, wanted))

    async def changes(self, request: Request) -> Response:
        """`GET /alerts/changes`: everything since a sync token, or 410."""
        person = await _person(self._authenticator, request)
        parameters.known(request, "since")
        return json_response(await self._reading.changes(person, parameters.required(request, "since")))

    async def mark(self, request: Request) -> Response:
        """`PATCH /alerts/{card}`: read, unread, archived, or back again."""
        person = await _person(self._authenticator, request)
        parameters.known(request)
        state = parameters.body(request, CardState)
        card = parameters.from_route(request, "card", Id)
        mark = await self._marking.mark(person, card, Said(state.read, state.archived, state.position))
        if self._pushing and (mark.read or mark.archived):
            # What was seen to on one device is not to be seen to on the others.
            own = Audience(Kind.USER, person.user)
            await self._pushing.clear_or_say(own, mark.card, mark.position, self._marking.clock())
        return json_response(mark)

    async def mark_all(self, request: Request) -> Response:
        """`POST /alerts/read`: everything that was stored up to a moment."""
        person = await _person(self._authenticator, request)
        parameters.known(request)
        up_to = parameters.body(request, ReadUpTo, optional=True).up_to
        read = await self._marking.mark_all(person, up_to)
        if self._pushing and read.moved:
            own = Audience(Kind.USER, person.user)
            await self._pushing.clear_read_or_say(own, read.moment, self._marking.clock())
        return json_response(AllRead(read.moment))


class People:
    """For those who decide what they want to see, and whether at all.

    Args:
        authenticator: knows who asks.
        reception: where each use case begins.
        settling: what people want to see.
        devices: where they are pushed to; None: there are no pushes.
        application_server_key: what browsers subscribe with; None: they are not pushed to.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        reception: Reception,
        settling: SettlingIn,
        devices: Devices | None = None,
        application_server_key: str | None = None,
    ) -> None:
        self._authenticator = authenticator
        self._reception = reception
        self._settling = settling
        self._devices = devices
        self._application_server_key = application_server_key

    async def negotiate(self, request: Request) -> Response:
        """`POST /negotiate`: where the person's client connects, and what it will hear."""
        person = await _person(self._authenticator, request)
        parameters.known(request)
        visit = await self._reception.visit(person)
        expires = self._reception.clock() + CONNECT_LIFETIME
        url = await self._reception.live.client_url(visit.user, visit.audiences, CONNECT_LIFETIME)
        if self._devices:
            await self._devices.refresh_or_say(visit)  # the token may have other roles than the last one
        audiences = [str(audience) for audience in visit.audiences]
        return json_response(Connection(url, visit.user, audiences, format_moment(expires)))

    async def subscriptions(self, request: Request) -> Response:
        """`GET /subscriptions`: the person's topics."""
        person = await _person(self._authenticator, request)
        parameters.known(request)
        topics = await self._settling.subscriptions(person)
        return json_response(Subscriptions([_subscription(topic, since) for topic, since in topics.items()]))

    async def subscribe(self, request: Request) -> Response:
        """`PUT /subscriptions/{topic}`: from now on."""
        person = await _person(self._authenticator, request)
        parameters.known(request)
        topic = parameters.from_route(request, "topic", Name)
        since = await self._settling.subscribe(person, topic)
        await self._refresh_devices(person)
        return json_response(_subscription(topic, since))

    async def unsubscribe(self, request: Request) -> Response:
        """`DELETE /subscriptions/{topic}`."""
        person = await _person(self._authenticator, request)
        parameters.known(request)
        await self._settling.unsubscribe(person, parameters.from_route(request, "topic", Name))
        await self._refresh_devices(person)
        return no_content()

    async def preferences(self, request: Request) -> Response:
        """`GET /preferences`."""
        person = await _person(self._authenticator, request)
        parameters.known(request)
        return json_response(await self._settling.preferences(person))

    async def prefer(self, request: Request) -> Response:
        """`PUT /preferences`: replaces them as a whole."""
        person = await _person(self._authenticator, request)
        parameters.known(request)
        preferences = parameters.body(request, Preferences)
        await self._settling.prefer(person, preferences)
        await self._refresh_devices(person)
        return json_response(preferences)

    async def devices(self, request: Request) -> Response:
        """`GET /devices`: the person's, the last registered first."""
        person = await _person(self._authenticator, request)
        parameters.known(request)
        devices = [_device(device) for device in await self._push().list(person)]
        return json_response(RegisteredDevices(devices, self._application_server_key))

    async def register(self, request: Request) -> Response:
        """`PUT /devices/{installation}`: register a device, or renew it."""
        person = await _person(self._authenticator, request)
        parameters.known(request)
        registration = parameters.body(request, Registration)
        installation = parameters.from_route(request, "installation", InstallationId)
        try:
            device = await self._push().register(person, installation, registration)
        except ChannelRefusedError as error:
            raise ProblemError(Code.INVALID_BODY, str(error), field="pushChannel") from error
        return json_response(_device(device))

    async def unregister(self, request: Request) -> Response:
        """`DELETE /devices/{installation}`."""
        person = await _person(self._authenticator, request)
        parameters.known(request)
        await self._push().remove(person, parameters.from_route(request, "installation", InstallationId))
        return no_content()

    async def export(self, request: Request) -> Response:
        """`GET /me/export`: everything that is kept about the person."""
        person = await _person(self._authenticator, request)
        parameters.known(request)
        return json_response(await self._settling.export(person))

    async def leave(self, request: Request) -> Response:
        """`DELETE /me`: erase it all."""
        person = await _person(self._authenticator, request)
        parameters.known(request)
        await self.forget(person)
        return no_content()

    async def forget(self, person: Person) -> None:
        """Erase everything that is kept about a person; their devices go first, so that none is left registered."""
        if self._devices:
            await self._devices.forget_all(person)
        await self._settling.leave(person)

    async def _refresh_devices(self, person: Person) -> None:
        """Have the devices hear what the person wants now; when that fails, asking again is safe."""
        if self._devices:
            await self._devices.refresh(person)

    def _push(self) -> Devices:
        if self._devices is None:
            raise ProblemError(Code.PUSH_OFF)
        return self._devices


class Health:
    """For those who watch.

    Args:
        checks: by backend; each raises `BelfryError` when it does not answer.
    """

    def __init__(self, checks: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
        self._checks = checks
        self._answer: tuple[float, Response] | None = None
        self._checking = asyncio.Lock()

    async def health(self, _request: Request) -> Response:
        """`GET /health`: which backends answer."""
        async with self._checking:
            if self._answer is None or time.monotonic() - self._answer[0] > HEALTH_SECONDS:
                answer = await self._check()
                self._answer = (time.monotonic(), answer)  # from its end on: it may have taken longer than it counts
            return self._answer[1]

    async def _check(self) -> Response:
        async def one(check: Callable[[], Awaitable[None]]) -> Backend:
            started = time.perf_counter()
            try:
                await check()
            except BelfryError as error:
                log.warning("health: %s", error)
                return Backend(answers=False)
            return Backend(answers=True, milliseconds=round((time.perf_counter() - started) * 1000, 1))

        results = await asyncio.gather(*map(one, self._checks.values()))
        healthy = all(result.answers for result in results)
        report = HealthReport("ok" if healthy else "degraded", dict(zip(self._checks, results, strict=True)))
        return json_response(report, 200 if healthy else 503)


async def _person(authenticator: Authenticator, request: Request) -> Person:
    return await authenticator.authenticate(request.authorization)


def _device(device: Device) -> RegisteredDevice:
    return RegisteredDevice(
        device.installation, device.platform, format_moment(device.registered_at), format_moment(device.renewed_at)
    )


def _subscription(topic: str, since: datetime) -> Subscription:
    return Subscription(topic, format_moment(since))
