"""Which pages in a browser may see the devices."""

from http import HTTPStatus

import aiohttp
import pytest
from aiohttp import hdrs


@pytest.mark.parametrize("path", ["/_devices", "/_events"])
@pytest.mark.parametrize("origin", ["http://localhost:4280", "http://127.0.0.1:5173", "http://[::1]:4280"])
async def test_a_page_of_this_machine_may_read(
    service: str, http: aiohttp.ClientSession, path: str, origin: str
) -> None:
    """A page of this machine may read the devices, whichever port it comes from."""
    async with http.get(service + path, headers={hdrs.ORIGIN: origin}) as response:
        assert response.status == HTTPStatus.OK
        assert response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] == origin
        assert hdrs.ORIGIN in response.headers[hdrs.VARY]


@pytest.mark.parametrize("path", ["/_devices", "/_events"])
@pytest.mark.parametrize("origin", ["https://example.com", "http://localhost.example.com", "null", "http://[::1"])
async def test_a_page_from_elsewhere_may_not_read(
    service: str, http: aiohttp.ClientSession, path: str, origin: str
) -> None:
    """What people are pushed stays hidden from the pages of other sites."""
    async with http.get(service + path, headers={hdrs.ORIGIN: origin}) as response:
        assert hdrs.ACCESS_CONTROL_ALLOW_ORIGIN not in response.headers
