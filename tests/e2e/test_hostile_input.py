"""What nobody sends by mistake: always refused with a code, or by the platform without one; never a failure of ours."""

import asyncio
import base64
import io
import json
import time
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import pytest
from msgspec import Struct
from yarl import URL

from shared.alert import Alert
from shared.api.endpoint import Endpoint
from shared.api.endpoints import ENDPOINTS
from shared.api.operations import CardState, ReadUpTo
from shared.api.problems import Code
from shared.inbox.profile import Preferences
from tests.system import SECONDS, System, own

QUICKLY: Final = 5.0
"""Seconds within which nonsense is answered, on a busy machine."""
CODES: Final = {code.code: code.status for code in Code}
BODIES: Final = [
    ("POST", "/alerts"),
    ("PATCH", "/alerts/a-card"),
    ("POST", "/alerts/read"),
    ("PUT", "/preferences"),
]
"""Operations that take a body."""


@pytest.fixture
async def token(system: System, unique: str) -> str:
    """Of a producer."""
    return await system.token(unique, "Alerts.Send")


async def send(
    system: System, method: str, path: str, *, headers: Mapping[str, str] | None = None, data: Any = None
) -> tuple[int, Any]:
    """Status of an answer, and its JSON if it has any; the path goes out as it is. It must come quickly."""
    started = time.monotonic()
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, URL(system.api + path, encoded=True), headers=headers, data=data) as response,
    ):
        content = await response.read()
        assert time.monotonic() - started < QUICKLY
        is_json = response.headers.get("Content-Type", "").partition(";")[0].endswith("json")
        return response.status, json.loads(content) if is_json else None


def refused(answer: tuple[int, Any], *statuses: int) -> None:
    """Check that an answer is a problem of the caller's, told by a code, with one of the statuses if any are given."""
    status, problem = answer
    assert 400 <= status < 500, answer
    assert not statuses or status in statuses, answer
    assert problem is not None, answer
    assert CODES[problem["code"]] == status == problem["status"]


def not_served(answer: tuple[int, Any]) -> None:
    """Check that an answer is a problem of the caller's, or the platform's refusal of what leads nowhere."""
    status, problem = answer
    assert status == 404 or problem is not None, answer
    if problem is not None:
        refused(answer)


def bearer(token: str) -> dict[str, str]:
    """The header for a token, and that for JSON."""
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


@pytest.mark.parametrize(
    "endpoint", [endpoint for endpoint in ENDPOINTS if not endpoint.public], ids=lambda it: it.name
)
async def test_every_operation_asks_for_a_token(system: System, endpoint: Endpoint) -> None:
    """Before it looks at anything else: 401, whatever is sent beside it."""
    path = endpoint.path.replace("{card}", "x").replace("{topic}", "x")
    for authorization in (
        "",
        "Bearer",
        "Bearer ",
        "bearer x.y.z",
        "Basic YTpi",
        "Bearer \xe9",
        "Bearer a b",
        "Bearer " * 9,
    ):
        answer = await send(system, endpoint.method.upper(), path, headers={"Authorization": authorization}, data=b"{")
        refused(answer, 401)


@pytest.mark.parametrize(
    "endpoint", [endpoint for endpoint in ENDPOINTS if not endpoint.public], ids=lambda it: it.name
)
async def test_the_document_has_all_parameters_there_are(system: System, token: str, endpoint: Endpoint) -> None:
    """Every operation refuses one that is not documented, and names those that are."""
    path = endpoint.path.replace("{card}", "x").replace("{topic}", "x")
    answer = await send(system, endpoint.method.upper(), f"{path}?nonsense=1", headers=bearer(token), data=b"{}")
    refused(answer, 400)
    names = sorted(parameter.name for parameter in endpoint.parameters if parameter.place == "query")
    there_are = f"there are {', '.join(names)}" if names else "there are none"
    assert answer[1]["detail"] == f"there is no parameter `nonsense`; {there_are}"
    assert (answer[1]["code"], answer[1]["field"]) == ("invalid-parameter", "nonsense")


