import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.package import packaged_by_azd, packaged_by_core_tools, write_package
from emulators.settings import read_settings

PROJECT = Path(__file__).parents[3]
BY = pytest.mark.parametrize("packaged", [packaged_by_azd, packaged_by_core_tools])

type Packaged = Callable[[Path], list[str]]


@BY
def test_only_what_the_functions_need_is_deployed(packaged: Packaged) -> None:
    """Neither the local cloud nor tests nor tools, whichever program deploys."""
    kept = (path.relative_to(PROJECT) for path in (PROJECT / "shared").rglob("*.py"))
    wanted = {"function_app.py", "host.json", "requirements.txt", *map(str, kept)}
    assert {name for name in packaged(PROJECT) if "__pycache__" not in name} == wanted


@BY
def test_what_tools_leave_behind_is_not_deployed(packaged: Packaged, tmp_path: Path) -> None:
    """Environments of azd and of Python, settings with keys, and folders that nobody thought of."""
    (tmp_path / ".funcignore").write_text((PROJECT / ".funcignore").read_text())
    for name in [
        "function_app.py",
        "shared/alert.py",
        "shared/azure/cosmos/alerts.py",
        "shared/tests/docs/web.py",  # names that are left out above are not left out here
        ".azure/prod/.env",
        ".venv/pyvenv.cfg",
        "belfry_env/pyvenv.cfg",
        "belfry.egg-info/PKG-INFO",
        "build/lib/function_app.py",
        "local.settings.json",
        "local.settings.sample.json",
        ".env",
        "web/node_modules/x/index.js",
    ]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert packaged(tmp_path) == [
        "function_app.py",
        "shared/alert.py",
        "shared/azure/cosmos/alerts.py",
        "shared/tests/docs/web.py",
    ]


def test_bytecode_is_not_deployed(tmp_path: Path) -> None:
    """It is of another machine's Python. Core Tools cannot be told: what is wanted once, it always sends."""
    (tmp_path / ".funcignore").write_text((PROJECT / ".funcignore").read_text())
    (tmp_path / "shared/inbox/__pycache__").mkdir(parents=True)
    (tmp_path / "shared/inbox/__pycache__/sync.pyc").touch()
    assert packaged_by_azd(tmp_path) == []


def test_the_package_starts_alone(tmp_path: Path) -> None:
    """Every function is found by what is deployed, with nothing else of this folder in reach."""
    write_package(PROJECT, packaged_by_azd(PROJECT), tmp_path / "package.zip")
    with zipfile.ZipFile(tmp_path / "package.zip") as package:
        package.extractall(tmp_path / "application")
    settings = {name: value for name, value in read_settings(PROJECT).items() if value}
    command = "import function_app; print(len(function_app.app.get_functions()), function_app.__file__)"
    started = subprocess.run(  # noqa: S603  # ours
        [sys.executable, "-c", command],
        cwd=tmp_path / "application",
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 0, started.stderr
    count, file = started.stdout.split()
    assert int(count) > 15
    assert Path(file).is_relative_to(tmp_path)
