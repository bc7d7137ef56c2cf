import asyncio
import http.client
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from yarl import URL

from emulators.children import Child

from .conftest import APPS


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the host logs."""
    return tmp_path_factory.mktemp("host") / "log"


@pytest.fixture(scope="module")
def host(log: Path) -> Iterator[Child]:
    """The app `http`."""
    environment = {"AzureWebJobs.off.Disabled": "true", "FROM_BOTH": "environment"}
    arguments = ["--port", "0", "--ephemeral", "--app", str(APPS / "http")]
    with Child("emulators.functions_host", arguments, environment=environment, log=log) as child:
        yield child


class Answer:
    """A response, read."""

    def __init__(self, response: aiohttp.ClientResponse, body: bytes) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def said(log: Path) -> str:
    """What the host has logged so far."""
    return log.read_text()


async def ask(host: Child, method: str, path: str, **more: Any) -> Answer:
    """Send a request; the path is sent as it is written."""
    timeout = aiohttp.ClientTimeout(total=30)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.request(method, URL(host.url + path, encoded=True), **more) as response,
    ):
        return Answer(response, await response.read())


@pytest.mark.parametrize(
    ("path", "function", "route"),
    [
        ("/api/echo/fixed", "fixed", {}),
        ("/API/ECHO/FIXED/", "fixed", {}),
        ("/api/echo/7", "number", {"id": "7"}),
        ("/api/echo/seven", "anything", {"id": "seven"}),
        ("/api/echo/7/b%C3%A9%2F%20c", "anything", {"id": "7", "part": "bé%2F c"}),
        ("/api/files", "files", {}),
        ("/api/files/a/b.txt", "files", {"rest": "a/b.txt"}),
    ],
)
async def test_routes(host: Child, path: str, function: str, route: dict[str, str]) -> None:
    """The most specific route gets the request, with what it captured decoded."""
    answer = await ask(host, "GET", path)
    assert answer.document["function"] == function
    assert answer.document["route"] == route


async def test_request(host: Child) -> None:
    """A function sees method, URL, headers, query and body as the host in Azure gives them."""
    token = "Bearer " + "x" * 20_000
    headers = [("X-One", "1"), ("X-One", "2"), ("X-Empty", ""), ("Authorization", token), ("Content-Encoding", "gzip")]
    answer = await ask(
        host, "PATCH", "/api/echo/x?a=1&A=2&b=%C3%A9&empty=&none", headers=headers, data=b"\x00\xff body"
    )
    seen = answer.document
    assert seen["method"] == "PATCH"
    assert seen["url"] == f"{host.url}/api/echo/x?a=1&A=2&b=%C3%A9&empty=&none"
    assert seen["headers"]["x-one"] == "1,2"
    assert seen["headers"]["x-empty"] == ""
    assert seen["headers"]["authorization"] == token
    assert seen["params"] == {"a": "1,2", "b": "é"}
    assert seen["body"].encode("latin-1") == b"\x00\xff body"


async def test_reply(host: Child) -> None:
    """A function's status, headers, cookies and bytes reach the client."""
    answer = await ask(host, "POST", "/api/reply", data=b"\xff\x00")
    assert answer.status == 201
    assert answer.body == b"\xff\x00"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert len(answer.headers["X-Id"]) == 36
    assert answer.headers.getall("Set-Cookie") == [
        "one=1; path=/; httponly",
        "two=a%2Fb; max-age=60; path=/; samesite=lax",
    ]


async def test_text_reply(host: Child) -> None:
    """A function that returns a string answers 200 with plain text."""
    answer = await ask(host, "GET", "/api/text")
    assert (answer.status, answer.body.decode()) == (200, "plain text é")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


async def test_sync_functions_run_on_threads(host: Child) -> None:
    """A function that is not async runs in the thread pool and does not stop the host."""
    answer = await ask(host, "GET", "/api/thread")
    assert "ThreadPoolExecutor" in answer.body.decode()


async def test_exception(host: Child, log: Path) -> None:
    """An exception is answered with 500 and nothing else; the log has the function and the traceback."""
    answer = await ask(host, "GET", "/api/fail?who=me")
    assert (answer.status, answer.body) == (500, b"")
    assert "ValueError: as asked by me" in said(log)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/nothing"),
        ("POST", "/api/echo/fixed/a/b"),
        ("POST", "/api/hello"),
        ("HEAD", "/api/hello"),
        ("OPTIONS", "/api/hello"),
        ("GET", "/hello"),
        ("GET", "/api/off"),
        ("GET", "/admin/nothing"),
    ],
)
async def test_not_found(host: Child, method: str, path: str) -> None:
    """What no route takes is 404 without a body; so is a method the route does not list, or a disabled function."""
    answer = await ask(host, method, path)
    assert (answer.status, answer.body) == (404, b"")


