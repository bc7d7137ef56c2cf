"""The check of a deployment: every service behind Belfry, each with what is wrong and how to mend it."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import msgspec
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.servicebus.exceptions import (
    MessagingEntityNotFoundError,
    ServiceBusAuthenticationError,
    ServiceBusAuthorizationError,
)
from msgspec import Struct

from belfry.operations.parked import Place
from belfry.operations.service_bus import Access, ParkedMessages
from shared.azure.calling import calling
from shared.azure.cosmos.database import ALERTS, PEOPLE, SERVICE, CosmosDatabase
from shared.azure.openid import OpenIdKeys
from shared.azure.web_pubsub import WebPubSub
from shared.errors import BelfryError, SettingsError, TransientError
from shared.identity import Authenticator, NotAuthenticatedError
from shared.settings import Settings

SECONDS: Final = 10.0
"""The longest that the API may take for an answer."""
_NOT_ALLOWED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class Verdict(StrEnum):
    """What a check came to."""

    WELL = "well"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """It could not be checked from here."""


class Finding(Struct, frozen=True):
    """One thing that was checked."""

    subject: str
    verdict: Verdict
    what: str
    """What was found: a sentence without its full stop."""
    mend: str = ""
    """What to do about it: sentences."""


class Container(Struct, frozen=True):
    """What a container of the database has to be like."""

    partition_key: str
    keeps_by_default: bool
    """Whether what has no time to live of its own must stay for ever."""
    indexed: frozenset[str]
    """The paths that are queried; anything more costs on every write."""


CONTAINERS: Final = {
    ALERTS: Container(
        "/audience",
        keeps_by_default=False,
        indexed=frozenset({"/position/?", "/at/?", "/severity/?", "/category/?", "/alertId/?"}),
    ),
    PEOPLE: Container("/user", keeps_by_default=True, indexed=frozenset({"/kind/?", "/at/?", "/read/?"})),
}
"""As `infra/cosmos.json` has them."""


async def check_everything(
    settings: Settings, access: Access, api: str | None, bearer: str | None, credential: AsyncTokenCredential
) -> Sequence[Finding]:
    """Check all services, side by side.

    Args:
        settings: the application's.
        access: to Service Bus.
        api: the API's address; None: it is not known.
        bearer: a token to check; None: there is none.
        credential: for services whose settings have no key.
    """
    found = await asyncio.gather(
        check_api(api),
        check_service_bus(access),
        _usable("Cosmos DB", "COSMOS_KEY", check_cosmos(settings, credential)),
        _usable("Web PubSub", "WEB_PUBSUB_CONNECTION", check_web_pubsub(settings, credential)),
        check_issuer(settings, bearer),
    )
    return [finding for findings in found for finding in findings]


async def _usable(subject: str, key: str, check: Awaitable[Sequence[Finding]]) -> Sequence[Finding]:
    """What a check found, or that the SDK can make nothing of a setting."""
    try:
        return await check
    except ValueError as error:
        return [Finding(subject, Verdict.WRONG, f"{key} cannot be used: {error}", "Copy it again from the service.")]


async def check_api(api: str | None) -> Sequence[Finding]:
    """Whether the HTTP API answers, and what it says of its own health."""
    subject = "API"
    if api is None:
        return [Finding(subject, Verdict.UNKNOWN, "its address is not known", "Give --api URL, or set BELFRY_API.")]
    try:
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(f"{api}/health") as response:
            health = msgspec.json.decode(await response.read())
            backends = health["backends"]
    except (aiohttp.ClientError, TimeoutError) as error:
        mend = f"Is {api} its address, and does it run? {_LOCAL}"
        return [Finding(subject, Verdict.WRONG, f"it does not answer: {str(error) or 'too late'}", mend)]
    except (msgspec.DecodeError, TypeError, LookupError):
        mend = f"Is {api} its address? It ends in /api. If it is, see the host's log: a wrong setting ends it at start."
        return [Finding(subject, Verdict.WRONG, f"{api}/health answered {response.status}, and not as Belfry", mend)]
    silent = [name for name, result in backends.items() if not result["answers"]]
    if silent:
        mend = "Where all is well below, the host cannot reach them: see its settings, its roles and its log."
        return [Finding(subject, Verdict.WRONG, f"it gets no answer from {', '.join(silent)}", mend)]
    return [Finding(subject, Verdict.WELL, f"{api} answers, and reaches what is behind it")]


async def check_service_bus(access: Access) -> Sequence[Finding]:
    """Whether the queues are there, and whether anything lies where operators have to look."""
    found = await asyncio.gather(*(_check_queue(access, place) for place in Place))
    return list(dict.fromkeys(found))  # what is wrong with the whole service is wrong with each queue


async def _check_queue(access: Access, place: Place) -> Finding:
    subject, queue = "Service Bus", place.partition("/")[0]
    try:
        async with ParkedMessages.open(access, place) as messages:
            lies = bool(await messages.list(1))
    except BelfryError as error:
        if isinstance(error.__cause__, MessagingEntityNotFoundError):
            mend = "Deploy infra/ again, or create it as infra/service-bus.json has it."
            return Finding(subject, Verdict.WRONG, f"there is no queue {queue}", mend)
        return _failed(subject, error, "Azure Service Bus Data Owner (or Receiver and Sender)")
    if lies:
        what, command = _LEFT[place]
        return Finding(subject, Verdict.WELL, f"queue {queue} is there; there are {what}", f"See `{command}`.")
    return Finding(subject, Verdict.WELL, f"queue {queue} is there")


async def check_cosmos(settings: Settings, credential: AsyncTokenCredential) -> Sequence[Finding]:
    """Whether the containers are there, and as they have to be."""
    key = settings.cosmos_key or credential
    database = CosmosDatabase(settings.cosmos_endpoint, settings.cosmos_database, key)
    found: list[Finding] = []
    try:
        for name, expected in CONTAINERS.items():
            try:
                async with calling(SERVICE):
                    properties = await (await database.container(name)).read()
            except BelfryError as error:
                if _status(error) != HTTPStatus.NOT_FOUND:
                    return [_failed(SERVICE, error, "Cosmos DB Built-in Data Contributor")]
                what = f"database {settings.cosmos_database} has no container {name}"
                mend = (
                    "Is COSMOS_DATABASE its name? If so, deploy infra/ again, or create it as infra/cosmos.json has it."
                )
                found.append(Finding(SERVICE, Verdict.WRONG, what, mend))
                continue
            faults = container_faults(name, expected, properties)
            found += faults or [Finding(SERVICE, Verdict.WELL, f"container {name} is there, and as it has to be")]
    finally:
        await database.close()
    return found


def container_faults(name: str, expected: Container, properties: Mapping[str, Any]) -> Sequence[Finding]:
    """What is wrong with a container.

    Args:
        name: its name.
        expected: what it has to be like.
        properties: as Cosmos DB gives them.
    """

    def wrong(what: str, mend: str) -> Finding:
        return Finding(SERVICE, Verdict.WRONG, f"container {name} {what}", mend)

    found: list[Finding] = []
    paths = properties["partitionKey"]["paths"]
    if paths != [expected.partition_key]:
        mend = "A partition key cannot be changed: create the container again as infra/cosmos.json has it."
        found.append(wrong(f"is partitioned by {', '.join(paths)} instead of {expected.partition_key}", mend))
    lifetime = properties.get("defaultTtl")
    if lifetime is None:
        mend = "Set its time to live to on (defaultTtl), else nothing is ever forgotten."
        found.append(wrong("has time to live switched off", mend))
    elif expected.keeps_by_default and lifetime != -1:
        mend = "Set its time to live to on without a default (defaultTtl -1)."
        found.append(wrong(f"forgets what people have set up after {lifetime} s", mend))
    policy = properties["indexingPolicy"]
    indexed = {item["path"] for item in policy.get("includedPaths", ())}
    excluded = {item["path"] for item in policy.get("excludedPaths", ())}
    mend = "Give it the indexing policy of infra/cosmos.json."
    if policy.get("indexingMode") != "consistent":
        found.append(wrong(f"is indexed in mode {policy.get('indexingMode')!r} instead of 'consistent'", mend))
    if "/*" in indexed or "/*" not in excluded:
        found.append(wrong("indexes everything, which makes each write dearer", mend))
    elif missing := sorted(expected.indexed - indexed):
        found.append(wrong(f"has no index on {', '.join(missing)}, which is queried", mend))
    return found


async def check_web_pubsub(settings: Settings, credential: AsyncTokenCredential) -> Sequence[Finding]:
    """Whether the live connections' service answers."""
    subject = "Web PubSub"
    hub = settings.web_pubsub_hub
    try:
        if settings.web_pubsub_endpoint:
            service = WebPubSub(settings.web_pubsub_endpoint, hub, credential)
        else:
            service = WebPubSub.from_connection_string(settings.web_pubsub_connection or "", hub)
        try:
            await service.check()
        finally:
            await service.close()
    except BelfryError as error:
        return [_failed(subject, error, "Web PubSub Service Owner")]
    return [Finding(subject, Verdict.WELL, f"it answers for hub {hub}")]


