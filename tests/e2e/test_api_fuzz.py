"""The running API against its document: requests that it allows, requests that it does not, and what comes back.

They run on a local cloud of their own: thousands of alerts to everyone would be in the way of other tests.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi import checks

from emulators.cloud import Cloud
from shared.api.endpoints import ENDPOINTS
from shared.api.openapi import document
from tests.system import System, eventually

pytestmark = pytest.mark.local_only(reason="thousands of alerts to everyone are in the way of others")

SECONDS: Final = 5.0
"""The longest that an answer may take on a busy machine."""
LONGEST_LINE: Final = 8_000
"""Characters of a URL that the platform is sure to take: request lines have up to 8 KiB."""
API: Final = schemathesis.openapi.from_dict(document("http://localhost:8091"))
API.config.checks.negative_data_rejection.expected_statuses += ["410", "413"]
VARIED: Final = [endpoint.name for endpoint in ENDPOINTS if endpoint.parameters or endpoint.body]
"""Operations of which one request is not like the other."""

REFUSED_ALL_THE_SAME: Final[Mapping[str, str]] = {
    "sendAlerts": "an event in binary mode has all of its headers, or none",
    "listChanges": "a sync token is sealed",
    "registerDevice": "the push service knows what it can push to",
    "writePreferences": "a time zone has to be one",
}
"""Operations of which not every request that their schemas allow is valid, and why no schema can say so."""

# The platform knows no 405, and `test_hostile_input` asks every operation for a token. The others are about resources
# that are created and deleted: the cards here are not.
NOT_CHECKED: Final = [
    checks.unsupported_method,
    checks.ignored_auth,
    checks.use_after_free,
    checks.ensure_resource_availability,
]

THOROUGH: Final = settings(deadline=None, suppress_health_check=list(HealthCheck))
"""However long a request takes, and however rarely one fits."""


@pytest.fixture(scope="session")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system for these tests alone."""
    with Cloud(free_ports=True, logs=tmp_path_factory.mktemp("logs")) as cloud:
        yield System(cloud)


@pytest.fixture(scope="session")
def session(fuzzed: System) -> Iterator[requests.Session]:
    """A client with a producer's token."""
    with requests.Session() as session:
        token = asyncio.run(fuzzed.token("ada", "Alerts.Send", "back-office"))
        session.headers["Authorization"] = f"Bearer {token}"
        yield session


def hold(case: schemathesis.Case[Any], response: schemathesis.Response) -> None:
    """Hold an answer against the document."""
    assert response.elapsed < SECONDS
    url = str(response.request.url)
    if len(url) > LONGEST_LINE:
        assert response.status_code in (requests.codes.bad_request, requests.codes.request_uri_too_large)
        return  # the platform's own answer, not ours
    not_checked = list(NOT_CHECKED)
    if case.operation.definition.raw["operationId"] in REFUSED_ALL_THE_SAME:
        not_checked.append(checks.positive_data_acceptance)
    if any(not value for _, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)):
        not_checked.append(checks.negative_data_rejection)  # to the platform, an empty parameter is none
    case.validate_response(response, excluded_checks=not_checked)


@API.include(operation_id=VARIED).parametrize()
@settings(THOROUGH, max_examples=500)
def test_the_api_is_as_described(case: schemathesis.Case[Any], fuzzed: System, session: requests.Session) -> None:
    """Whatever is sent, the status is a documented one, the answer has its shape, and the server does not fail."""
    hold(case, case.call(base_url=fuzzed.api, session=session))


@API.exclude(operation_id=VARIED).parametrize()
@settings(THOROUGH, max_examples=5)
def test_what_takes_nothing_is_as_described(
    case: schemathesis.Case[Any], fuzzed: System, session: requests.Session
) -> None:
    """The same where there is nothing to vary but the method."""
    hold(case, case.call(base_url=fuzzed.api, session=session))


def test_what_is_accepted_is_never_poison(fuzzed: System, session: requests.Session) -> None:
    """An alert that the API has taken can be delivered, whatever is in it."""
    accepted: list[str] = []
    sending = API["/alerts"]["POST"].as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE)

    @given(sending)
    @settings(THOROUGH, max_examples=200)
    def send(case: schemathesis.Case[Any]) -> None:
        response = case.call(base_url=fuzzed.api, session=session)
        if response.status_code == requests.codes.accepted:
            accepted.extend(alert["id"] for alert in response.json()["accepted"])

    async def delivered() -> bool:
        return bool(await fuzzed.history("marker"))

    async def settle() -> int:
        async with fuzzed.publisher() as publisher:
            await publisher.send({"to": ["user:marker"], "title": "The last of all"})
        await eventually(delivered)
        return await fuzzed.parked()

    send()
    assert len(accepted) > 50
    assert asyncio.run(settle()) == 0


def test_the_document_is_served_to_everyone(fuzzed: System) -> None:
    """Without a token, for this deployment's issuer; who has it already is told so."""
    served = requests.get(f"{fuzzed.api}/openapi.json", timeout=SECONDS)
    assert served.json() == document(fuzzed.settings["AUTH_ISSUER"])
    assert served.headers["Cache-Control"].startswith("public")
    known = {"If-None-Match": served.headers["ETag"]}
    again = requests.get(f"{fuzzed.api}/openapi.json", headers=known, timeout=SECONDS)
    assert (again.status_code, again.content) == (requests.codes.not_modified, b"")


def test_what_one_answer_gives_the_next_request_takes(fuzzed: System, session: requests.Session) -> None:
    """The links of the document hold: real sync tokens and cursors, in any order, are served as described."""

    class Journeys(API.as_state_machine()):  # type: ignore[misc]  # the class is made from the document
        def get_call_kwargs(self, case: schemathesis.Case[Any]) -> dict[str, Any]:
            del case
            return {"session": session, "base_url": fuzzed.api}

        def validate_response(
            self, response: schemathesis.Response, case: schemathesis.Case[Any], *_: Any, **__: Any
        ) -> None:
            hold(case, response)

    Journeys.run(settings=settings(THOROUGH, max_examples=20, stateful_step_count=8))
