"""Azure Functions: its requests, responses and messages, and ours."""

from datetime import UTC

import azure.functions as func

from shared.api.http import Request, Response
from shared.wire.message import Received


def to_request(request: func.HttpRequest) -> Request:
    """Our request for the platform's."""
    return Request(
        method=request.method,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=dict(request.params),
        params=dict(request.route_params),
        body=request.get_body(),
    )


def from_response(response: Response) -> func.HttpResponse:
    """The platform's response for ours."""
    headers = dict(response.headers)
    media_type = headers.pop("Content-Type", None)
    return func.HttpResponse(response.body, status_code=response.status, headers=headers, mimetype=media_type)


def to_received(message: func.ServiceBusMessage) -> Received:
    """Our message for the platform's.

    Raises:
        ValueError: the host did not say when the queue took it, or as what number: without them it has no position.
    """
    enqueued, number = message.enqueued_time_utc, message.sequence_number
    if enqueued is None or number is None:
        raise ValueError("the trigger gives no enqueue time or no sequence number")
    return Received(
        body=message.get_body(),
        message_id=message.message_id or "",
        enqueued=enqueued if enqueued.tzinfo else enqueued.replace(tzinfo=UTC),
        sequence_number=number,
        content_type=message.content_type,
        properties=message.application_properties or {},
    )
