import gzip
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from emulators.children import Child, NotReadyError


async def get(http: aiohttp.ClientSession, url: str, **headers: str) -> tuple[aiohttp.ClientResponse, bytes]:
    """An answer and its body."""
    async with http.get(url, headers={name.replace("_", "-"): value for name, value in headers.items()}) as response:
        return response, await response.read()


async def test_a_page_is_served_with_azures_headers(http: aiohttp.ClientSession, app: Child) -> None:
    """As Static Web Apps sends it when no rules say otherwise."""
    response, body = await get(http, app.url)
    assert (response.status, response.content_type) == (200, "text/html")
    assert body == b"<!doctype html><title>Shop</title>"
    assert response.headers["cache-control"] == "public, must-revalidate, max-age=30"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_a_page_that_the_browser_has_is_not_sent_again(http: aiohttp.ClientSession, app: Child) -> None:
    """By its tag, in either form; HEAD tells the same without the body."""
    response, body = await get(http, app.url + "/assets/app.js")
    tag = response.headers["etag"]
    again, nothing = await get(
        http, app.url + "/assets/app.js", If_None_Match=f'"other", {tag}', Accept_Encoding="gzip"
    )
    assert (again.status, nothing, again.headers["etag"]) == (304, b"", tag)
    changed, whole = await get(http, app.url + "/assets/app.js", If_None_Match='"other"')
    assert (changed.status, whole) == (200, body)
    async with http.head(app.url + "/assets/app.js") as head:
        assert (head.status, head.headers["etag"], head.content_length) == (200, tag, len(body))
        assert await head.read() == b""


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip", True),
        ("br;q=1, GZIP;q=0.5", True),
        ("*", True),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.0, br", False),
    ],
)
async def test_a_script_is_compressed_for_whom_takes_it(
    http: aiohttp.ClientSession, app: Child, accepted: str, *, is_packed: bool
) -> None:
    """And only for them; caches are told that it depends."""
    response, body = await get(http, app.url + "/assets/app.js", Accept_Encoding=accepted)
    assert response.headers["vary"] == "Accept-Encoding"
    assert ("content-encoding" in response.headers) == is_packed
    assert b"'bell'" in (gzip.decompress(body) if is_packed else body)


async def test_a_json_file_has_the_members_it_was_given(http: aiohttp.ClientSession, app: Child) -> None:
    """So that a page learns where the services of this run are."""
    _, body = await get(http, app.url + "/shop.json")
    assert json.loads(body) == {"issuer": "http://localhost:1", "api": "/api"}


async def test_rules_hold_from_the_next_request_on(http: aiohttp.ClientSession, app: Child, folder: Path) -> None:
    """A build while it runs brings its rules; wrong ones are said by every page until they are mended."""
    rules = folder / "staticwebapp.config.json"
    rules.write_text('{"navigationFallback": {"rewrite": "/index.html"}, "globalHeaders": {"X-Own": "1"}}')
    response, _ = await get(http, app.url + "/orders/1001")
    assert (response.status, response.headers["x-own"]) == (200, "1")
    rules.write_text('{"rules": []}')
    response, body = await get(http, app.url)
    assert response.status == 500
    assert b"`rules`" in body


async def test_paths_that_climb_are_refused(app: Child) -> None:
    """Neither files nor the back end are reached around the rules."""
    async with aiohttp.ClientSession() as session:
        for path in ("/../secret", "/%2e%2e/secret", "/api/../admin/functions", "/api/%2E%2E/admin", "/%00"):
            async with session.get(URL(app.url + path, encoded=True)) as response:
                assert response.status == 400, path


