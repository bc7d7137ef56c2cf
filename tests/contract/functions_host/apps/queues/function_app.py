"""An app with one Service Bus function for each thing that the host promises of them.

Each function writes what it was given to the file that RECORDS names, one JSON object a line. All of them take the
same queue: a test turns off those it does not want.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Any, List  # noqa: UP035  # the runtime does not take `list[...]` as an annotation

import azure.functions as func

app = func.FunctionApp()
CONNECTION = "BUS"
QUEUE = "%QUEUE%"


def record(function: str, messages: list[func.ServiceBusMessage], **more: Any) -> None:
    """Write down what a function was given."""
    line = json.dumps({"function": function, "messages": [describe(message) for message in messages], **more})
    with Path(os.environ["RECORDS"]).open("a") as file:
        file.write(line + "\n")


def describe(message: func.ServiceBusMessage) -> dict[str, Any]:
    """All that a function can know of a message."""
    return {
        "body": message.get_body().decode("latin-1"),
        "message_id": message.message_id,
        "sequence_number": message.sequence_number,
        "delivery_count": message.delivery_count,
        "enqueued_time_utc": message.enqueued_time_utc and message.enqueued_time_utc.isoformat(),
        "expires_at_utc": message.expires_at_utc and message.expires_at_utc.isoformat(),
        "lock_token": message.lock_token,
        "content_type": message.content_type,
        "correlation_id": message.correlation_id,
        "subject": message.subject,
        "label": message.label,
        "to": message.to,
        "reply_to": message.reply_to,
        "application_properties": message.application_properties,
        "user_properties": message.user_properties,
    }


@app.service_bus_queue_trigger(
    arg_name="messages",
    queue_name=QUEUE,
    connection=CONNECTION,
    cardinality=func.Cardinality.MANY,
    data_type=func.DataType.BINARY,
)
async def batches(messages: List[func.ServiceBusMessage]) -> None:  # noqa: UP006  # see above
    """Takes batches of any bytes; raises on the first delivery of `fail`, and takes its time over `slow`."""
    record("batches", messages)
    for message in messages:
        if message.get_body() == b"fail" and message.delivery_count == 1:
            raise ValueError("as asked")
        if message.get_body().startswith(b"slow"):
            await asyncio.sleep(float(message.get_body().removeprefix(b"slow")))
    record("batches ended", messages)


@app.service_bus_queue_trigger(
    arg_name="message", queue_name=QUEUE, connection=CONNECTION, data_type=func.DataType.STRING
)
async def singles(message: func.ServiceBusMessage) -> None:
    """Takes one message; raises on the first delivery of `fail`, and takes its time over `slow`."""
    record("singles", [message])
    body = message.get_body()
    if body == b"fail" and message.delivery_count == 1:
        raise ValueError("as asked")
    if body.startswith(b"slow"):
        await asyncio.sleep(float(body.removeprefix(b"slow")))
    record("singles ended", [message])


@app.service_bus_queue_trigger(
    arg_name="messages", queue_name=QUEUE, connection=CONNECTION, cardinality=func.Cardinality.MANY
)
def documents(messages: List[func.ServiceBusMessage]) -> None:  # noqa: UP006  # see above
    """Takes batches without a data type: the host passes JSON on."""
    record("documents", messages)
