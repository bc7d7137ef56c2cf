import hashlib
import json
import re
import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulators.identity.errors import (
    InvalidClientError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidTokenError,
    OAuthError,
    UnsupportedGrantTypeError,
    UntrustedRequestError,
)
from emulators.identity.grants import LIFETIME_SECONDS, Kind
from emulators.identity.parameters import Parameters
from emulators.identity.provider import Configuration, Provider

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
REDIRECT = "http://localhost:4280/signed-in"


class Clock(Protocol):
    """The time of the provider, which a test moves."""

    now: float

    def __call__(self) -> float:
        """Seconds since 1970."""


def claims(token: str) -> dict[str, Any]:
    """What a token says, unchecked."""
    body = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(urlsafe_b64decode(body + "=="))
    return decoded


def code(provider: Provider, scope: str = "openid profile offline_access", user: str = "ada") -> dict[str, str]:
    """The form that redeems a new code."""
    request = provider.authorization(
        Parameters(
            {
                "response_type": "code",
                "client_id": "shop",
                "redirect_uri": REDIRECT,
                "scope": scope,
                "nonce": "n-1",
                "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                "code_challenge_method": "S256",
            }
        )
    )
    query = urlsplit(provider.sign_in(request, Parameters({"user": user}))).query
    return {
        "grant_type": "authorization_code",
        "code": parse_qs(query)["code"][0],
        "client_id": "shop",
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }


