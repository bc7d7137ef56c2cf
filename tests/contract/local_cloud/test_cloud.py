import json
import socket
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from emulators.children import NotReadyError
from emulators.cloud import Cloud, Component, PortTakenError


def answers(url: str) -> bool:
    """Whether something listens there."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def token(url: str, user: str) -> str:
    """A token of the identity provider."""
    with urlopen(Request(f"{url}/token", f"user={user}".encode()), timeout=5) as response:  # noqa: S310  # our own URL
        access_token: str = json.load(response)["access_token"]
        return access_token


def test_services_run_inside_the_block_and_not_after_it() -> None:
    """Entering waits until they answer; leaving ends them."""
    with Cloud(["identity"], free_ports=True) as cloud:
        url = cloud.urls["identity"]
        assert token(url, "ada")
    assert not answers(url)
    assert cloud.urls == {}


def test_two_clouds_run_side_by_side() -> None:
    """On free ports, tests and developers do not get in each other's way."""
    with Cloud(["identity"], free_ports=True) as first, Cloud(["identity"], free_ports=True) as second:
        assert first.urls != second.urls


def test_settings_follow_the_ports() -> None:
    """The application is told where the services really are."""
    settings = {"AUTH_ISSUER": "http://localhost:8091", "COSMOS_ENDPOINT": "http://localhost:8081"}
    with Cloud(["identity"], free_ports=True, settings=settings) as cloud:
        assert cloud.settings() == {
            "AUTH_ISSUER": cloud.urls["identity"],
            "COSMOS_ENDPOINT": "http://localhost:8081",
        }


def test_a_killed_service_comes_back_where_it_was(tmp_path: Path) -> None:
    """A service on a free port keeps it over a restart, and with a folder also its state."""
    with Cloud(["identity"], free_ports=True, data=tmp_path, logs=tmp_path / "logs") as cloud:
        url = cloud.urls["identity"]
        child = cloud.child("identity")
        child.kill()
        assert cloud.ended() == ["identity"]
        assert not answers(url)
        assert child.start() == url
        assert cloud.ended() == []
        before = child.pid
        cloud.restart("identity")
        assert child.pid != before
        assert token(url, "ada")
    assert (tmp_path / "identity.db").exists()
    assert (tmp_path / "logs" / "identity.log").exists()


def test_a_taken_port_names_its_service() -> None:
    """Nothing is started when a port is taken, and the error says which service wants it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        cloud = Cloud(components=[Component(name="identity", title="Sign-in", port=port)])
        with pytest.raises(PortTakenError, match=f"Sign-in needs port {port}"):
            cloud.start()
    assert cloud.urls == {}


def test_a_service_that_does_not_come_up_takes_the_others_down(tmp_path: Path) -> None:
    """A cloud is complete or it is not there; the error carries what the service said last."""
    components = [
        Component(name="identity", title="Sign-in", port=8091),
        Component(name="absent", title="Absent", port=1, needs=("identity",)),
    ]
    cloud = Cloud(components=components, free_ports=True, logs=tmp_path)
    with pytest.raises(NotReadyError, match=r"No module named emulators\.absent"):
        cloud.start()
    assert cloud.urls == {}
