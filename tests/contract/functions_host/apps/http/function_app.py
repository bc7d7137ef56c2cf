"""An app with one HTTP function for each thing that the host promises of HTTP triggers."""

import asyncio
import json
import logging
import os
import threading

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def echo(function: str, request: func.HttpRequest) -> func.HttpResponse:
    """Answer with everything that the function was given."""
    document = {
        "function": function,
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "params": dict(request.params),
        "route": dict(request.route_params),
        "body": request.get_body().decode("latin-1"),
    }
    return func.HttpResponse(json.dumps(document), mimetype="application/json")


@app.route(route="echo/{id}/{part?}")
async def anything(req: func.HttpRequest) -> func.HttpResponse:
    """Takes every method."""
    return echo("anything", req)


@app.route(route="echo/{id:int}", methods=["GET"])
async def number(req: func.HttpRequest) -> func.HttpResponse:
    """More specific than `anything`."""
    return echo("number", req)


@app.route(route="echo/fixed", methods=["GET"])
async def fixed(req: func.HttpRequest) -> func.HttpResponse:
    """More specific than both."""
    return echo("fixed", req)


@app.route(route="files/{*rest}", methods=["GET"])
async def files(req: func.HttpRequest) -> func.HttpResponse:
    """Takes the rest of the path."""
    return echo("files", req)


@app.route(route="hello", methods=["GET"])
async def hello(req: func.HttpRequest) -> func.HttpResponse:
    """The smallest function, for measuring."""
    del req
    return func.HttpResponse("hello")


@app.route(methods=["GET"])
def thread(req: func.HttpRequest) -> func.HttpResponse:
    """A sync function, on its default route."""
    del req
    logging.getLogger("app").info("from a thread")
    return func.HttpResponse(threading.current_thread().name)


@app.route(route="settings/{name}", methods=["GET"])
async def setting(req: func.HttpRequest) -> func.HttpResponse:
    """Answer with an environment variable."""
    return func.HttpResponse(os.environ.get(req.route_params["name"], ""))


@app.route(route="reply", methods=["POST"])
async def reply(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    """Answer with a status, headers and bytes of its own."""
    logging.getLogger("app").info("replying")
    print("printed")  # noqa: T201  # what is tested
    response = func.HttpResponse(
        req.get_body(), status_code=201, mimetype="application/octet-stream", headers={"X-Id": context.invocation_id}
    )
    response.headers.add("Set-Cookie", "one=1; Path=/; HttpOnly")
    response.headers.add("Set-Cookie", "two=a/b; Path=/; SameSite=Lax; Max-Age=60")
    return response


@app.route(route="text", methods=["GET"])
async def text(req: func.HttpRequest) -> str:
    """Answer with a plain string."""
    del req
    return "plain text é"


@app.route(route="fail", methods=["GET"])
async def fail(req: func.HttpRequest) -> func.HttpResponse:
    """Raise."""
    raise ValueError(f"as asked by {req.params.get('who')}")


@app.route(route="slow", methods=["GET"])
async def slow(req: func.HttpRequest) -> func.HttpResponse:
    """Takes a while."""
    logging.getLogger("app").info("taking a while")
    await asyncio.sleep(float(req.params["seconds"]))
    return func.HttpResponse("done")


@app.route(route="off", methods=["GET"])
async def off(req: func.HttpRequest) -> func.HttpResponse:
    """Turned off by a setting."""
    return echo("off", req)
