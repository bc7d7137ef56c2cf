"""What a request goes through on its way to the service, and its answer on the way back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    AsyncRetryPolicy,
    CustomHookPolicy,
    DistributedTracingPolicy,
    HttpLoggingPolicy,
    ProxyPolicy,
    RequestIdPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.rest import AsyncHttpResponse, HttpRequest

from shared.azure.notification_hubs.connection import Connection

TOKEN_LIFETIME: Final = timedelta(hours=1)
TOKEN_RESERVE: Final = timedelta(minutes=10)
"""How long before its end a token is replaced: more than any difference between two clocks."""
LONGEST_WAIT: Final = 2.0
"""The longest `Retry-After`, in seconds, that is waited for within a call; the caller owns longer ones."""


class SharedAccessSignaturePolicy(SansIOHTTPPolicy[HttpRequest, AsyncHttpResponse]):
    """Authorises each request by a token for the whole namespace, made once and used until shortly before its end.

    Args:
        connection: the namespace and its key.
        clock: the time, with a time zone.
    """

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._clock = clock
        self._token = ""
        self._expires: datetime | None = None

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        """Called by the pipeline for each attempt."""
        now = self._clock()
        if self._expires is None or now >= self._expires - TOKEN_RESERVE:
            self._expires = now + TOKEN_LIFETIME
            self._token = self._connection.key.sign(self._connection.url, self._expires)
        request.http_request.headers["Authorization"] = self._token


class BoundedRetryPolicy(AsyncRetryPolicy[HttpRequest, AsyncHttpResponse]):
    """Azure Core's retries, except that an answer that asks for a long wait is handed to the caller at once."""

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        """Called by the pipeline for each answer."""
        try:
            wait = self.get_retry_after(response) or 0.0
        except ValueError:  # neither a number nor a date
            return False
        return wait <= LONGEST_WAIT and super().is_retry(settings, response)


def pipeline_policies(connection: Connection, clock: Callable[[], datetime]) -> list[Any]:
    """The policies that the client libraries of Azure have, in their order.

    Two are left out: redirection, for the service does not redirect and the token must not go elsewhere, and the
    logging of whole requests, which would not spare the token. What is logged names no header's value but a few.
    """
    logging = HttpLoggingPolicy()
    logging.allowed_header_names = {*logging.allowed_header_names, "TrackingId", "ServiceBusNotification-Format"}
    return [
        RequestIdPolicy(),
        UserAgentPolicy(sdk_moniker="belfry-notification-hubs/0.1"),
        ProxyPolicy(),
        BoundedRetryPolicy(retry_total=1),  # at once; the caller owns the long waits
        SharedAccessSignaturePolicy(connection, clock),
        CustomHookPolicy(),
        DistributedTracingPolicy(),
        logging,
    ]
