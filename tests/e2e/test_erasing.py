"""An operator erases a person who asks for it and cannot do it themselves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulators.cloud import Cloud
from tests.system import System, eventually

pytestmark = pytest.mark.local_only(reason="it goes to Cosmos DB with the local key")

PROJECT = Path(__file__).parents[2]
PHONE = {"platform": "fcmv1", "pushChannel": "token"}


def _erase(cloud: Cloud, user: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # our script
        [sys.executable, "-m", "scripts.erase_person", user],
        cwd=PROJECT,
        env={**os.environ, **cloud.settings()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_an_operator_erases_a_person(cloud: Cloud, system: System, unique: str) -> None:
    """Profile, marks, devices and the alerts for them alone; twice is as good as once, and nothing else is said."""
    token = await system.token(unique)
    assert (await system.request("PUT", f"/devices/{unique}-phone", token=token, json=PHONE))[0] == 200
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "For them alone"})

    async def arrived() -> bool:
        return bool(await system.history(unique))

    await eventually(arrived)
    for _ in range(2):
        done = _erase(cloud, unique)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{unique} is erased.\n", "")
    assert await system.history(unique) == []
    _, _, devices = await system.request("GET", "/devices", token=token)
    assert devices["devices"] == []


def test_what_is_no_id_is_refused(cloud: Cloud) -> None:
    """Before anything is opened."""
    refused = _erase(cloud, "!belfry")
    assert refused.returncode == 2
    assert "not a user's id" in refused.stderr
