import socket
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import jwt
import pytest

from emulators.children import Child, NotReadyError


async def token(http: aiohttp.ClientSession, url: str, user: str) -> str:
    """A script's token."""
    async with http.post(f"{url}/token", data={"user": user}) as response:
        access_token: str = (await response.json())["access_token"]
        return access_token


async def test_tokens_outlive_a_killed_process(http: aiohttp.ClientSession, tmp_path: Path) -> None:
    """After `kill -9` and a restart, what was signed before still verifies, because the key was kept."""
    child = Child("emulators.identity", ["--port", "0", "--data", str(tmp_path)])
    with child:
        before = await token(http, child.url, "ada")
        child.arguments = ("--port", str(urlsplit(child.url).port), *child.arguments[2:])
        child.kill()
        child.start()
        key = jwt.PyJWKClient(f"{child.url}/keys").get_signing_key_from_jwt(before)
        assert jwt.decode(before, key, ["RS256"], audience="belfry", issuer=child.url)["sub"] == "ada"
    with sqlite3.connect(tmp_path / "identity.db") as connection:
        assert connection.execute("SELECT count(*) FROM signing_key").fetchone() == (1,)
    connection.close()


async def test_the_issuer_is_what_clients_were_told(http: aiohttp.ClientSession) -> None:
    """Behind another address, discovery and tokens carry that address."""
    options = ["--port", "0", "--ephemeral", "--issuer", "http://localhost:4280/identity", "--audience", "other"]
    with Child("emulators.identity", options) as child:
        async with http.get(f"{child.url}/.well-known/openid-configuration") as response:
            metadata = await response.json()
        assert metadata["issuer"] == "http://localhost:4280/identity"
        assert metadata["token_endpoint"] == "http://localhost:4280/identity/token"
        claims = jwt.decode(await token(http, child.url, "ada"), options={"verify_signature": False})
        assert (claims["iss"], claims["aud"]) == ("http://localhost:4280/identity", "other")


async def test_the_people_are_a_file(http: aiohttp.ClientSession, tmp_path: Path) -> None:
    """Another file of people changes whom one can pick, and what scripts get for their ids."""
    people = tmp_path / "people.json"
    people.write_text('{"Crew": [{"id": "mona", "name": "Mona Lindholm", "roles": ["captain"]}]}')
    with Child("emulators.identity", ["--port", "0", "--ephemeral", "--people", str(people)]) as child:
        claims = jwt.decode(await token(http, child.url, "mona"), options={"verify_signature": False})
        assert (claims["name"], claims["roles"]) == ("Mona Lindholm", ["captain"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--people", "nowhere.json"], "nowhere.json"),
        (["--issuer", "localhost:8091"], "an http"),
        (["--redirect-uri", "app.example"], "an absolute http"),
    ],
)
def test_a_wrong_option_is_refused_at_the_start(tmp_path: Path, options: list[str], said: str) -> None:
    """A mistake in the command line ends the process with a sentence about it."""
    with pytest.raises(NotReadyError, match=said):
        Child("emulators.identity", ["--port", "0", "--ephemeral", *options], log=tmp_path / "log").start()


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    """Two providers do not share a port in silence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = ["--port", str(taken.getsockname()[1]), "--ephemeral"]
        with pytest.raises(NotReadyError, match="cannot listen: Address already in use"):
            Child("emulators.identity", options, log=tmp_path / "log").start()