NO_JSON: Final[dict[str, bytes]] = {
    "broken UTF-8": b'{"to": ["everyone"], "title": "\xc3\x28"}',
    "broken UTF-8 outside of strings": b'{"to"\xff: 1}',
    "an overlong NUL": b'{"to": ["everyone"], "title": "\xc0\x80"}',
    "UTF-16": '{"to": ["everyone"], "title": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"to": ["everyone"], "title": "x"}',
    "a raw control character": b'{"to": ["everyone"], "title": "a\x00b"}',
    "an escaped control character": rb'{"to": ["everyone"], "title": "a\u0000b"}',
    "a lone surrogate": rb'{"to": ["everyone"], "title": "\ud800"}',
    "surrogates in the wrong order": rb'{"to": ["everyone"], "title": "\udc00\ud800"}',
    "a lone surrogate as a name": rb'{"\ud800": 1}',
    "NaN": b'{"to": ["everyone"], "title": "x", "data": {"n": NaN}}',
    "infinity": b'{"to": ["everyone"], "title": "x", "data": {"n": -Infinity}}',
    "a number beyond all numbers": b'{"to": ["everyone"], "title": "x", "data": {"n": 1e999}}',
    "a very long number": b'{"to": ["everyone"], "title": "x", "data": {"n": ' + b"9" * 5_000 + b"}}",
    "deep arrays": b"[" * 60_000,
    "deep arrays that end": b"[" * 30_000 + b"]" * 30_000,
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "deep data": b'{"to": ["everyone"], "title": "x", "data": ' + b'{"a":' * 9_000 + b"1" + b"}" * 9_001,
    "something after the end": b'{"to": ["everyone"], "title": "x"} {}',
    "a comment": b'{"to": ["everyone"], "title": "x" /* */}',
    "single quotes": b"{'to': ['everyone'], 'title': 'x'}",
    "XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    "white space": b" \r\n\t ",
    "null": b"null",
    "a string": b'"everyone"',
    "a number": b"-0",
    "the prototype": b'{"__proto__": {"to": ["everyone"]}, "constructor": {}}',
}


@pytest.mark.parametrize("name", NO_JSON)
@pytest.mark.parametrize(("method", "path"), BODIES)
async def test_a_body_that_is_no_json_of_ours_is_refused(
    system: System, token: str, method: str, path: str, name: str
) -> None:
    """400 and a code, whatever the bytes."""
    refused(await send(system, method, path, headers=bearer(token), data=NO_JSON[name]), 400)


WRONG: Final[tuple[Any, ...]] = (
    0,
    -1,
    2**63,
    10**400,
    1.5,
    True,
    "",
    " ",
    "\u202e",
    "x" * 5_000,
    [],
    [[]],
    [None],
    {},
    {"": {}},
    {"$ref": "#"},
)


@pytest.mark.parametrize(
    ("method", "path", "valid", "kind"),
    [
        ("POST", "/alerts", {"to": ["user:nobody"], "title": "x"}, Alert),
        ("PATCH", "/alerts/a-card", {"read": True}, CardState),
        ("POST", "/alerts/read", {}, ReadUpTo),
        ("PUT", "/preferences", {}, Preferences),
    ],
)
async def test_nonsense_in_any_field_is_refused(
    system: System, token: str, method: str, path: str, valid: dict[str, Any], kind: type[Struct]
) -> None:
    """Served if it happens to be valid there, else 4xx with a code and the field; never a failure."""
    for field in kind.__struct_encode_fields__:
        for value in WRONG:
            body = json.dumps(valid | {field: value}).encode()
            status, problem = await send(system, method, path, headers=bearer(token), data=body)
            if status >= 300:
                refused((status, problem), 400, 404)
                assert status == 404 or problem["field"], problem


