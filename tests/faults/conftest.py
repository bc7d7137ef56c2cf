"""Each fault test has a cloud of its own, with its state on disk, and breaks it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators.cloud import Cloud
from tests.system import System


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    """The whole system, on free ports; its logs are kept beside its state."""
    with Cloud(free_ports=True, data=tmp_path / "state", logs=tmp_path / "logs") as cloud:
        yield System(cloud)
