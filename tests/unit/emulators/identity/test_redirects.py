import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.identity.redirects import (
    ResponseMode,
    is_allowed,
    is_allowed_origin,
    is_loopback,
    is_registrable,
    with_answer,
)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:4280/",
        "http://localhost/signed-in?from=here",
        "https://localhost:4280",
        "http://LOCALHOST:4280/",
        "http://127.0.0.1:5173/callback",
        "http://127.1.2.3/",
        "http://[::1]:8080/",
    ],
)
def test_this_machine_is_allowed_on_every_port(url: str) -> None:
    """A developer's own pages need no registration (RFC 8252 §7.3)."""
    assert is_allowed(url, ())


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://localhost.evil.example/",
        "http://localhost@evil.example/",
        "http://evil.example\\@localhost/",
        "http://evil.example\t@localhost/",
        "http://10.0.0.1/",
        "http://[::2]/",
        "http://[::1",
        "http://localhost:port/",
        "http://localhost:0/",
        "http://localhost:4280/#fragment",
        "javascript:alert(1)//localhost",
        "myapp://localhost/",
        "//localhost/",
        "/relative",
        "http:///nowhere",
        "",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    """Nobody is sent to an address that is not this machine, however it is spelled."""
    assert not is_allowed(url, ())


def test_a_registered_address_counts_letter_for_letter() -> None:
    """A registered redirect URI allows itself, and nothing that begins like it."""
    registered = {"https://app.example/signed-in"}
    assert is_allowed("https://app.example/signed-in", registered)
    assert not is_allowed("https://app.example/signed-in/", registered)
    assert not is_allowed("https://app.example/", registered)


def test_pages_of_other_sites_may_not_read_answers() -> None:
    """CORS opens the provider to pages of this machine and of registered addresses alone."""
    registered = {"https://app.example/signed-in"}
    assert is_allowed_origin("http://localhost:4280", registered)
    assert is_allowed_origin("https://app.example", registered)
    assert not is_allowed_origin("https://evil.example", registered)
    assert not is_allowed_origin("null", registered)


def test_only_web_addresses_can_be_registered() -> None:
    """An option with an address nobody could be sent to is refused at the start."""
    assert is_registrable("https://app.example/signed-in")
    assert not is_registrable("app.example")
    assert not is_registrable("https://app.example/#here")


def test_the_answer_joins_the_query_that_is_there() -> None:
    """A redirect URI keeps its own parameters."""
    assert with_answer("http://localhost/?a=1", {"code": "x y"}) == "http://localhost/?a=1&code=x+y"
    assert with_answer("http://localhost/?a=1", {"code": "x"}, ResponseMode.FRAGMENT) == "http://localhost/?a=1#code=x"
    assert with_answer("http://localhost/", {}) == "http://localhost/"


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    """No spelling of an address makes the check fail, and none smuggles a line break into a header."""
    if is_loopback(text):
        assert "\n" not in text
        assert text.lower().startswith(("http://", "https://"))
