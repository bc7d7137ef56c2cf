from urllib.parse import parse_qs, urlsplit

import pytest

from emulators.identity.authorization import RefusedAuthorizationError
from emulators.identity.errors import InvalidRequestError, UntrustedRequestError
from emulators.identity.parameters import Parameters
from emulators.identity.provider import Provider

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B

REQUEST = {
    "response_type": "code",
    "client_id": "shop",
    "redirect_uri": "http://localhost:4280/signed-in",
    "scope": "openid profile",
    "state": "a state",
    "nonce": "n-1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def answer(location: str) -> dict[str, str]:
    """The parameters that a redirect carries."""
    return {name: value for name, [value] in parse_qs(urlsplit(location).query).items()}


def test_the_answer_carries_code_state_and_issuer(provider: Provider) -> None:
    """A sign-in ends at the client's address with a code, the client's own state, and who answers."""
    request = provider.authorization(Parameters(REQUEST))
    location = provider.sign_in(request, Parameters({"user": "ada"}))
    assert location.startswith("http://localhost:4280/signed-in?")
    given = answer(location)
    assert given.pop("code")
    assert given == {"state": "a state", "iss": "http://localhost:8091"}


def test_the_page_carries_the_request_on(provider: Provider) -> None:
    """What the page's form sends is the same request again."""
    request = provider.authorization(Parameters(REQUEST))
    assert provider.authorization(Parameters(request.fields)) == request


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": ""},
        {"client_id": "a b"},
        {"redirect_uri": ""},
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "http://localhost:4280/#here"},
    ],
)
def test_an_untrusted_request_is_not_redirected(provider: Provider, change: dict[str, str]) -> None:
    """Without a client and an address that can be trusted, the person is told, and sent nowhere."""
    with pytest.raises(UntrustedRequestError):
        provider.authorization(Parameters({**REQUEST, **change}))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_a_wrong_request_is_answered_with_its_error(provider: Provider, change: dict[str, str], code: str) -> None:
    """A client learns what is wrong with its request, in the words of the standards."""
    with pytest.raises(RefusedAuthorizationError) as refused:
        provider.authorization(Parameters({**REQUEST, **change}))
    given = answer(refused.value.location)
    assert given["error"] == code
    assert given["error_description"]
    assert given["iss"] == "http://localhost:8091"
    assert given.get("state") == (None if "response_mode" in change else "a state")


def test_a_repeated_parameter_is_refused(provider: Provider) -> None:
    """A request that says one thing twice is not guessed at (RFC 6749 §3.1)."""
    with pytest.raises(RefusedAuthorizationError) as refused:
        provider.authorization(Parameters.of([*REQUEST.items(), ("state", "another")]))
    assert answer(refused.value.location)["error"] == "invalid_request"


def test_the_answer_may_travel_in_the_fragment(provider: Provider) -> None:
    """A client that asks for the response mode `fragment` finds the code there."""
    request = provider.authorization(Parameters({**REQUEST, "response_mode": "fragment"}))
    assert "code=" in urlsplit(provider.sign_in(request, Parameters({"user": "ada"}))).fragment


def test_a_registered_address_is_as_good_as_this_machine(provider: Provider) -> None:
    """People are also sent where `--redirect-uri` says."""
    request = provider.authorization(Parameters({**REQUEST, "redirect_uri": "https://app.example/signed-in"}))
    assert provider.sign_in(request, Parameters({"user": "ada"})).startswith("https://app.example/signed-in?code=")


def test_somebody_may_decline(provider: Provider) -> None:
    """Cancelling tells the client that nobody signed in."""
    given = answer(provider.cancel(provider.authorization(Parameters(REQUEST))))
    assert given["error"] == "access_denied"
    assert given["state"] == "a state"


@pytest.mark.parametrize("form", [{}, {"user": "a b"}, {"user": "bob", "roles": "a b"}])
def test_somebody_impossible_does_not_sign_in(provider: Provider, form: dict[str, str]) -> None:
    """An id or a role that no audience can carry is refused on the page."""
    with pytest.raises(InvalidRequestError):
        provider.sign_in(provider.authorization(Parameters(REQUEST)), Parameters(form))