async def check_issuer(settings: Settings, bearer: str | None) -> Sequence[Finding]:
    """Whether the issuer can be discovered, and its token is one that the API accepts."""
    issuer, audience = settings.auth_issuer, settings.auth_audience
    source = OpenIdKeys(issuer)
    try:
        key_set = await source.fetch()
    except TransientError as error:
        document = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        mend = f"AUTH_ISSUER must be what {document} has as `issuer`. {_LOCAL}"
        return [Finding("Issuer", Verdict.WRONG, str(error), mend)]
    if not key_set.get("keys"):
        return [Finding("Issuer", Verdict.WRONG, f"{issuer} has no signing keys", "Ask whoever runs it.")]
    found = [Finding("Issuer", Verdict.WELL, f"{issuer} is discovered, with its signing keys")]
    if bearer is None:
        mend = f"Put a token into BELFRY_TOKEN to check that its audience is {audience}."
        return [*found, Finding("Audience", Verdict.UNKNOWN, "there is no token to check", mend)]
    authenticator = Authenticator(
        source,
        issuer=issuer,
        audience=audience,
        user_claim=settings.auth_user_claim,
        roles_claim=settings.auth_roles_claim,
    )
    try:
        person = await authenticator.authenticate(f"Bearer {bearer}")
    except NotAuthenticatedError as error:
        mend = "AUTH_AUDIENCE must be what the token's `aud` says; AUTH_USER_CLAIM a claim that it has."
        return [*found, Finding("Audience", Verdict.WRONG, str(error), mend)]
    except TransientError as error:
        return [*found, Finding("Audience", Verdict.UNKNOWN, str(error))]
    return [*found, Finding("Audience", Verdict.WELL, f"a token for {audience} is accepted, as {person.user}")]


