"""A web app as a process of its own, on a free port, with a back end that tells what it got."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from emulators.children import Child


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a build made."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Shop</title>")
    (folder / "assets" / "app.js").write_text("export const words = [" + "'bell'," * 500 + "];")
    (folder / "shop.json").write_text('{"issuer": "http://localhost:8091", "api": "/api"}')
    return folder


@pytest.fixture
async def backend() -> AsyncIterator[str]:
    """The address of a back end: it repeats the request, streams, is slow, breaks off, or redirects."""
    runner = web.ServerRunner(
        web.Server(_answer, auto_decompress=False), shutdown_timeout=0.1
    )  # one handler never ends
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://localhost:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
def app(folder: Path, backend: str, tmp_path: Path) -> Iterator[Child]:
    """The running web app."""
    options = ["--port", "0", "--folder", str(folder), "--api", backend, "--api-seconds", "1"]
    options += ["--set", "shop.json:issuer=http://localhost:1"]
    with Child("emulators.static_web_apps", options, log=tmp_path / "log") as child:
        yield child


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that asks for nothing of itself and unpacks nothing."""
    skipped = ("Accept-Encoding", "User-Agent", "Accept")
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=skipped, timeout=timeout) as session:
        yield session


async def _answer(request: web.BaseRequest) -> web.StreamResponse:
    match request.path:
        case "/api/slow":
            await asyncio.sleep(3600)
        case "/api/redirect":
            return web.Response(status=302, headers={"Location": "/elsewhere"})
        case "/api/problem":
            headers = {"Retry-After": "5", "WWW-Authenticate": "Bearer"}
            return web.json_response({"code": "unavailable"}, status=503, headers=headers)
        case "/api/parts" | "/api/half":
            response = web.StreamResponse(headers={"Content-Type": "text/plain"})
            await response.prepare(request)
            await response.write(b"one ")
            if request.path == "/api/half":
                assert request.transport
                request.transport.abort()
            await response.write_eof(b"two")
            return response
    return web.json_response(
        {
            "method": request.method,
            "target": request.raw_path,
            "headers": [[name.lower(), value] for name, value in request.headers.items()],
            "body": (await request.read()).hex(),
        },
        headers=[("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
    )
