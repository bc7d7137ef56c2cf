"""Every trigger of Belfry: decode, call the use case, encode. No decision is taken here."""

import os
from typing import List  # noqa: UP035  # the worker reads this annotation, and knows only this spelling

import azure.functions as func

from shared.api.answering import Operation, answer
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
    await belfry.deliver(to_received(messages))


async def _http(operation: Operation, req: func.HttpRequest) -> func.HttpResponse:
    return from_response(await answer(operation, to_request(req)))


@app.route("alerts", methods=["POST"])
async def send_alerts(req: func.HttpRequest) -> func.HttpResponse:
    """Take alerts from producers."""
    return await _http(belfry.producers.send, req)


@app.route("negotiate", methods=["POST"])
async def negotiate(req: func.HttpRequest) -> func.HttpResponse:
    """Where a person's client connects."""
    return await _http(belfry.people.negotiate, req)


@app.route("alerts", methods=["GET"])
async def list_alerts(req: func.HttpRequest) -> func.HttpResponse:
    """A person's inbox, newest first."""
    return await _http(belfry.inboxes.history, req)


@app.route("alerts/changes", methods=["GET"])
async def list_changes(req: func.HttpRequest) -> func.HttpResponse:
    """What came or changed since."""
    return await _http(belfry.inboxes.changes, req)


@app.route("alerts/{card}", methods=["PATCH"])
async def mark_card(req: func.HttpRequest) -> func.HttpResponse:
    """Read, unread, archived, or back again."""
    return await _http(belfry.inboxes.mark, req)


@app.route("alerts/read", methods=["POST"])
async def mark_all(req: func.HttpRequest) -> func.HttpResponse:
    """Everything is read."""
    return await _http(belfry.inboxes.mark_all, req)


@app.route("subscriptions", methods=["GET"])
async def list_subscriptions(req: func.HttpRequest) -> func.HttpResponse:
    """A person's topics."""
    return await _http(belfry.people.subscriptions, req)


@app.route("subscriptions/{topic}", methods=["PUT"])
async def subscribe(req: func.HttpRequest) -> func.HttpResponse:
    """One topic more."""
    return await _http(belfry.people.subscribe, req)


@app.route("subscriptions/{topic}", methods=["DELETE"])
async def unsubscribe(req: func.HttpRequest) -> func.HttpResponse:
    """One topic less."""
    return await _http(belfry.people.unsubscribe, req)


@app.route("preferences", methods=["GET"])
async def read_preferences(req: func.HttpRequest) -> func.HttpResponse:
    """What a person wants to be pushed."""
    return await _http(belfry.people.preferences, req)


@app.route("preferences", methods=["PUT"])
async def write_preferences(req: func.HttpRequest) -> func.HttpResponse:
    """What they want from now on."""
    return await _http(belfry.people.prefer, req)


@app.route("devices", methods=["GET"])
async def list_devices(req: func.HttpRequest) -> func.HttpResponse:
    """A person's phones and browsers."""
    return await _http(belfry.people.devices, req)


@app.route("devices/{installation}", methods=["PUT"])
async def register_device(req: func.HttpRequest) -> func.HttpResponse:
    """One device more, or again."""
    return await _http(belfry.people.register, req)


@app.route("devices/{installation}", methods=["DELETE"])
async def remove_device(req: func.HttpRequest) -> func.HttpResponse:
    """One device less."""
    return await _http(belfry.people.unregister, req)


@app.route("me/export", methods=["GET"])
async def export_person(req: func.HttpRequest) -> func.HttpResponse:
    """Everything that is kept about a person."""
    return await _http(belfry.people.export, req)


@app.route("me", methods=["DELETE"])
async def erase_person(req: func.HttpRequest) -> func.HttpResponse:
    """Erase it all."""
    return await _http(belfry.people.leave, req)


@app.route("health", methods=["GET"])
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Which backends answer."""
    return await _http(belfry.health.health, req)


@app.route("openapi.json", methods=["GET"])
async def describe(req: func.HttpRequest) -> func.HttpResponse:
    """This API, described."""
    return await _http(belfry.description.describe, req)