_LOCAL: Final = "`make cloud` starts the local cloud."
_LEFT: Final = {
    Place.POISON: ("alerts that could not be delivered", "belfry poison list"),
    Place.DEAD_LETTERS: ("dead letters", "belfry dead-letters list"),
}


def _failed(subject: str, error: BelfryError, role: str) -> Finding:
    cause, what = error.__cause__, str(error).removeprefix(f"{subject} ")
    if isinstance(error, SettingsError):
        return Finding(subject, Verdict.WRONG, what, "Copy it again from the service.")
    if isinstance(cause, ClientAuthenticationError) and not cause.status_code:
        return Finding(subject, Verdict.WRONG, what, "Sign in with `az login`, or give this machine an identity.")
    refused = isinstance(cause, ServiceBusAuthenticationError | ServiceBusAuthorizationError)
    if refused or _status(error) in _NOT_ALLOWED:
        return Finding(subject, Verdict.WRONG, what, f"Check the key; or, with an identity, its role: {role}.")
    mend = f"Is the address right, does the service run, and is there a way to it from here? {_LOCAL}"
    return Finding(subject, Verdict.WRONG, what, mend)


def _status(error: BelfryError) -> int | None:
    """The HTTP status that the service answered."""
    return error.__cause__.status_code if isinstance(error.__cause__, HttpResponseError) else None
