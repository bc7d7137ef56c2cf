"""The only module that knows azure-functions-runtime: it indexes an app and runs its functions.

The library is written for a worker that talks protobuf to the host. What is used here is its entry for hosts that do
not, `native_invocation`, and its indexer with stand-ins for the three protobuf messages that it builds. None of that is
a public interface: it was read from version 1.3.0, and `load` refuses a library of another minor version.
"""
# The library ships no types.
# mypy: disable-error-code="no-untyped-call"

import asyncio
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as library
from azure_functions_runtime import handle_event, loader, native_invocation, otel
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.bindings.meta import load_binding_registry
from azure_functions_runtime.http_v2 import HttpV2Registry

from .bindings import IndexedFunction
from .errors import AppError, FunctionError
from .typed_data import Binaries, Binary, HttpCall, Integers, Json, Text, Texts, TypedData

DISTRIBUTION = "azure-functions-runtime"
READ_FROM = "1.3"
_SCRIPT_FILE = "function_app.py"
_REGISTRY: Any = handle_event._functions  # noqa: SLF001  # where invocations look functions up


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What an HTTP function returned."""

    status: int
    headers: tuple[tuple[str, str], ...]
    cookies: tuple[Any, ...]
    """`http.cookies.SimpleCookie` objects."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """How an invocation ended."""

    succeeded: bool
    reply: HttpReply | None = None
    """Of an HTTP function that succeeded."""
    error: str = ""
    """The exception with its traceback, if it failed."""


@dataclass(frozen=True, slots=True)
class TraceContext:
    """Where a caller's trace stands, as W3C has it."""

    parent: str = ""
    """The header `traceparent`; empty: there is none."""
    state: str = ""
    """The header `tracestate`."""


NO_TRACE = TraceContext()


class Runtime:
    """One app, indexed. There can be one in a process: the library keeps its state in its modules."""

    def __init__(self, functions: tuple[IndexedFunction, ...]) -> None:
        self.functions = functions
        library.start_threadpool_executor()

    @classmethod
    def load(cls, folder: Path) -> "Runtime":
        """Import the app in `folder` and index its functions.

        Raises:
            AppError: it cannot be imported, or defines nothing to run.
            FunctionError: a function's signature does not fit its bindings; names the first such function.
        """
        installed = version(DISTRIBUTION)
        if not installed.startswith(f"{READ_FROM}."):
            raise AppError(f"{DISTRIBUTION} {installed} is installed; this host was written for {READ_FROM}")
        script = os.environ.get("PYTHON_SCRIPT_FILE_NAME", _SCRIPT_FILE)
        if not (folder / script).is_file():
            raise AppError(f"there is no {script} in {folder}")
        sys.path.insert(0, str(folder))
        # What `PYTHON_ENABLE_OPENTELEMETRY` does in the worker: functions run in the trace of who calls them.
        otel.otel_manager.set_otel_libs_available(True)
        otel.update_opentelemetry_status()
        load_binding_registry()
        try:
            declared = loader.index_function_app(script)
        except Exception as error:  # whatever the app's own code raises
            raise AppError(f"{script} cannot be loaded:\n{traceback.format_exc()}") from error
        if not declared:
            raise AppError(f"{script} declares no functions")
        return cls(tuple(_index(function, folder) for function in declared))

    async def invoke(
        self,
        function_id: str,
        invocation_id: str,
        parameter: str,
        value: TypedData,
        metadata: Mapping[str, TypedData],
        trace: TraceContext = NO_TRACE,
    ) -> Result:
        """Run a function: an async one in this loop, a sync one in the runtime's thread pool.

        Args:
            function_id: of an indexed function.
            invocation_id: unique; the app sees it in its context.
            parameter: the argument that takes `value`.
            value: what the trigger hands over.
            metadata: the trigger's metadata.
            trace: what the function's spans become children of.
        """
        succeeded, returned, _, _, failure = await native_invocation.invocation_request_native(
            invocation_id,
            function_id,
            [(parameter, _datum(value))],
            {name: _datum(item) for name, item in metadata.items()},
            trace.parent,
            trace.state,
        )
        if not succeeded:
            return Result(succeeded=False, error=failure)
        return Result(succeeded=True, reply=_http_reply(returned))

    async def close(self) -> None:
        """Wait for the threads of sync functions to end."""
        await asyncio.to_thread(library.stop_threadpool_executor)


