import json
import urllib.request
from pathlib import Path
from textwrap import dedent

import pytest

from emulators.children import Child, NotReadyError

_HTTP = """
    import azure.functions as func

    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

    @app.route(route="x")
    async def good(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("good")
"""


def _write(folder: Path, code: str, host: object = None, settings: object = None) -> None:
    (folder / "function_app.py").write_text(dedent(code))
    (folder / "host.json").write_text(json.dumps(host or {"version": "2.0"}))
    if settings is not None:
        (folder / "local.settings.json").write_text(json.dumps(settings))


def _refusal(folder: Path, *arguments: str, **environment: str) -> str:
    """What the host says when it does not start."""
    log = folder / "log"
    command = ["--port", "0", "--ephemeral", "--app", str(folder), *arguments]
    child = Child("emulators.functions_host", command, environment=environment, log=log)
    with pytest.raises(NotReadyError, match="ended with status 1 "):
        child.start()
    child.stop()
    return log.read_text()


def test_no_app(tmp_path: Path) -> None:
    """A folder without host.json is not an app, and is said not to be."""
    assert "host.json: not found" in _refusal(tmp_path)


def test_wrong_value_in_host_json(tmp_path: Path) -> None:
    """A wrong value in host.json is named by its key, and the host does not start."""
    _write(tmp_path, _HTTP, {"version": "2.0", "extensions": {"serviceBus": {"prefetchCount": -1}}})
    assert "host.json: extensions.serviceBus.prefetchCount: must be a whole number" in _refusal(tmp_path)


def test_app_that_cannot_be_imported(tmp_path: Path) -> None:
    """An app that raises while it is imported is shown with its traceback."""
    _write(tmp_path, "import does_not_exist\n")
    assert "No module named 'does_not_exist'" in _refusal(tmp_path)


def test_function_that_cannot_be_indexed(tmp_path: Path) -> None:
    """A function whose signature does not fit its bindings is named with the reason."""
    _write(tmp_path, _HTTP + '\n    @app.route(route="y")\n    def bad(request): ...\n')
    assert "function 'bad': cannot be indexed" in _refusal(tmp_path)


def test_retry_policies_are_refused(tmp_path: Path) -> None:
    """A retry policy would do nothing here, so it is refused."""
    _write(
        tmp_path,
        _HTTP.replace(
            "@app.route",
            '@app.retry(strategy="fixed_delay", max_retry_count="3", delay_interval="00:00:01")\n    @app.route',
        ),
    )
    assert "function 'good': retry policies are not served" in _refusal(tmp_path)


def test_what_is_not_served_is_named(tmp_path: Path) -> None:
    """Triggers, bindings and options that are not served are refused by name, all at once."""
    _write(
        tmp_path,
        """
        import azure.functions as func

        app = func.FunctionApp()

        @app.queue_trigger(arg_name="message", queue_name="q", connection="C")
        def storage(message: func.QueueMessage) -> None: ...

        @app.service_bus_queue_trigger(arg_name="message", queue_name="q", connection="C", is_sessions_enabled=True)
        def sessions(message: func.ServiceBusMessage) -> None: ...

        @app.service_bus_topic_trigger(arg_name="message", topic_name="t", subscription_name="s", connection="C")
        def topic(message: func.ServiceBusMessage) -> None: ...

        @app.route(route="x")
        @app.service_bus_queue_output(arg_name="out", queue_name="q", connection="C")
        def output(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse: ...

        @app.route(route="a-{x}")
        def template(req: func.HttpRequest) -> func.HttpResponse: ...

        @app.timer_trigger(arg_name="timer", schedule="99 * * * * *")
        def timer(timer: func.TimerRequest) -> None: ...
        """,
    )
    said = _refusal(tmp_path, C="Endpoint=sb://localhost;SharedAccessKeyName=n;SharedAccessKey=k")
    assert "function 'storage': the trigger 'queueTrigger' is not served" in said
    assert "function 'sessions': Service Bus sessions are not served" in said
    assert "function 'topic': Service Bus topics are not served" in said
    assert "function 'output': the binding 'serviceBus' is not served" in said
    assert "function 'template': the route segment 'a-{x}' is not served" in said
    assert "function 'timer': 99 is not in the range of the second field" in said


def test_missing_setting(tmp_path: Path) -> None:
    """A setting that a trigger refers to and that is missing is named."""
    _write(
        tmp_path,
        """
        import azure.functions as func

        app = func.FunctionApp()

        @app.service_bus_queue_trigger(arg_name="message", queue_name="%QUEUE_NAME%", connection="C")
        def queue(message: func.ServiceBusMessage) -> None: ...

        @app.service_bus_queue_trigger(arg_name="message", queue_name="q", connection="BUS")
        def connection(message: func.ServiceBusMessage) -> None: ...
        """,
    )
    said = _refusal(tmp_path, C="Endpoint=sb://localhost;SharedAccessKeyName=n;SharedAccessKey=k")
    assert "QUEUE_NAME: setting is missing" in said
    assert "BUS: setting is missing; give it a Service Bus connection string" in said


def test_port_is_taken(tmp_path: Path) -> None:
    """A port that is taken is said to be."""
    _write(tmp_path, _HTTP)
    with Child("emulators.functions_host", ["--port", "0", "--ephemeral", "--app", str(tmp_path)]) as first:
        assert "cannot listen" in _refusal(tmp_path, "--port", first.url.rpartition(":")[2])


def test_named_settings_file(tmp_path: Path) -> None:
    """--settings names another file, and with no file of the usual name the sample is read."""
    _write(tmp_path, _HTTP)
    assert "no such file" in _refusal(tmp_path, "--settings", str(tmp_path / "absent.json"))
    (tmp_path / "other.json").write_text(json.dumps({"IsEncrypted": True}))
    assert "other.json: IsEncrypted" in _refusal(tmp_path, "--settings", str(tmp_path / "other.json"))
    (tmp_path / "local.settings.sample.json").write_text(json.dumps({"Values": {"A": []}}))
    assert "local.settings.sample.json: Values.A" in _refusal(tmp_path)


def test_route_prefix_and_ignored_keys(tmp_path: Path) -> None:
    """The route prefix is host.json's, also if it is empty; a key that means nothing is named in the log."""
    _write(tmp_path, _HTTP, {"version": "2.0", "extensions": {"http": {"routePrefix": ""}, "serviceBus": {"Maxx": 1}}})
    log = tmp_path / "log"
    with (
        Child("emulators.functions_host", ["--port", "0", "--ephemeral", "--app", str(tmp_path)], log=log) as child,
        urllib.request.urlopen(f"{child.url}/x", timeout=5) as response,  # noqa: S310  # http, on loopback
    ):
        assert response.read() == b"good"
    assert "host.json: extensions.serviceBus.Maxx is not a setting of this host" in log.read_text()
