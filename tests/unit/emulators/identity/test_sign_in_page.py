from emulators.identity import page
from emulators.identity.parameters import Parameters
from emulators.identity.provider import Provider

REQUEST = {
    "response_type": "code",
    "client_id": "<script>",
    "redirect_uri": "http://localhost:4280/",
    "state": '"><script>alert(1)</script>',
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
    "login_hint": "yuki",
}


def test_the_page_shows_everyone_and_no_markup_of_others(provider: Provider) -> None:
    """Every person can be picked, and what a client sends is text and nothing more."""
    text = page.sign_in(provider.authorization(Parameters(REQUEST)), provider.configuration.people, {})
    assert "Ada Lindqvist" in text
    assert "Yuki Tanabe" in text
    assert "<script" not in text


def test_the_login_hint_has_the_focus(provider: Provider) -> None:
    """Enter signs in whom the client hinted at, and the page says who that is."""
    text = page.sign_in(provider.authorization(Parameters(REQUEST)), provider.configuration.people, {})
    assert 'value="yuki" autofocus' in text
    assert text.count("autofocus") == 1
    assert "asks you to sign in, and suggests Yuki Tanabe.</p>" in text


def test_what_was_typed_is_not_lost(provider: Provider) -> None:
    """After a mistake the page says what is wrong, and shows the fields as they were."""
    request = provider.authorization(Parameters(REQUEST))
    text = page.sign_in(request, provider.configuration.people, {"user": "a<b", "roles": "x"}, "No <such> id.")
    assert 'role="alert">No &lt;such&gt; id.' in text
    assert 'value="a&lt;b"' in text
    assert "<details open>" in text
