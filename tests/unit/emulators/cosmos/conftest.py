from collections.abc import Iterator

import pytest

from tests.unit.emulators.cosmos.signed import Account


@pytest.fixture
def account() -> Iterator[Account]:
    """An account in memory with one container."""
    with Account().prepare() as account:
        yield account
