from collections.abc import Callable
from typing import Any

import jwt
import pytest

from emulators.web_pubsub.errors import UnauthorizedError
from emulators.web_pubsub.tokens import ACCESS_KEY, CLOCK_SKEW, ClientClaims, Credentials

NOW = 1_800_000_000
ENDPOINT = "http://localhost:8080"
CLIENT = f"{ENDPOINT}/client/hubs/hub"


@pytest.fixture
def credentials() -> Credentials:
    """The public key, at a fixed time."""
    return Credentials(ACCESS_KEY, lambda: NOW)


def signed(key: str = ACCESS_KEY, algorithm: str = "HS256", **claims: Any) -> str:
    """A token for the hub, unless the claims say otherwise."""
    return jwt.encode({"aud": CLIENT, "exp": NOW + 60} | claims, key, algorithm=algorithm)


def test_a_short_key_is_refused() -> None:
    """HS256 needs 32 bytes."""
    with pytest.raises(ValueError, match="32 bytes"):
        Credentials("short", lambda: NOW)


def test_claims_may_be_one_value_or_a_list(credentials: Credentials) -> None:
    """User, roles and groups come from the token."""
    one = signed(sub="ada", role="r", **{"webpubsub.group": "g"})
    assert credentials.check_client(one, ENDPOINT, "hub") == ClientClaims("ada", ("r",), ("g",))
    lists: dict[str, Any] = {"role": ["r", "s"], "webpubsub.group": ["g", "h"]}
    many = signed(**lists)
    assert credentials.check_client(many, ENDPOINT, "hub") == ClientClaims(None, ("r", "s"), ("g", "h"))
    assert credentials.check_client(signed(), ENDPOINT, "hub") == ClientClaims()


def test_issued_client_tokens_are_good(credentials: Credentials) -> None:
    """What the service issues it accepts, for that hub."""
    claims = ClientClaims("ada", ("r",), ("g",))
    token = credentials.issue_client(ENDPOINT, "hub", claims, 1)
    assert credentials.check_client(token, ENDPOINT, "HUB") == claims
    with pytest.raises(UnauthorizedError):
        credentials.check_client(token, ENDPOINT, "other")


@pytest.mark.parametrize(
    ("claims", "good"),
    [
        ({"exp": NOW - CLOCK_SKEW + 1}, True),
        ({"exp": NOW - CLOCK_SKEW}, False),
        ({"exp": None}, False),
        ({"exp": "soon"}, False),
        ({"nbf": NOW + CLOCK_SKEW}, True),
        ({"nbf": NOW + CLOCK_SKEW + 1}, False),
        ({"aud": [f"{CLIENT}x", CLIENT.upper()]}, True),
        ({"aud": f"{CLIENT}x"}, False),
        ({"aud": None}, False),
    ],
)
def test_times_and_audience_are_checked(credentials: Credentials, claims: dict[str, Any], good: bool) -> None:  # noqa: FBT001  # a table
    """A token holds from not-before to expiry, with five minutes of tolerance, for its audience."""
    if good:
        credentials.check_client(signed(**claims), ENDPOINT, "hub")
    else:
        with pytest.raises(UnauthorizedError):
            credentials.check_client(signed(**claims), ENDPOINT, "hub")


@pytest.mark.parametrize(
    "token",
    [
        lambda: signed("another key, as long as is needed"),
        lambda: signed(algorithm="HS512"),
        lambda: jwt.encode({"aud": CLIENT, "exp": NOW + 60}, "", algorithm="none"),
        lambda: "rubbish",
        lambda: "",
        lambda: signed()[:-2],
    ],
)
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_only_our_signature_counts(credentials: Credentials, token: Callable[[], str]) -> None:
    """A token that was signed otherwise, or not at all, is nothing."""
    with pytest.raises(UnauthorizedError):
        credentials.check_client(token(), ENDPOINT, "hub")


@pytest.mark.parametrize(
    ("audience", "good"),
    [
        ("http://localhost:8080/api/hubs/hub/groups/a%2Fb/:send?filter=x%20y", True),
        ("http://LOCALHOST:8080/api/hubs/hub/groups/a/b/:send", True),
        ("http://localhost:8080/api/hubs/hub/groups/a%2fb/%3Asend", True),
        ("http://localhost:8080/api/hubs/hub/groups/a%2Fb/:send?filter=other", False),
        ("http://localhost:8080/api/hubs/hub/groups/a%2Fb", False),
        ("http://localhost:8081/api/hubs/hub/groups/a%2Fb/:send", False),
    ],
)
def test_a_request_token_is_for_one_url(credentials: Credentials, audience: str, good: bool) -> None:  # noqa: FBT001  # a table
    """The audience is the URL of the request, with or without its query, however it is encoded."""
    url = "http://localhost:8080/api/hubs/hub/groups/a%2Fb/:send?filter=x%20y"
    if good:
        credentials.check_request(signed(aud=audience), url)
    else:
        with pytest.raises(UnauthorizedError):
            credentials.check_request(signed(aud=audience), url)


def test_a_reconnection_token_recovers_one_connection(credentials: Credentials) -> None:
    """It is of no use for another connection, and a client token is no reconnection token."""
    token = credentials.issue_reconnection("c1")
    assert credentials.recovers(token, "c1")
    assert not credentials.recovers(token, "c2")
    assert not credentials.recovers(signed(aud="c1"), "c1")
    assert not credentials.recovers("", "c1")
