"""One running system for all end-to-end tests of a worker process; each test has people of its own."""

import uuid
from collections.abc import Iterator

import pytest

from emulators.cloud import Cloud
from tests.system import System
from tests.target import AZURE


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """The local cloud on free ports, its state in memory, its logs in a folder that a failed run keeps."""
    with Cloud(free_ports=True, logs=tmp_path_factory.mktemp("logs")) as cloud:
        yield cloud


@pytest.fixture
def system(request: pytest.FixtureRequest) -> System:
    """The whole system: the cloud, or a deployed one."""
    return System(None if AZURE else request.getfixturevalue("cloud"))


@pytest.fixture
def unique() -> str:
    """A name that no other test uses."""
    return uuid.uuid4().hex[:12]