def current_invocation() -> str | None:
    """The id of the invocation that the calling code runs in, also on a thread of the pool; None outside of one."""
    found: str | None = library.invocation_id_cv.get()
    return found


def silence_duplicate_logs() -> None:
    """Keep the library from logging every failed invocation itself: the host logs it with the function's name."""
    logging.getLogger("azure.functions").addFilter(lambda record: record.msg != "Native invocation failed")


class _Message(SimpleNamespace):
    """Stands in for a protobuf message that indexing builds."""


class _BindingInfo(_Message):
    """Stands in for the protobuf message and its enumerations of directions and data types."""

    out = 1
    inout = 2
    undefined = None


setattr(_BindingInfo, "in", 0)  # a keyword, so it cannot be written above
_PROTOBUF = SimpleNamespace(BindingInfo=_BindingInfo, RpcFunctionMetadata=_Message, RpcRetryOptions=_Message)


def _index(declared: Any, folder: Path) -> IndexedFunction:
    name = declared.get_function_name()
    try:
        (metadata,), _ = loader.process_indexed_function(_PROTOBUF, _REGISTRY, [declared], str(folder))
    except Exception as error:  # FunctionLoadError, and whatever evaluating the app's annotations raises
        raise FunctionError(name, f"cannot be indexed: {error}") from error
    if metadata.retry_options is not None:
        raise FunctionError(name, "retry policies are not served by this host")
    information = _REGISTRY.get_function(metadata.function_id)
    if information.deferred_bindings_enabled or information.settlement_client_arg:
        raise FunctionError(name, "SDK-type bindings and message settlement are not served by this host")
    if HttpV2Registry.http_v2_enabled():
        raise FunctionError(name, "HTTP streams (azurefunctions-extensions-http) are not served by this host")
    return IndexedFunction(metadata.name, metadata.function_id, metadata.script_file, tuple(metadata.raw_bindings))


def _datum(data: TypedData) -> Any:
    match data:
        case Text(value):
            datum = Datum(value, "string")
        case Json(text):
            datum = Datum(text, "json")
        case Binary(content):
            datum = Datum(content, "bytes")
        case Texts(texts):
            datum = Datum(SimpleNamespace(string=texts), "collection_string")
        case Binaries(contents):
            datum = Datum(SimpleNamespace(bytes=contents), "collection_bytes")
        case Integers(numbers):
            datum = Datum(SimpleNamespace(sint64=numbers), "collection_sint64")
        case HttpCall():
            datum = Datum(_http_fields(data), "http")
    return datum


def _http_fields(call: HttpCall) -> dict[str, Any]:
    def texts(values: Mapping[str, str]) -> dict[str, Any]:
        return {name: Datum(value, "string") for name, value in values.items()}

    return {
        "method": Datum(call.method, "string"),
        "url": Datum(call.url, "string"),
        "headers": texts(call.headers),
        "query": texts(call.query),
        "params": texts(call.params),
        "body": Datum(call.body, "bytes"),
    }


def _http_reply(datum: Any) -> HttpReply | None:
    if datum is None or datum.type not in {"http", "string"}:
        return None
    if datum.type == "string":
        return HttpReply(HTTPStatus.OK, (("content-type", "text/plain; charset=utf-8"),), (), datum.value.encode())
    fields = datum.value
    return HttpReply(
        int(fields["status_code"].value),
        tuple((name, value.value) for name, value in fields["headers"].items()),
        tuple(fields["cookies"] or ()),
        fields["body"].value,
    )
