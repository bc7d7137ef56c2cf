"""What `/admin` tells: the host's status and the app's functions, in the shapes of the host in Azure.

Source: HostController, HostStatus and FunctionMetadataExtensions (Azure/azure-functions-host 4).
"""

import platform
import time
import uuid
from collections.abc import Iterable, Mapping
from enum import StrEnum
from importlib.metadata import version
from typing import Any

from .bindings import Function, HttpTrigger
from .runtime import DISTRIBUTION


class State(StrEnum):
    """Whether the host takes work."""

    RUNNING = "Running"
    STOPPING = "Stopping"


class Administration:
    """Answers `GET /admin/host/status`, `/admin/functions` and `/admin/functions/<name>`."""

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        self._functions = {function.name: function for function in functions}
        self._prefix = prefix
        self._instance = str(uuid.uuid4())
        self._started = time.monotonic()
        self._state = State.RUNNING

    def stopping(self) -> None:
        """Say from now on that the host is stopping."""
        self._state = State.STOPPING

    def get(self, path: str, base: str) -> Any:
        """The document at a path under `/admin`, or None; `base` is the URL of the host as the caller knows it."""
        match path.strip("/").split("/")[1:]:
            case ["host", "status"]:
                return self._status()
            case ["host", "ping"]:
                return {}
            case ["functions"]:
                return [self._describe(function, base) for function in self._functions.values()]
            case ["functions", name] if name in self._functions:
                return self._describe(self._functions[name], base)
            case _:
                return None

    def _status(self) -> Mapping[str, Any]:
        return {
            "id": platform.node().lower(),
            "state": self._state,
            "version": version(DISTRIBUTION),
            "versionDetails": f"{DISTRIBUTION} {version(DISTRIBUTION)}",
            "instanceId": self._instance,
            "computerName": platform.node(),
            "processUptime": round((time.monotonic() - self._started) * 1000),
            "functionAppContentEditingState": "NotAllowed",
        }

    def _describe(self, function: Function, base: str) -> Mapping[str, Any]:
        trigger = function.trigger
        url = (
            "/".join(part for part in (base, self._prefix, trigger.route) if part)
            if isinstance(trigger, HttpTrigger)
            else None
        )
        return {
            "name": function.name,
            "script_root_path_href": None,
            "script_href": None,
            "config_href": None,
            "test_data_href": None,
            "href": f"{base}/admin/functions/{function.name}",
            "invoke_url_template": url.lower() if url else None,
            "language": "python",
            "config": {
                "name": function.name,
                "entryPoint": function.name,
                "scriptFile": function.script_file,
                "language": "python",
                "functionDirectory": None,
                "bindings": function.bindings,
            },
            "files": None,
            "test_data": None,
            "isDisabled": function.is_disabled,
            "isDirect": True,
            "isProxy": False,
        }
