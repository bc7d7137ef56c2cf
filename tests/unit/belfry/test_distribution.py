"""What `pip install belfry` brings: enough to send, and nothing of what only the functions need."""

import subprocess
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import distributions, requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
IMPORTED = "import {}, sys; print(*(getattr(each, '__file__', None) for each in sys.modules.values()), sep='\\n')"


@pytest.mark.parametrize(
    ("modules", "extras"),
    [
        ("belfry, belfry.aio, azure.identity", []),
        ("belfry.inbox, belfry.live", ["inbox"]),
        ("belfry.cli, belfry.cli.tail, belfry.cli.send, belfry.cli.doctor, belfry.cli.smoke", ["cli"]),
    ],
)
def test_what_is_imported_is_installed(modules: str, extras: list[str]) -> None:
    """By the distribution itself, or by what it depends on."""
    run = subprocess.run(  # noqa: S603 - this interpreter, with the program above
        [sys.executable, "-c", IMPORTED.format(modules)], check=True, capture_output=True, text=True, cwd=ROOT
    )
    imported = {_owners()[file] for file in run.stdout.splitlines() if file in _owners()}
    assert "msgspec" in imported
    assert imported <= _closure([*PROJECT["dependencies"], *(each for extra in extras for each in _of(extra))])


def test_a_producer_installs_nothing_of_the_functions() -> None:
    """Neither the database, nor the exporter of telemetry, nor the worker."""
    installed = _closure(PROJECT["dependencies"])
    assert not installed & {"azure-cosmos", "azure-functions", "azure-monitor-opentelemetry", "aiohttp"}


def test_versions_are_those_that_are_tested() -> None:
    """One range for each distribution, wherever it stands."""
    lines = [
        line.partition(" #")[0].strip()
        for name in ("requirements.txt", "requirements-dev.txt")
        for line in (ROOT / name).read_text().splitlines()
    ]
    tested = {canonicalize_name(each.name): each.specifier for each in map(Requirement, filter(_is_requirement, lines))}
    for requirement in map(Requirement, [*PROJECT["dependencies"], *_of("cli")]):
        assert tested[canonicalize_name(requirement.name)] == requirement.specifier


@cache
def _owners() -> dict[str, str]:
    """Of each file that is installed, the distribution that it came with."""
    return {
        str(file.locate()): canonicalize_name(distribution.name)
        for distribution in distributions()
        for file in distribution.files or ()
    }


def _is_requirement(line: str) -> bool:
    return bool(line) and not line.startswith(("#", "-"))


def _of(extra: str) -> list[str]:
    """What an extra installs, those that it includes unfolded."""
    requirements = [Requirement(each) for each in EXTRAS[extra]]
    own = [str(each) for each in requirements if each.name != PROJECT["name"]]
    included = [name for each in requirements if each.name == PROJECT["name"] for name in sorted(each.extras)]
    return [*own, *(each for name in included for each in _of(name))]


def _closure(wanted: Iterable[str]) -> set[str]:
    """The distributions that are installed with these, by what those here say of themselves."""
    found: set[str] = set()
    waiting = [Requirement(each) for each in wanted]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        environments = [{"extra": extra} for extra in ("", *requirement.extras)]
        if name not in found:
            found.add(name)
            waiting += [
                each
                for each in map(Requirement, requires(name) or [])
                if each.marker is None or any(each.marker.evaluate(environment) for environment in environments)
            ]
    return found
