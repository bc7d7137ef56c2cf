"""Azure Functions: its requests, responses and messages, and ours."""

from collections.abc import Sequence
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


def to_received(messages: Sequence[func.ServiceBusMessage]) -> list[Received]:
    """Our messages for a batch of the platform's.

    In a batch the host leaves missing texts out of their lists, so that those behind them move up: a content type may
    be another message's, and is not read (an event is known by its body, or its properties). Of message ids it shows,
    for then the last ones have none: no id of such a batch is to be trusted. Numbers, times and properties stay put.

    Raises:
        ValueError: the host did not say when the queue took a message, or as what number: it would have no position.
    """
    identified = all(message.message_id for message in messages)
    return [_received(message, identified=identified) for message in messages]


def _received(message: func.ServiceBusMessage, *, identified: bool) -> Received:
    enqueued, number = message.enqueued_time_utc, message.sequence_number
    if enqueued is None or number is None:
        raise ValueError("the trigger gives no enqueue time or no sequence number")
    return Received(
        body=message.get_body(),
        message_id=message.message_id if identified else "",
        # The host gives times in UTC, and does not say so.
        enqueued=enqueued if enqueued.tzinfo else enqueued.replace(tzinfo=UTC),
        sequence_number=number,
        properties=message.application_properties or {},
    )