async def test_of_repeated_names_one_counts(system: System, token: str, unique: str) -> None:
    """Who writes a field twice gets the last one, checked like any other: no two parts of the system differ on it."""
    body = f'{{"to": ["everyone"], "to": ["user:{unique}"], "title": "a", "title": "b", "id": "{unique}"}}'.encode()
    status, _ = await send(system, "POST", "/alerts", headers=bearer(token), data=body)
    assert status == 202
    async with system.inbox(unique) as inbox:
        await inbox.wait_for([unique], SECONDS)
    assert [(card["title"], card["to"]) for card in own(inbox).values()] == [("b", [f"user:{unique}"])]
    wrong = b'{"to": ["everyone"], "title": "a", "title": 5}'
    refused(await send(system, "POST", "/alerts", headers=bearer(token), data=wrong), 400)


@pytest.mark.parametrize("filling", [b" ", b"[", b"\xff"])
@pytest.mark.parametrize(
    ("method", "path", "size"), [*((method, path, 65_537) for method, path in BODIES), ("POST", "/alerts", 6_553_601)]
)
async def test_what_is_too_large_is_refused(
    system: System, token: str, method: str, path: str, size: int, filling: bytes
) -> None:
    """Without a look at what it is; of many alerts at once each may be as large as one, so there 65 KB are not much."""
    answer = await send(system, method, path, headers=bearer(token), data=io.BytesIO(filling * size))
    refused(answer, *((400, 413) if (path, size, filling) == ("/alerts", 65_537, b"[") else (413,)))


@pytest.mark.parametrize(("method", "path"), BODIES)
async def test_a_body_in_chunks_is_not_taken_for_none(system: System, token: str, method: str, path: str) -> None:
    """The platform drops it: whoever sends one is told, instead of having everything marked as read."""

    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"upTo": "2020-01-01T00:00:00Z"}'

    answer = await send(system, method, path, headers=bearer(token), data=chunks())
    refused(answer, 400)
    assert "Content-Length" in answer[1]["detail"]


@pytest.mark.parametrize(
    "media_type", ["text/plain", "multipart/form-data; boundary=x", "application/json-patch+json", "*/*", "\xe9"]
)
@pytest.mark.parametrize(("method", "path"), BODIES)
async def test_another_media_type_is_refused(
    system: System, token: str, method: str, path: str, media_type: str
) -> None:
    """415: nothing is guessed."""
    headers = bearer(token) | {"Content-Type": media_type}
    refused(await send(system, method, path, headers=headers, data=b"{}"), 415)


PATHS: Final = [
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e%2fx",
    "..%5c..%5cx",
    "a%2Fb",
    "a%252Fb",
    "%00",
    "a%00b",
    "%0d%0aSet-Cookie:%20a=b",
    "%ff%fe",
    "%c0%ae%c0%ae",
    "%ed%a0%80",
    "%",
    "%zz",
    "%u0041",
    "a b".replace(" ", "%20"),
    "a+b",
    "a;b=c",
    "a%3Fb",
    "a%23b",
    "%27%20OR%201=1--",
    "%22%7D%2C%7B%22a%22%3A%22",
    "$%7B7*7%7D",
    "{card}".replace("{", "%7B").replace("}", "%7D"),
    "\u0430".encode().hex("%").join(["%", ""]),
    "x" * 129,
    "x" * 4_000,
]


@pytest.mark.parametrize("segment", PATHS)
@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", "/alerts/{}"), ("PUT", "/subscriptions/{}"), ("DELETE", "/subscriptions/{}")]
)
async def test_tricks_with_the_path_lead_nowhere(
    system: System, token: str, method: str, path: str, segment: str
) -> None:
    """A card or a topic that cannot be one is refused, however it is encoded."""
    answer = await send(system, method, path.format(segment), headers=bearer(token), data=b'{"read": true}')
    not_served(answer)


@pytest.mark.parametrize("segment", ["%2e%2e", "%2e"])
@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", "/alerts/{}"), ("PUT", "/devices/{}"), ("DELETE", "/devices/{}")]
)
async def test_nothing_is_called_by_what_leads_elsewhere(
    system: System, token: str, method: str, path: str, segment: str
) -> None:
    """Put into the address of a service behind, it would name the hub or the container, and not a part of it."""
    device = b'{"platform": "fcmv1", "pushChannel": "token"}'
    data = device if method == "PUT" else b'{"read": true}'
    not_served(await send(system, method, path.format(segment), headers=bearer(token), data=data))


