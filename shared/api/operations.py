"""What the HTTP API offers: each operation takes a request and answers it."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from msgspec import Struct

from shared.api.http import Request, Response, json_response
from shared.api.problems import Code, ProblemError
from shared.api.sending import read_alerts
from shared.audience import Audience, audiences_of
from shared.card import format_moment, to_card
from shared.errors import BelfryError, TransientError
from shared.identity import Authenticator, NotAuthenticatedError, Person
from shared.inbox.history import AlertReader, read_page
from shared.wire.message import Outgoing

log = logging.getLogger(__name__)

SEND_ROLE: Final = "Alerts.Send"
"""The role that a producer's token must have."""
CONNECT_LIFETIME: Final = timedelta(minutes=60)
HEALTH_SECONDS: Final = 5.0
"""How long an answer about health is given again: it needs no token, so it must cost little."""
_POSITION = re.compile(r"[0-9]{13}-[0-9]{19}")


class Sender(Protocol):
    """Where accepted alerts go."""

    async def again(self, messages: Sequence[Outgoing]) -> None:
        """Send to the queue `alerts`. Raises `BelfryError` when not all were taken."""


class LiveConnections(Protocol):
    """Where clients connect."""

    async def client_url(self, user: str, audiences: Sequence[Audience], lifetime: timedelta) -> str:
        """An address at which a person's client connects, with a token in it."""


class Backends(Struct, frozen=True):
    """What the operations need."""

    authenticator: Authenticator
    sender: Sender
    live: LiveConnections
    reader: AlertReader
    checks: Mapping[str, Callable[[], Awaitable[None]]]
    """For health: each raises `BelfryError` when its backend does not answer."""
    clock: Callable[[], datetime]


type Operation = Callable[[Request], Awaitable[Response]]


class Api:
    """The operations of the HTTP API."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self._health: tuple[float, Response] | None = None
        self._checking = asyncio.Lock()

    async def answer(self, operation: Operation, request: Request) -> Response:
        """Run an operation; whatever goes wrong is answered with a problem document."""
        try:
            return await operation(request)
        except ProblemError as problem:
            return problem.response()
        except NotAuthenticatedError as error:
            challenge = {
                "WWW-Authenticate": 'Bearer error="invalid_token"' if "authorization" in request.headers else "Bearer"
            }
            return ProblemError(Code.UNAUTHENTICATED, str(error), headers=challenge).response()
        except TransientError as error:
            log.warning("unavailable: %s", error)
            return ProblemError(Code.UNAVAILABLE, headers={"Retry-After": "5"}).response()
        except Exception:
            log.exception("%s failed unexpectedly", request.method)
            return ProblemError(Code.INTERNAL).response()

    async def send(self, request: Request) -> Response:
        """`POST /alerts`: all of the alerts are valid, or none is enqueued."""
        person = await self._person(request)
        if SEND_ROLE not in person.roles:
            raise ProblemError(Code.FORBIDDEN, f"sending alerts needs the role {SEND_ROLE}")
        identifiers, messages = read_alerts(request)
        await self._backends.sender.again(messages)
        return json_response({"accepted": [{"id": identifier} for identifier in identifiers]}, 202)

    async def history(self, request: Request) -> Response:
        """`GET /alerts`: the person's cards, newest first."""
        person = await self._person(request)
        _known(request, {"limit", "before"})
        page = await read_page(
            self._backends.reader,
            audiences_of(person.user, person.roles),
            _whole_number(request, "limit", 20, 1, 100),
            _position(request, "before"),
            self._backends.clock(),
        )
        return json_response({"alerts": [to_card(alert) for alert in page.alerts], "next": page.before})

    async def negotiate(self, request: Request) -> Response:
        """`POST /negotiate`: where the person's client connects, and what it will hear."""
        person = await self._person(request)
        audiences = audiences_of(person.user, person.roles)
        expires = self._backends.clock() + CONNECT_LIFETIME
        url = await self._backends.live.client_url(person.user, audiences, CONNECT_LIFETIME)
        return json_response(
            {
                "url": url,
                "user": person.user,
                "audiences": [str(audience) for audience in audiences],
                "expiresAt": format_moment(expires),
            }
        )

    async def health(self, _request: Request) -> Response:
        """`GET /health`: which backends answer."""
        async with self._checking:
            if self._health is None or time.monotonic() - self._health[0] > HEALTH_SECONDS:
                self._health = (time.monotonic(), await self._check())
            return self._health[1]

    async def _check(self) -> Response:
        async def one(check: Callable[[], Awaitable[None]]) -> dict[str, Any]:
            started = time.perf_counter()
            try:
                await check()
            except BelfryError as error:
                log.warning("health: %s", error)
                return {"answers": False}
            return {"answers": True, "milliseconds": round((time.perf_counter() - started) * 1000, 1)}

        names = list(self._backends.checks)
        results = await asyncio.gather(*(one(self._backends.checks[name]) for name in names))
        healthy = all(result["answers"] for result in results)
        return json_response(
            {"status": "ok" if healthy else "degraded", "backends": dict(zip(names, results, strict=True))},
            200 if healthy else 503,
        )

    async def _person(self, request: Request) -> Person:
        return await self._backends.authenticator.authenticate(request.headers.get("authorization"))


def _known(request: Request, names: set[str]) -> None:
    """Refuse parameters that do not exist: a typo must not pass for an answer."""
    if unknown := sorted(request.query.keys() - names):
        raise ProblemError(
            Code.INVALID_PARAMETER,
            f"there is no parameter `{unknown[0]}`; there are {', '.join(sorted(names))}",
            field=unknown[0],
        )


def _whole_number(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise ProblemError(
            Code.INVALID_PARAMETER, f"`{name}` must be a whole number from {least} to {most}", field=name
        )
    return int(text)


def _position(request: Request, name: str) -> str | None:
    text = request.query.get(name)
    if text is not None and not _POSITION.fullmatch(text):
        raise ProblemError(Code.INVALID_PARAMETER, f"`{name}` must be the `next` of a page before", field=name)
    return text
