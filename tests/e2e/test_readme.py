"""The README holds: what it tells people to type works as it stands there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from emulators.cloud import COMPONENTS, Cloud
from emulators.settings import with_addresses
from tests.system import System, eventually

pytestmark = pytest.mark.local_only(reason="its examples are for the local cloud")

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _section(title: str) -> str:
    """The text below a heading, up to the next one."""
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def _blocks(language: str, text: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def _run(cloud: Cloud, *command: str) -> str:
    """What a command of the README prints, with this cloud's addresses in the place of the usual ones."""
    moved = {
        spelling: component.address(urlsplit(cloud.urls[component.name]).port)
        for component in COMPONENTS
        for spelling in component.spellings()
    }
    texts = {str(index): text for index, text in enumerate(command)}
    done = subprocess.run(  # noqa: S603  # our README
        [*with_addresses(texts, moved).values()],
        cwd=ROOT,
        env={**os.environ, **cloud.settings()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def _titles(system: System, user: str, *roles: str) -> list[str]:
    return [card["title"] for card in await system.history(user, *roles, everyone=True)]


async def test_the_python_example_delivers_its_alert(cloud: Cloud, system: System) -> None:
    """Copied and run, it puts the card into the inbox that it names."""
    [example] = _blocks("python", _section("Send an alert"))
    _run(cloud, sys.executable, "-c", example)

    async def arrived() -> bool:
        return "Your order is on its way" in await _titles(system, "ada")

    await eventually(arrived)


@pytest.mark.skipif(not shutil.which("curl"), reason="the examples use curl")
async def test_the_shell_examples_deliver_their_alerts(cloud: Cloud, system: System) -> None:
    """One after the other in one shell: by command, as JSON, as a CloudEvent; and an inbox is read."""
    examples = "\n".join(_blocks("sh", _section("Send an alert")))
    output = _run(cloud, "sh", "-euc", examples.replace(".venv/bin/python", sys.executable))
    assert output.count('"accepted"') == 2
    assert '"alerts"' in output

    async def arrived() -> bool:
        return {"Stock is low", "Deliveries are late today"} <= set(
            await _titles(system, "nora", "back-office")
        ) and "Your parcel waits at the door" in await _titles(system, "mateo")

    await eventually(arrived)


def test_the_page_with_a_bell_is_the_one_that_is_explained() -> None:
    """The same text as in the web client's own page, and what the page that runs on the local cloud does."""
    [example] = _blocks("html", _section("In your app"))
    assert example in (ROOT / "web/README.md").read_text(encoding="utf-8")
    runs = (ROOT / "docs/embed.html").read_text(encoding="utf-8")
    steps = ("<belfry-bell></belfry-bell>", "{ Belfry, useBelfry }", "useBelfry(belfry);", "await belfry.connect();")
    assert all(step in example and step in runs for step in steps)


def test_the_example_for_other_tests_starts_a_cloud(cloud: Cloud) -> None:
    """The local cloud from code, as it stands there."""
    [example] = _blocks("python", _section("The local cloud, for other things"))
    assert re.fullmatch(r"http://\S+:\d+\n", _run(cloud, sys.executable, "-c", example))


def test_every_command_is_a_target_of_the_makefile() -> None:
    """Whoever types `make something` from the README finds it."""
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", README, re.MULTILINE)) <= {
        pair for target in targets for pair in ((target, ""), ("", target))
    }


def test_every_link_leads_somewhere() -> None:
    """Files and folders that the README links to are there."""
    links = re.findall(r'\]\(([^)]+)\)|(?:src|srcset)="([^"]+)"', README)
    local = [link for pair in links for link in pair if link and not link.startswith("https://")]
    assert local
    assert [link for link in local if not (ROOT / link.partition("#")[0]).exists()] == []


def test_the_api_is_the_one_that_is_served() -> None:
    """The table names every route of the function app with its methods, and no other."""
    source = (ROOT / "function_app.py").read_text(encoding="utf-8")
    served = {
        (method, f"/{route}")
        for route, methods in re.findall(r'@app\.route\("([^"]+)", methods=\[([^]]+)\]', source)
        for method in re.findall(r"[A-Z]+", methods)
    }
    told: set[tuple[str, str]] = set()
    for cell in re.findall(r"^\| (`.+?) \|", _section("The HTTP API"), re.MULTILINE):
        methods: list[str] = []
        for method, route in re.findall(r"`([A-Z]+)(?: (/\S+))?`", cell):
            methods.append(method)
            if route:
                told |= {(named, route) for named in methods}
                methods.clear()
    assert told == served


def test_the_addresses_are_those_of_the_cloud() -> None:
    """The table of addresses has every service at its port."""
    table = _section("The local cloud, for other things")
    assert re.findall(r"`(\w+://localhost:\d+)`", table) == [component.address() for component in COMPONENTS]
