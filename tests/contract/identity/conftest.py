"""The provider as a process of its own, on a free port."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from emulators.children import Child


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The URL of a running provider."""
    with Child("emulators.identity", ["--port", "0", "--ephemeral"]) as child:
        yield child.url


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that shows redirects instead of following them."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session
