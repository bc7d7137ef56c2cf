import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from playwright.async_api import expect

from emulators.children import Child
from tests.browser.conftest import ROOT
from tests.browser.visitors import Visitors
from tests.system import System


@pytest.fixture
def outputs(system: System) -> dict[str, str]:
    """What `azd provision` leaves in the environment of the hooks."""
    return {
        "AUTH_ISSUER": system.settings["AUTH_ISSUER"],
        "AUTH_CLIENT_ID": "hearth-and-oak",
        "AUTH_SCOPE": "openid profile offline_access",
        "WEB_PUBSUB_ENDPOINT": system.cloud.urls["web_pubsub"],
    }


@pytest.fixture
def shop(system: System, outputs: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """The web client as `azd deploy` uploads it, hosted as in Azure: with a token of the host's own on the way."""
    folder = tmp_path / "dist"
    shutil.copytree(ROOT / "web/shop/dist", folder)
    assert _hook(folder, outputs).returncode == 0
    options = ["--port", "0", "--folder", str(folder), "--api", system.cloud.urls["functions_host"]]
    with Child("emulators.static_web_apps", [*options, "--replace-authorization"]) as site:
        yield site.url


async def test_it_works_with_what_the_deployment_says(visitors: Visitors, system: System, unique: str) -> None:
    """Sign-in, history and live alerts, though its pages may connect to nothing but these services."""
    person = await visitors.add(unique)
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "Your order is packed"})
    page = await person.visit("/customer.html")
    bell = page.locator("belfry-bell").get_by_role("button").first
    await expect(bell).to_have_accessible_name("Notifications, 1 unread")
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "Your order is on its way"})
    await expect(bell).to_have_accessible_name("Notifications, 2 unread")


async def test_its_pages_connect_to_the_services_alone(
    visitors: Visitors, shop: str, outputs: dict[str, str], unique: str
) -> None:
    """Who gets a script onto a page cannot send anywhere what it reads."""
    async with aiohttp.ClientSession() as session, session.get(shop + "/customer.html") as response:
        policy = response.headers["Content-Security-Policy"]
    allowed = re.findall("connect-src ([^;]*)", policy)
    live = "ws://" + urlsplit(outputs["WEB_PUBSUB_ENDPOINT"]).netloc
    assert allowed == [f"'self' {outputs['AUTH_ISSUER']} {live}"]
    person = await visitors.add(unique)
    person.allow("Content Security Policy")
    page = await person.visit("/customer.html")
    refused = "fetch('https://elsewhere.example/').then(() => 'sent', error => error.name)"
    assert await page.evaluate(refused) == "TypeError"


@pytest.mark.parametrize("missing", ["AUTH_ISSUER", "AUTH_CLIENT_ID", "AUTH_SCOPE", "WEB_PUBSUB_ENDPOINT"])
def test_a_deployment_that_is_not_complete_says_what_is_missing(
    outputs: dict[str, str], tmp_path: Path, missing: str
) -> None:
    """Nothing is written then."""
    run = _hook(tmp_path, outputs | {missing: ""})
    assert (run.returncode, list(tmp_path.iterdir())) == (1, [])
    assert missing in run.stderr


def test_an_issuer_that_does_not_answer_is_named(outputs: dict[str, str], tmp_path: Path) -> None:
    """Rather than deployed."""
    elsewhere = f"{outputs['AUTH_ISSUER']}/elsewhere"
    run = _hook(tmp_path, outputs | {"AUTH_ISSUER": elsewhere})
    assert (run.returncode, list(tmp_path.iterdir())) == (1, [])
    assert elsewhere in run.stderr


def test_the_hook_changes_what_is_deployed(outputs: dict[str, str], tmp_path: Path) -> None:
    """What else a hosting configuration says stays."""
    before = json.loads((ROOT / "web/shop/dist/staticwebapp.config.json").read_text())
    shutil.copy(ROOT / "web/shop/dist/staticwebapp.config.json", tmp_path)
    assert _hook(tmp_path, outputs).returncode == 0
    after = json.loads((tmp_path / "staticwebapp.config.json").read_text())
    policy = after["globalHeaders"].pop("Content-Security-Policy")
    assert "localhost:*" in before["globalHeaders"].pop("Content-Security-Policy")
    assert "localhost:*" not in policy
    assert after == before


def _hook(folder: Path, outputs: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run what azure.yaml runs before it deploys."""
    command = [sys.executable, str(ROOT / "infra/hooks/web_settings.py"), str(folder)]
    return subprocess.run(command, env=os.environ | outputs, capture_output=True, text=True, check=False)  # noqa: S603 - our own script