@pytest.mark.parametrize(
    "path",
    [
        "/../local.settings.json",
        "/%2e%2e/host.json",
        "/..%2fhost.json",
        "//alerts",
        "/alerts//changes",
        "/alerts/./changes",
        "/ALERTS/CHANGES/../../../admin/host/status",
        "/alerts%00",
        "/alerts%3flimit=1",
        "/openapi.json/",
        "/openapi.yaml",
        "/health/../me/export",
    ],
)
async def test_nothing_but_the_routes_is_served(system: System, path: str) -> None:
    """Files beside the app, other spellings of a route, routes behind routes: nothing without a token."""
    status, answer = await send(system, "GET", path)
    assert status in (400, 401, 404) or (status, answer["openapi"]) == (200, "3.1.0")


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "HEAD", "OPTIONS", "X" * 100])
@pytest.mark.parametrize("path", ["/alerts", "/alerts/changes", "/me", "/health"])
async def test_methods_that_are_not_there_are_not_served(system: System, token: str, method: str, path: str) -> None:
    """The platform answers what no function takes, and does not tell what there is."""
    status, answer = await send(system, method, path, headers=bearer(token))
    assert status in (400, 404, 405)
    assert answer is None


QUERIES: Final = [
    "limit=1&limit=2",
    "limit=1&LIMIT=2",
    "limit=%31%30%30%30",
    "limit=1e1",
    "limit=+1",
    "limit=0x10",
    "limit=%D9%A1",
    "limit=1%00",
    "limit=" + "9" * 3_000,
    "unread=true&unread=false",
    "unread=TRUE",
    "before=1795152345678-0000000000000000042&before=1795152345678-0000000000000000041",
    "before=1795152345678-0000000000000000042%0a",
    "before=%27%20OR%201=1--",
    "severity=info,,critical",
    "severity=info%2C%00",
    "severity[]=info",
    "category=a&category=%F0%9F%94%94",
    "category=" + ",".join(["A"] * 1_000),
    "user=somebody",
    "__proto__=x",
    "%00=x",
    "%ff=%ff",
    "a=1&" * 1_000,
]


@pytest.mark.parametrize("query", QUERIES)
async def test_tricks_with_the_query_are_refused(system: System, token: str, query: str) -> None:
    """Repeated, misspelled, in other digits, from another place: 400, with the parameter's name."""
    answer = await send(system, "GET", f"/alerts?{query}", headers=bearer(token))
    refused(answer, 400)
    assert answer[1]["code"] == "invalid-parameter"


