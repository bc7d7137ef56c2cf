import asyncio

import pytest
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError, ServiceRequestError

from shared.azure.calling import calling
from shared.errors import RefusedError, TransientError


def http_error(status: int, message: str = "no") -> HttpResponseError:
    """What the SDKs raise for an answer with this status."""
    error = HttpResponseError(message)
    error.status_code = status
    return error


@pytest.mark.parametrize("status", [400, 413, 415, 422])
async def test_what_will_be_the_same_next_time_is_refused(status: int) -> None:
    """It is parked, not tried for seventeen hours."""
    with pytest.raises(RefusedError, match=f"Cosmos DB answered {status}"):
        async with calling("Cosmos DB"):
            raise http_error(status)


@pytest.mark.parametrize("status", [401, 403, 404, 408, 409, 410, 429, 449, 500, 502, 503, 504])
async def test_what_may_be_mended_is_tried_again(status: int) -> None:
    """Outages, throttling, and also keys, roles and containers, which operators mend while messages wait."""
    with pytest.raises(TransientError, match=f"answered {status}"):
        async with calling("Cosmos DB"):
            raise http_error(status)


@pytest.mark.parametrize("error", [ServiceRequestError("no route"), AzureError("?"), ResourceNotFoundError("gone")])
async def test_what_did_not_come_to_an_answer_is_tried_again(error: AzureError) -> None:
    """The network is a passing reason."""
    with pytest.raises(TransientError) as told:
        async with calling("Web PubSub"):
            raise error
    assert told.value.__cause__ is error


async def test_a_call_that_hangs_ends() -> None:
    """Every call has a timeout, and running into it is a passing reason."""
    with pytest.raises(TransientError, match=r"did not answer within 0\.001 s"):
        async with calling("Service Bus", seconds=0.001):
            await asyncio.Event().wait()


async def test_only_the_first_line_of_an_error_is_kept() -> None:
    """SDK errors go on for pages, with headers and addresses."""
    with pytest.raises(TransientError) as told:
        async with calling("Cosmos DB"):
            raise http_error(503, "busy" * 200 + "\nAuthorization: secret")
    assert "secret" not in str(told.value)
    assert len(str(told.value)) < 400


async def test_defects_are_not_hidden() -> None:
    """What is no error of a service is none of its business."""
    with pytest.raises(KeyError):
        async with calling("Cosmos DB"):
            raise KeyError("a bug")
    with pytest.raises(asyncio.CancelledError):
        async with calling("Cosmos DB"):
            raise asyncio.CancelledError
