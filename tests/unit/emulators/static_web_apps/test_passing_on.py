import pytest

from emulators.static_web_apps.passing_on import OWN_AUTHORIZATION, request_headers, response_headers
from emulators.static_web_apps.paths import BadPathError, decoded

URL = "http://localhost:4280/api/alerts"
ADDED = [("X-MS-Original-URL", URL), ("X-Forwarded-For", "127.0.0.1")]


def passed(*headers: tuple[str, str], replace_authorization: bool = False) -> list[tuple[str, str]]:
    """What the back end gets, without what is always added."""
    pairs = request_headers(headers, URL, "127.0.0.1", replace_authorization=replace_authorization)
    assert pairs[-2:] == ADDED
    return pairs[:-2]


def test_headers_of_the_message_go_on() -> None:
    """In their order, repeated ones too, whatever they are called."""
    headers = (
        ("Authorization", "Bearer x"),
        ("Content-Length", "2"),
        ("X-Own", "1"),
        ("X-Own", "2"),
        ("Cookie", "a=b"),
    )
    assert passed(*headers) == list(headers)
    answer = (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Encoding", "gzip"), ("Retry-After", "5"))
    assert response_headers(answer) == list(answer)


def test_headers_of_the_connection_stay() -> None:
    """Those of RFC 9110, and those that `Connection` names."""
    headers = (("Connection", "close, X-Hop"), ("X-Hop", "1"), ("Transfer-Encoding", "chunked"), ("TE", "trailers"))
    assert passed(*headers, ("Host", "localhost:4280"), ("Upgrade", "websocket")) == []
    assert response_headers((*headers, ("Keep-Alive", "timeout=5"))) == []


def test_nobody_can_claim_to_be_signed_in_by_azure() -> None:
    """Headers that only Azure says are taken from no client."""
    claims = ("X-MS-CLIENT-PRINCIPAL", "x-ms-client-principal-id", "X-MS-AUTH-TOKEN", "X-MS-Original-URL")
    assert passed(*((name, "me") for name in claims)) == []


def test_the_authorization_can_be_replaced_as_azure_may_do() -> None:
    """Whether the client sent one or not."""
    own = [("Authorization", OWN_AUTHORIZATION)]
    assert passed(("authorization", "Bearer x"), replace_authorization=True) == own
    assert passed(replace_authorization=True) == own


@pytest.mark.parametrize(
    ("raw", "path"), [("/", "/"), ("/a%20b?c=/../d", "/a b"), ("/caf%C3%A9", "/café"), ("/%252e%252e", "/%2e%2e")]
)
def test_a_path_is_decoded_once(raw: str, path: str) -> None:
    """What is encoded twice stays a name."""
    assert decoded(raw) == path


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "a",
        "*",
        "/..",
        "/a/../b",
        "/%2e%2e/b",
        "/a/./b",
        "/a%2F..%2Fb",
        "/a%00b",
        "/a%5C..",
        "/%ff",
        "/api/../admin",
    ],
)
def test_a_path_that_climbs_is_refused(raw: str) -> None:
    """No way leads out of the folder, nor around the rules to another part of the back end."""
    with pytest.raises(BadPathError):
        decoded(raw)