async def test_head_and_options(host: Child) -> None:
    """HEAD and OPTIONS reach a function that takes them; HEAD is answered without the body."""
    head = await ask(host, "HEAD", "/api/echo/x")
    assert (head.status, head.body) == (200, b"")
    options = await ask(host, "OPTIONS", "/api/echo/x")
    assert options.document["method"] == "OPTIONS"


async def test_large_body(host: Child) -> None:
    """Bodies of many megabytes come through whole."""
    body = b"0123456789abcdef" * (1 << 20)
    answer = await ask(host, "POST", "/api/reply", data=io.BytesIO(body))
    assert answer.body == body


def test_too_large_body(host: Child) -> None:
    """A body that announces more than 100 MB is refused before it is sent."""
    connection = http.client.HTTPConnection(urlsplit(host.url).netloc, timeout=10)
    connection.putrequest("POST", "/api/reply")
    connection.putheader("Content-Length", str(104_857_601))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


async def test_chunked_body(host: Child, log: Path) -> None:
    """A body without a Content-Length is not passed on, as in Azure; the log says so."""

    async def chunks() -> Any:
        yield b"chunk"

    answer = await ask(host, "POST", "/api/echo/x", data=chunks())
    assert answer.document["body"] == ""
    assert "without a Content-Length" in said(log)


async def test_settings(host: Child) -> None:
    """Settings come from local.settings.json, and the process's environment wins over it."""
    assert (await ask(host, "GET", "/api/settings/FROM_FILE")).body == b"file"
    assert (await ask(host, "GET", "/api/settings/FROM_BOTH")).body == b"environment"


async def test_preflight(host: Child) -> None:
    """A browser's preflight from an allowed origin is granted what it asks for; from another it gets nothing."""
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization,x-a"}
    granted = await ask(host, "OPTIONS", "/api/hello", headers={"Origin": "http://localhost:4280", **asked})
    assert granted.status == 204
    assert granted.headers["Access-Control-Allow-Origin"] == "http://localhost:4280"
    assert granted.headers["Access-Control-Allow-Methods"] == "PUT"
    assert granted.headers["Access-Control-Allow-Headers"] == "authorization,x-a"
    assert granted.headers["Access-Control-Allow-Credentials"] == "true"
    refused = await ask(host, "OPTIONS", "/api/hello", headers={"Origin": "http://elsewhere", **asked})
    assert "Access-Control-Allow-Origin" not in refused.headers


async def test_cross_origin_request(host: Child) -> None:
    """A request from an allowed origin is answered with the header that lets the page read it, errors too."""
    for path in ("/api/hello", "/api/fail", "/api/nothing"):
        answer = await ask(host, "GET", path, headers={"Origin": "http://localhost:3000"})
        assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
        assert answer.headers["Vary"] == "Origin"


async def test_status(host: Child) -> None:
    """The administration says that the host runs, and lists the app's functions."""
    status = (await ask(host, "GET", "/admin/host/status")).document
    assert status["state"] == "Running"
    assert status["processUptime"] > 0
    functions = {function["name"]: function for function in (await ask(host, "GET", "/admin/functions")).document}
    assert functions["number"]["invoke_url_template"] == f"{host.url}/api/echo/{{id:int}}"
    assert functions["number"]["config"]["bindings"][0]["type"] == "httpTrigger"
    assert functions["off"]["isDisabled"] is True
    assert (await ask(host, "GET", "/admin/functions/text")).document == functions["text"]


async def test_home_page(host: Child) -> None:
    """The root says that the host is up."""
    answer = await ask(host, "GET", "/")
    assert answer.status == 200
    assert b"up and running" in answer.body


async def test_logs(host: Child, log: Path) -> None:
    """The log has each invocation, and what the app logs and prints, with function and invocation id."""
    await ask(host, "GET", "/api/thread")
    answer = await ask(host, "POST", "/api/reply", data=b"")
    text = said(log)
    assert f"[reply {answer.headers['X-Id']}] replying" in text
    assert f"reply {answer.headers['X-Id']} succeeded in" in text
    assert "printed" in text
    assert any("[thread " in line and line.endswith("from a thread") for line in text.splitlines())


async def test_request_is_finished(tmp_path: Path) -> None:
    """SIGTERM while a request is answered: it is answered, no other is taken, and the host ends with status 0."""
    log = tmp_path / "log"
    with Child(
        "emulators.functions_host", ["--port", "0", "--ephemeral", "--app", str(APPS / "http")], log=log
    ) as host:
        asked = asyncio.create_task(ask(host, "GET", "/api/slow?seconds=1.5"))
        async with asyncio.timeout(10):
            while "taking a while" not in said(log):  # noqa: ASYNC110  # another process writes it
                await asyncio.sleep(0.02)
        assert await asyncio.to_thread(host.stop) == 0
        assert (await asked).body == b"done"
        with pytest.raises(aiohttp.ClientConnectorError):
            await ask(host, "GET", "/api/hello")
