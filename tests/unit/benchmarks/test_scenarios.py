import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import SCENARIOS

PROJECT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_a_file_of_its_name(name: str) -> None:
    """What is asked for on the command line is found in the folder."""
    assert (PROJECT / "benchmarks" / f"{name}.py").is_file()


def test_a_scenario_that_does_not_exist_is_named_beside_those_that_do() -> None:
    """Before anything is started."""
    asked = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nonsense"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert asked.returncode == 2
    assert "nonsense" in asked.stderr
    assert all(name in asked.stderr for name in SCENARIOS)
