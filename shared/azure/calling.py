"""One call to a service: bounded in time, its failures told apart into those that pass and those that do not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from azure.core.exceptions import AzureError, HttpResponseError

from shared.errors import RefusedError, TransientError

CALL_SECONDS = 10.0
"""The longest that one call may take, retries of the SDK included: the queue owns the long waits."""

_REFUSED = frozenset({400, 413, 415, 422})
"""Answers that will be the same next time. Not 401, 403 or 404: an operator mends those while messages wait."""


@asynccontextmanager
async def calling(service: str, seconds: float = CALL_SECONDS) -> AsyncIterator[None]:
    """Run the block as one call to `service`.

    Raises:
        TransientError: it did not answer in time, could not be reached, or failed.
        RefusedError: it will never do this.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise TransientError(f"{service} did not answer within {seconds:g} s") from error
    except HttpResponseError as error:
        kind = RefusedError if error.status_code in _REFUSED else TransientError
        said = f"answered {error.status_code}" if error.status_code else "failed"  # before anything was asked
        raise kind(f"{service} {said}: {_first_line(error)}") from error
    except AzureError as error:
        raise TransientError(f"{service} failed: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
