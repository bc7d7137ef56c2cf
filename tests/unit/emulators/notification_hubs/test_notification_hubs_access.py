import base64
import hashlib
import hmac
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.notification_hubs.access import KEY_NAME, SharedAccessKey
from emulators.notification_hubs.errors import UnauthorizedError

KEY = SharedAccessKey()
HOST = "localhost:8090"
NOW = 1_800_000_000.0


def token(resource: str, *, expires: int = int(NOW) + 60, key: str = KEY.value, name: str = KEY_NAME) -> str:
    """A token made by the documented recipe, independent of the code that checks it."""
    digest = hmac.new(key.encode(), f"{resource}\n{expires}".encode(), hashlib.sha256).digest()
    signature = quote(base64.b64encode(digest).decode(), safe="")
    return f"SharedAccessSignature sr={resource}&sig={signature}&se={expires}&skn={quote(name, safe='')}"


@pytest.mark.parametrize("scheme", ["http", "https", "sb"])
@pytest.mark.parametrize("path", ["", "/", "/belfry", "/belfry/", "/belfry/messages"])
@pytest.mark.parametrize("encode", [lambda url: quote(url, safe=""), lambda url: quote_plus(url).lower()])
def test_a_token_opens_what_it_was_issued_for(scheme: str, path: str, encode: object) -> None:
    """For the namespace, the hub or a part of it, in any of the ways in which the official packages encode."""
    assert callable(encode)
    KEY.check(token(encode(f"{scheme}://{HOST}{path}")), HOST, "/Belfry/messages/", NOW)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"http://{HOST}/belf", "InvalidAudience"),
        (f"http://{HOST}/belfry/messages/1", "InvalidAudience"),
        ("http://localhost:8091/belfry", "InvalidAudience"),
        (f"ftp://{HOST}", "InvalidAudience"),
        ("http://[", "InvalidAudience"),
    ],
)
def test_a_token_opens_nothing_else(url: str, says: str) -> None:
    """Neither another hub, nor another host, nor what only begins alike."""
    with pytest.raises(UnauthorizedError, match=says):
        KEY.check(token(quote(url, safe="")), HOST, "/belfry/messages", NOW)


def test_a_token_ends() -> None:
    """At its expiry, to the second."""
    issued = token(quote(f"http://{HOST}", safe=""), expires=int(NOW))
    KEY.check(issued, HOST, "/belfry", NOW - 1)
    with pytest.raises(UnauthorizedError, match="ExpiredToken"):
        KEY.check(issued, HOST, "/belfry", NOW)


@pytest.mark.parametrize(("key", "name"), [("other", KEY_NAME), (KEY.value, "Listen")])
def test_another_key_is_refused(key: str, name: str) -> None:
    """The name and the key both count."""
    with pytest.raises(UnauthorizedError, match="InvalidSignature"):
        KEY.check(token(quote(f"http://{HOST}", safe=""), key=key, name=name), HOST, "/belfry", NOW)


@given(st.text(max_size=60) | st.text(max_size=20).map("SharedAccessSignature sr=a&sig=b&skn=c&se={}".format))
def test_whatever_else_is_in_the_header_is_refused(header: str) -> None:
    """Nothing that is no token opens anything, or ends in anything but a refusal."""
    with pytest.raises(UnauthorizedError):
        KEY.check(header, HOST, "/belfry", NOW)
