"""One request, from its arrival to its answer: whatever goes wrong becomes a problem document."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from shared.api.http import Request, Response
from shared.api.problems import Code, ProblemError
from shared.errors import BelfryError, RefusedError, TransientError
from shared.identity import NotAuthenticatedError
from shared.inbox.errors import CardNotFoundError, CardRevisedError, TooManySubscriptionsError, TopicClosedError
from shared.inbox.sync import SyncExpiredError
from shared.push.addressing import TooManyTagsError

log = logging.getLogger(__name__)

type Operation = Callable[[Request], Awaitable[Response]]

_CODES: Final[tuple[tuple[type[BelfryError], Code], ...]] = (
    (CardNotFoundError, Code.CARD_NOT_FOUND),
    (CardRevisedError, Code.CARD_REVISED),
    (TopicClosedError, Code.TOPIC_CLOSED),
    (TooManySubscriptionsError, Code.TOO_MANY_SUBSCRIPTIONS),
    (TooManyTagsError, Code.TOO_MANY_TAGS),
    (SyncExpiredError, Code.SYNC_EXPIRED),
)
"""The problems that are the caller's to solve."""


async def answer(operation: Operation, request: Request) -> Response:
    """Run an operation, and answer."""
    try:
        return await operation(request)
    except Exception as error:  # the last line of defence: logged in full, told without detail
        problem = _problem(error, request)
        if problem.code is Code.INTERNAL:
            log.exception("%s failed unexpectedly", getattr(operation, "__qualname__", operation))
        if problem.code is Code.UNAVAILABLE:
            log.warning("unavailable: %s", error)
        return problem.response()


def _problem(error: Exception, request: Request) -> ProblemError:
    match error:
        case ProblemError():
            return error
        case NotAuthenticatedError():
            reason = ', error="invalid_token"' if request.authorization is not None else ""
            challenge = {"WWW-Authenticate": f'Bearer realm="belfry"{reason}'}
            return ProblemError(Code.UNAUTHENTICATED, str(error), headers=challenge)
        case TransientError() | RefusedError():
            return ProblemError(Code.UNAVAILABLE, headers={"Retry-After": "5"})
        case _:
            code = next((code for kind, code in _CODES if isinstance(error, kind)), None)
            return ProblemError(code, str(error)) if code else ProblemError(Code.INTERNAL)
