from http.cookies import SimpleCookie

import pytest

from emulators.functions_host.http_messages import call, response_headers, set_cookie


def test_headers_are_joined() -> None:
    """Header names are in lower case, and repeated headers joined with commas."""
    headers = [("X-One", "1"), ("x-ONE", "2"), ("Empty", "")]
    assert call("GET", "", "", headers, {}, b"").headers == {"x-one": "1,2", "empty": ""}


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", {}),
        ("a=1&a=2", {"a": "1,2"}),
        ("Name=1&name=2", {"Name": "1,2"}),
        ("a=&b&c=1", {"c": "1"}),
        ("a=&a=1", {"a": "1"}),
        ("a=%C3%A9+x%2By", {"a": "é x+y"}),
        ("%61=1;b=2", {"a": "1;b=2"}),
    ],
)
def test_query(text: str, query: dict[str, str]) -> None:
    """Repeated keys are joined without regard to case, and keys without a value left out."""
    assert call("GET", "", text, [], {}, b"").query == query


def test_response_headers() -> None:
    """Headers that belong to the connection are the host's, not the function's."""
    assert list(response_headers([("Content-Length", "5"), ("X", "1"), ("transfer-encoding", "chunked")])) == [
        ("X", "1")
    ]


@pytest.mark.parametrize(
    ("cookie", "written"),
    [
        ("a=b", "a=b"),
        ("a=b/c; Path=/x; Domain=d; Max-Age=5; Secure; HttpOnly; SameSite=None", (
            "a=b%2Fc; max-age=5; domain=d; path=/x; secure; samesite=none; httponly"
        )),
        ("a=b; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "a=b; expires=Wed, 21 Oct 2026 07:28:00 GMT"),
    ],
)  # fmt: skip
def test_cookies(cookie: str, written: str) -> None:
    """Cookies are written as ASP.NET Core writes them."""
    assert list(set_cookie([SimpleCookie(cookie)])) == [written]
