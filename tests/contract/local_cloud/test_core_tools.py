import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("present", "remedy"), [([], "npm install --global azure-functions-core-tools@4"), (["func"], "Node.js is missing")]
)
def test_what_is_missing_is_said_in_one_line(tmp_path: Path, present: list[str], remedy: str) -> None:
    """Without Core Tools, or without Node.js for Azurite, nothing starts, and one line says how to get them."""
    for program in present:
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    ended = subprocess.run(
        [sys.executable, "-m", "emulators.core_tools"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert remedy in ended.stderr