def refresh(token: str, client_id: str = "shop") -> Parameters:
    """The form that uses a refresh token."""
    return Parameters({"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id})


def test_a_code_becomes_tokens(provider: Provider, clock: Clock) -> None:
    """The access token is for the API, the ID token for the client; both say who it is."""
    response = provider.token(Parameters(code(provider)))
    assert (response["token_type"], response["expires_in"]) == ("Bearer", 3600)
    person = {
        "sub": "ada",
        "oid": "ada",
        "name": "Ada Lindqvist",
        "roles": ["customer"],
        "iss": "http://localhost:8091",
    }
    access, identity = claims(response["access_token"]), claims(response["id_token"])
    assert access.items() >= {**person, "aud": "belfry", "client_id": "shop", "exp": clock.now + 3600}.items()
    assert identity.items() >= {**person, "aud": "shop", "nonce": "n-1", "auth_time": clock.now}.items()
    digest = hashlib.sha256(response["access_token"].encode()).digest()[:16]
    assert identity["at_hash"] == urlsafe_b64encode(digest).rstrip(b"=").decode()


def test_scopes_decide_which_tokens_there_are(provider: Provider) -> None:
    """An ID token takes `openid`, a refresh token `offline_access`; what is not known is not granted."""
    response = provider.token(Parameters(code(provider, scope="profile api://belfry")))
    assert response["scope"] == "profile"
    assert "id_token" not in response
    assert "refresh_token" not in response


@pytest.mark.parametrize(
    "change",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": "short"},
        {"client_id": "another"},
        {"redirect_uri": "http://localhost:4280/elsewhere"},
        {"code": "unknown"},
    ],
)
def test_a_code_is_worth_nothing_to_others(provider: Provider, change: dict[str, str]) -> None:
    """Only the client that asked, with its verifier and its address, can redeem a code."""
    with pytest.raises(InvalidGrantError):
        provider.token(Parameters({**code(provider), **change}))


@pytest.mark.parametrize("missing", ["code", "client_id", "redirect_uri", "code_verifier"])
def test_a_form_must_be_complete(provider: Provider, missing: str) -> None:
    """A missing field is named."""
    form = code(provider)
    del form[missing]
    with pytest.raises(InvalidRequestError, match=missing):
        provider.token(Parameters(form))


def test_a_code_is_good_once(provider: Provider) -> None:
    """A code that comes again was stolen by somebody: what it led to is withdrawn (RFC 6749 §4.1.2)."""
    form = Parameters(code(provider))
    first = provider.token(form)
    with pytest.raises(InvalidGrantError, match="used before"):
        provider.token(form)
    with pytest.raises(InvalidGrantError):
        provider.token(refresh(first["refresh_token"]))


def test_a_code_lives_for_a_minute(provider: Provider, clock: Clock) -> None:
    """A code that was left lying expires."""
    form = Parameters(code(provider))
    clock.now += LIFETIME_SECONDS[Kind.CODE]
    with pytest.raises(InvalidGrantError, match="expired"):
        provider.token(form)


def test_a_refresh_token_is_exchanged_for_the_next(provider: Provider, clock: Clock) -> None:
    """A session goes on without the page: the same person, the same sign-in, a later expiry."""
    first = provider.token(Parameters(code(provider)))
    clock.now += 3000
    second = provider.token(refresh(first["refresh_token"]))
    assert second["refresh_token"] != first["refresh_token"]
    before, after = claims(first["id_token"]), claims(second["id_token"])
    assert after["exp"] == before["exp"] + 3000
    assert (after["sub"], after["sid"], after["auth_time"]) == (before["sub"], before["sid"], before["auth_time"])
    assert "nonce" not in after


def test_a_refresh_token_that_comes_again_ends_the_session(provider: Provider) -> None:
    """A stolen refresh token is of no use for long (RFC 9700 §4.14.2)."""
    first = provider.token(Parameters(code(provider)))
    second = provider.token(refresh(first["refresh_token"]))
    with pytest.raises(InvalidGrantError, match="used before"):
        provider.token(refresh(first["refresh_token"]))
    with pytest.raises(InvalidGrantError, match="withdrawn"):
        provider.token(refresh(second["refresh_token"]))


def test_a_refresh_token_belongs_to_its_client_and_its_day(provider: Provider, clock: Clock) -> None:
    """Another client cannot use it, and nobody can after a day."""
    first, second = (provider.token(Parameters(code(provider)))["refresh_token"] for _ in range(2))
    with pytest.raises(InvalidGrantError, match="another client"):
        provider.token(refresh(first, "another"))
    clock.now += LIFETIME_SECONDS[Kind.REFRESH]
    with pytest.raises(InvalidGrantError, match="expired"):
        provider.token(refresh(second))


def test_signing_out_ends_the_refreshing(provider: Provider, clock: Clock) -> None:
    """After a sign-out with the ID token, even an expired one, the session's refresh token is worth nothing."""
    response = provider.token(Parameters(code(provider)))
    clock.now += 7200
    target = provider.end_session(
        Parameters({"id_token_hint": response["id_token"], "post_logout_redirect_uri": REDIRECT, "state": "s"})
    )
    assert target == f"{REDIRECT}?state=s"
    with pytest.raises(InvalidGrantError):
        provider.token(refresh(response["refresh_token"]))


@pytest.mark.parametrize("given", [{"post_logout_redirect_uri": "https://evil.example/"}, {"id_token_hint": "x.y.z"}])
def test_signing_out_leads_nowhere_else(provider: Provider, given: dict[str, str]) -> None:
    """The sign-out redirects only where the sign-in would, and believes only its own ID tokens."""
    with pytest.raises(UntrustedRequestError):
        provider.end_session(Parameters(given))


def test_what_has_expired_is_forgotten(provider: Provider, clock: Clock, connection: sqlite3.Connection) -> None:
    """The database does not grow with the days."""
    provider.token(Parameters(code(provider)))
    clock.now += LIFETIME_SECONDS[Kind.REFRESH]
    code(provider)
    assert connection.execute("SELECT count(*) FROM consent").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM ticket").fetchone() == (1,)


def test_a_restart_keeps_sessions_and_keys(
    provider: Provider, configuration: Configuration, connection: sqlite3.Connection, clock: Clock
) -> None:
    """Codes, refresh tokens and access tokens outlive the process that issued them."""
    form = Parameters(code(provider))
    script = provider.token(Parameters({"user": "ada"}))["access_token"]
    restarted = Provider(configuration, connection, clock)
    assert restarted.user_information(script)["sub"] == "ada"
    assert restarted.token(form)["refresh_token"]


def test_rotation_keeps_what_was_signed(provider: Provider) -> None:
    """A new key signs from now on, and the old one stays published."""
    old = provider.token(Parameters({"user": "ada"}))["access_token"]
    before = [key["kid"] for key in provider.key_set()["keys"]]
    rotated = provider.rotate()["kid"]
    assert [key["kid"] for key in provider.key_set()["keys"]] == [rotated, *before]
    assert provider.user_information(old)["sub"] == "ada"


def test_scripts_get_a_token_for_whoever_they_name(provider: Provider, clock: Clock) -> None:
    """A form with `user` and `roles` is enough."""
    form = {
        "user": "bob@example.com",
        "roles": "support, manager",
        "name": "Bob",
        "audience": "other",
        "expires_in": "5",
    }
    response = provider.token(Parameters(form))
    assert response["expires_in"] == 5
    given = claims(response["access_token"])
    assert given["jti"]
    assert (
        given.items()
        >= {
            "sub": "bob@example.com",
            "oid": "bob@example.com",
            "name": "Bob",
            "roles": ["support", "manager"],
            "aud": "other",
            "iat": clock.now,
            "nbf": clock.now,
            "exp": clock.now + 5,
        }.items()
    )


def test_scripts_can_have_a_token_that_has_expired(provider: Provider, clock: Clock) -> None:
    """A negative lifetime gives what a test of refusals needs."""
    token = provider.token(Parameters({"user": "ada", "expires_in": "-60"}))["access_token"]
    given = claims(token)
    assert given["exp"] == clock.now - 60
    assert given["nbf"] <= given["exp"]
    with pytest.raises(InvalidTokenError, match="expired"):
        provider.user_information(token)


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, InvalidRequestError),
        ({"user": "a b"}, InvalidRequestError),
        ({"user": "ada", "roles": "a b"}, InvalidRequestError),
        ({"user": "ada", "name": "\n"}, InvalidRequestError),
        ({"user": "ada", "expires_in": "soon"}, InvalidRequestError),
        ({"user": "ada", "expires_in": "99999999999"}, InvalidRequestError),
        ({"user": "ada", "audience": "a b"}, InvalidRequestError),
        ({"user": "ada", "grant_type": "password"}, UnsupportedGrantTypeError),
        ({"user": "ada", "client_secret": "x"}, InvalidClientError),
    ],
)
def test_a_wrong_form_is_refused_with_a_sentence(
    provider: Provider, form: dict[str, str], error: type[OAuthError]
) -> None:
    """Every refusal has its code and says what to do about it."""
    with pytest.raises(error) as refused:
        provider.token(Parameters(form))
    document = refused.value.document()
    assert document["error"] == error.code
    assert document["error_description"].endswith(".")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["grant_type", "user", "roles", "expires_in", "code", "client_id", "refresh_token"]),
            st.sampled_from(["authorization_code", "refresh_token", "ada", "5"]) | st.text(),
        )
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_form_breaks_the_endpoint(provider: Provider, form: list[tuple[str, str]]) -> None:
    """Whatever is sent, the answer is a token, or an error in the characters that RFC 6749 has for one."""
    try:
        assert provider.token(Parameters.of(form))["access_token"]
    except OAuthError as error:
        assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+", error.document()["error_description"])  # noqa: PT017  # either outcome is right


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", fullmatch=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_passes_for_a_token(provider: Provider, text: str) -> None:
    """What the provider did not sign is refused, and does not break it."""
    with pytest.raises(InvalidTokenError):
        provider.user_information(text)


def test_only_access_tokens_open_the_userinfo(provider: Provider) -> None:
    """An ID token, a foreign token and no token are refused."""
    response = provider.token(Parameters(code(provider)))
    assert provider.user_information(response["access_token"]) == {
        "sub": "ada",
        "oid": "ada",
        "name": "Ada Lindqvist",
        "roles": ["customer"],
    }
    header, body, signature = response["access_token"].split(".")
    for token in (response["id_token"], f"{header}.{body}.{signature[::-1]}", "nonsense", None):
        with pytest.raises(InvalidTokenError):
            provider.user_information(token)
