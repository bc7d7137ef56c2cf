import os
import shutil
import subprocess
from pathlib import Path

import pytest

NODE_TESTS = Path(__file__).parents[1] / "node"


@pytest.fixture
def node() -> str:
    """The node command, with the packages of the official clients beside the tests."""
    command = shutil.which("node")
    assert command is not None, "node is not installed"
    assert (NODE_TESTS / "node_modules" / "@azure" / "service-bus").is_dir(), "the packages are missing: make setup"
    return command


def test_the_javascript_client(node: str, connection_string: str) -> None:
    """@azure/service-bus does with the service whatever service_bus.test.mjs says."""
    finished = subprocess.run(  # noqa: S603  # a file of this repository
        [node, "--test", "--test-reporter=spec", "service_bus.test.mjs"],
        cwd=NODE_TESTS,
        env={**os.environ, "SERVICE_BUS_CONNECTION_STRING": connection_string},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
