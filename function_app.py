"""Every trigger of Belfry: decode, call the use case, encode. No decision is taken here."""

import os
from typing import List  # noqa: UP035  # the worker reads this annotation, and knows only this spelling

import azure.functions as func

from shared.azure.functions import from_response, to_received, to_request
from shared.composition import Belfry
from shared.settings import load_settings

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)  # tokens are checked by us, on every call
belfry = Belfry(load_settings(os.environ))  # a wrong setting fails here, at start; services open at first use


@app.service_bus_queue_trigger(
    arg_name="messages",
    queue_name="alerts",
    connection="SERVICE_BUS_CONNECTION",
    cardinality=func.Cardinality.MANY,
    data_type=func.DataType.BINARY,  # any body arrives as the bytes it was
)
async def deliver(messages: List[func.ServiceBusMessage]) -> None:  # noqa: UP006
    """Keep each alert, tell its people, see to what failed."""
    await belfry.deliver([to_received(message) for message in messages])


@app.route("alerts", methods=["POST"])
async def send_alerts(req: func.HttpRequest) -> func.HttpResponse:
    """Take alerts from producers."""
    return from_response(await belfry.api.answer(belfry.api.send, to_request(req)))


@app.route("alerts", methods=["GET"])
async def list_alerts(req: func.HttpRequest) -> func.HttpResponse:
    """A person's inbox, newest first."""
    return from_response(await belfry.api.answer(belfry.api.history, to_request(req)))


@app.route("negotiate", methods=["POST"])
async def negotiate(req: func.HttpRequest) -> func.HttpResponse:
    """Where a person's client connects."""
    return from_response(await belfry.api.answer(belfry.api.negotiate, to_request(req)))


@app.route("health", methods=["GET"])
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Which backends answer."""
    return from_response(await belfry.api.answer(belfry.api.health, to_request(req)))
