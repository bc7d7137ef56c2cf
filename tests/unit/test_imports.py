import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
RULES = [
    contract["name"]
    for contract in tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
]


@pytest.fixture(scope="module")
def report() -> str:
    """What import-linter says of all rules: a line for each, and the import chains that break one."""
    linted = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; lint_imports(no_logo=True, no_cache=True)"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return linted.stdout + linted.stderr


@pytest.mark.parametrize("rule", RULES)
def test_imports_run_one_way(rule: str, report: str) -> None:
    """Each rule on imports in pyproject.toml, which its name says in a sentence, is kept."""
    assert f"{rule} KEPT" in report, report


def test_the_application_does_not_load_the_sdk_of_opentelemetry() -> None:
    """It knows the API alone; who collects loads what they need."""
    script = "import sys, belfry.aio, shared.composition; sys.exit('opentelemetry.sdk' in sys.modules)"
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, cwd=PROJECT, check=False).returncode == 0  # noqa: S603  # our own modules