async def test_forged_sync_tokens_are_refused(system: System, token: str, unique: str) -> None:
    """Of another person, changed at any place, cut, prolonged, or made up: 400, and nothing of anybody is told."""
    _, page = await send(system, "GET", "/alerts", headers=bearer(token))
    good: str = page["sync"]
    status, _ = await send(system, "GET", f"/alerts/changes?since={good}", headers=bearer(token))
    assert status == 200
    changed = [
        good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
        for place in range(0, len(good) - 1, max(1, len(good) // 24))
    ]
    bomb = base64.urlsafe_b64encode(b"1" + bytes(16) + zlib.compress(bytes(4_000_000), 9)).decode().rstrip("=")
    forged = [
        *changed,
        good[:-4],
        good + "AAAA",
        good * 2,
        "A",
        "%00",
        "====",
        "MQ",
        "%F0%9F%94%94",
        "A" * 8_000,
        bomb[:7_900],
        f"{good}&since={good}",
    ]
    for since in forged:
        answer = await send(system, "GET", f"/alerts/changes?since={since}", headers=bearer(token))
        refused(answer, 410)
        assert answer[1]["code"] == "sync-expired", since
    mallory = await system.token(f"mallory-{unique}")
    refused(await send(system, "GET", f"/alerts/changes?since={good}", headers=bearer(mallory)), 410)


async def raw(system: System, request: bytes) -> int:
    """The status of the answer to bytes that no HTTP library would send; 0: the connection was closed without one."""
    address = urlsplit(system.api)
    async with asyncio.timeout(QUICKLY):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            writer.write(request)
            line = await reader.readline()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
    return int(line.split()[1]) if line else 0


HEADERS: Final[dict[str, bytes]] = {
    "a very long one": b"X-Long: " + b"x" * 100_000,
    "very many": b"\r\n".join(b"X-%d: x" % number for number in range(5_000)),
    "an event without a source": b"ce-specversion: 1.0\r\nce-id: 1",
    "an event of another version": b"ce-specversion: 2.0\r\nce-id: 1\r\nce-source: a\r\nce-type: b",
    "a name with a space": b"X A: x",
    "a line of its own": b"x\ny",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 50",
    "a length that is none": b"Content-Length: -1",
    "a length and chunks": b"Transfer-Encoding: chunked",
    "two tokens": b"Authorization: Bearer x",
}


@pytest.mark.local_only(reason="the platform's front end answers before the functions do")
@pytest.mark.parametrize("name", HEADERS)
async def test_tricks_with_headers_are_refused(system: System, token: str, name: str) -> None:
    """By the platform, or by us; the connection may be closed, but nothing fails."""
    lines = (
        b"POST /api/alerts HTTP/1.1",
        b"Host: localhost",
        b"Authorization: Bearer " + token.encode(),
        HEADERS[name],
        *([b"Content-Length: 2"] if "Content-Length" not in HEADERS[name].decode("latin-1") else []),
    )
    status = await raw(system, b"\r\n".join(lines) + b"\r\n\r\n{}")
    assert status == 0 or 400 <= status < 500


@pytest.mark.local_only(reason="the platform's front end answers before the functions do")
async def test_an_event_whose_headers_are_no_text_does_no_harm(system: System, token: str, unique: str) -> None:
    """Its id is made of whatever bytes there are: it is taken, or refused, but nothing fails."""
    body = json.dumps({"to": [f"user:{unique}"], "title": "x"}).encode()
    for value in (b"\xff\xfe", b"\x80", b"\xc3\x28", b"\xed\xa0\x80", "żółw".encode(), b"a\tb"):
        event = b"ce-specversion: 1.0\r\nce-id: %b\r\nce-source: %b\r\nce-type: %b" % (value, value, value)
        head = b"POST /api/alerts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token.encode()
        status = await raw(system, b"%b\r\n%b\r\nContent-Length: %d\r\n\r\n%b" % (head, event, len(body), body))
        assert status == 202 or 400 <= status < 500


@pytest.mark.local_only(reason="the platform's front end answers before the functions do")
@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/9.9",
        b"GET",
        b"",
        b"\x16\x03\x01\x02\x00",
        b"GET " + b"/x" * 10_000 + b" HTTP/1.1",
        b"CONNECT evil:443 HTTP/1.1",
        b"GET http://evil/api/health HTTP/1.1",
    ],
)
async def test_what_is_no_request_is_refused(system: System, line: bytes) -> None:
    """Another protocol, a proxy's request, a line without an end; the host goes on serving."""
    status = await raw(system, line + b"\r\nHost: evil\r\n\r\n")
    assert status in (0, 200) or 400 <= status < 500
    assert (await send(system, "GET", "/health"))[0] == 200


@pytest.mark.local_only(reason="the platform's front end answers before the functions do")
@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:4280", True),
        ("https://evil.example", False),
        ("null", False),
        ("http://localhost:4280.evil.example", False),
    ],
)
async def test_only_configured_origins_may_call_from_a_browser(
    system: System, token: str, origin: str, *, allowed: bool
) -> None:
    """Preflight and request: the web client's origin is told that it may, and no other."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization",
    }
    async with aiohttp.ClientSession() as session:
        async with session.options(f"{system.api}/alerts/x", headers=asked) as preflight:
            assert preflight.status == 204
        async with session.get(f"{system.api}/preferences", headers=bearer(token) | {"Origin": origin}) as answer:
            assert answer.status == 200
    for response in (preflight, answer):
        assert response.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
        assert "Access-Control-Allow-Credentials" not in response.headers
    assert preflight.headers.get("Access-Control-Allow-Methods") == ("PATCH" if allowed else None)