async def test_a_request_goes_on_as_it_came(http: aiohttp.ClientSession, app: Child) -> None:
    """Method, path, query, headers, and the body's bytes, even packed ones."""
    body = gzip.compress(b'{"title": "Hello"}' * 10_000)
    headers = {
        "Authorization": "Bearer x",
        "Content-Encoding": "gzip",
        "Content-Type": "application/json",
        "X-Own": "1",
    }
    async with http.patch(app.url + "/api/a%2Fb?c=%20d&e", data=body, headers=headers) as response:
        got: dict[str, Any] = await response.json()
        assert response.headers.getall("Set-Cookie") == ["a=1", "b=2"]
    assert (got["method"], got["target"], got["body"]) == ("PATCH", "/api/a%2Fb?c=%20d&e", body.hex())
    told = dict(got["headers"])
    assert {name: told[name.lower()] for name in headers} == headers
    assert told["content-length"] == str(len(body))
    assert "transfer-encoding" not in told
    assert told["x-ms-original-url"].startswith(app.url)
    assert told["x-forwarded-for"] == "127.0.0.1"
    assert "user-agent" not in told


async def test_a_request_without_a_body_has_none(http: aiohttp.ClientSession, app: Child) -> None:
    """Nothing is invented on the way."""
    async with http.delete(app.url + "/api/me") as response:
        told = {name for name, _ in (await response.json())["headers"]}
    assert "transfer-encoding" not in told
    assert "content-type" not in told


async def test_answers_come_back_as_they_are(http: aiohttp.ClientSession, app: Child) -> None:
    """Streams, redirects and errors are the client's to deal with."""
    _, parts = await get(http, app.url + "/api/parts")
    assert parts == b"one two"
    async with http.get(app.url + "/api/redirect", allow_redirects=False) as response:
        assert (response.status, response.headers["location"]) == (302, "/elsewhere")
    problem, body = await get(http, app.url + "/api/problem")
    assert (problem.status, problem.headers["retry-after"], json.loads(body)) == (503, "5", {"code": "unavailable"})


async def test_half_an_answer_does_not_pass_for_a_whole_one(http: aiohttp.ClientSession, app: Child) -> None:
    """When the back end breaks off, so does this."""
    with pytest.raises(aiohttp.ClientPayloadError):
        await get(http, app.url + "/api/half")


async def test_a_back_end_that_does_not_answer_is_a_problem(http: aiohttp.ClientSession, app: Child) -> None:
    """In the shape that clients of the API know: 504 after the time, 502 when nobody is there."""
    response, body = await get(http, app.url + "/api/slow")
    assert (response.status, response.content_type) == (504, "application/problem+json")
    assert json.loads(body)["code"] == "gateway-timeout"
    with Child("emulators.static_web_apps", ["--port", "0", "--api", "http://localhost:1"]) as alone:
        response, body = await get(http, alone.url + "/api/health")
    assert (response.status, response.content_type) == (502, "application/problem+json")
    assert json.loads(body)["code"] == "bad-gateway"


async def test_the_authorization_is_replaced_on_demand(http: aiohttp.ClientSession, backend: str) -> None:
    """As Azure may do on the way to Functions, so that one can see whether an app gets by with that."""
    options = ["--port", "0", "--api", backend, "--replace-authorization"]
    with Child("emulators.static_web_apps", options) as child:
        _, body = await get(http, child.url + "/api/me", Authorization="Bearer x", X_Token="Bearer x")
    told = dict(json.loads(body)["headers"])
    assert (told["authorization"], told["x-token"]) == ("Bearer static-web-apps", "Bearer x")


async def test_without_a_build_it_says_how_to_build(http: aiohttp.ClientSession, tmp_path: Path) -> None:
    """On its page and in its log; a build that comes later is served without a restart."""
    log = tmp_path / "log"
    with Child("emulators.static_web_apps", ["--port", "0", "--folder", str(tmp_path / "dist")], log=log) as child:
        response, body = await get(http, child.url)
        assert (response.status, b"make web" in body, "make web" in log.read_text()) == (503, True, True)
        (tmp_path / "dist").mkdir()
        (tmp_path / "dist" / "index.html").write_text("built")
        assert (await get(http, child.url))[1] == b"built"


@pytest.mark.parametrize("member", ["shop.json", "shop.json:issuer", ":issuer=a", "shop.json:=a"])
def test_a_wrong_option_is_refused_at_the_start(tmp_path: Path, member: str) -> None:
    """With an example of a right one."""
    with pytest.raises(NotReadyError, match=r"as in shop\.json:issuer=http://localhost:8091"):
        Child("emulators.static_web_apps", ["--port", "0", "--set", member], log=tmp_path / "log").start()
