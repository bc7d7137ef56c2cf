import asyncio
import os
import shutil
from pathlib import Path

import pytest

NODE_TESTS = Path(__file__).parents[1] / "node"


async def test_the_official_javascript_client(connection_string: str) -> None:
    """@azure/notification-hubs registers, patches, sends by tags and by handle, deletes, and reads the errors."""
    node = shutil.which("node")
    if node is None or not (NODE_TESTS / "node_modules").is_dir():
        pytest.fail("Node.js or its packages are missing: make setup")
    process = await asyncio.create_subprocess_exec(
        node,
        "--test",
        "notification_hubs.test.mjs",
        cwd=NODE_TESTS,
        env={**os.environ, "NOTIFICATION_HUBS_CONNECTION_STRING": connection_string},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
