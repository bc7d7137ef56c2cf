"""Logs on standard error: the host's own, and the app's with the function and the invocation they came from."""

import logging
import sys
from collections.abc import Mapping

from . import runtime


class _AppFormatter(logging.Formatter):
    """Puts `[function id]` before what a function logs."""

    def __init__(self, running: Mapping[str, str]) -> None:
        super().__init__("%(asctime)s functions_host %(levelname)s %(message)s")
        self._running = running

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # overrides logging's method
        invocation_id = runtime.current_invocation()
        function = self._running.get(invocation_id or "")
        if function:
            record.message = f"[{function} {invocation_id}] {record.message}"
        return super().formatMessage(record)


def install(running: Mapping[str, str]) -> None:
    """Log from level INFO on, as the host in Azure does, with the names of the functions that are running.

    Args:
        running: invocation id to function name; looked at whenever something is logged.
    """
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    for handler in root.handlers:
        handler.setFormatter(_AppFormatter(running))
    for noisy in ("aiohttp.access", "azure.core", "azure.identity"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # A connection that is down is retried for ever and reported once, by the listener; the client reports every try.
    logging.getLogger("azure.servicebus").setLevel(logging.CRITICAL)
    runtime.silence_duplicate_logs()


def redirect_prints() -> None:
    """Send what the app prints to standard error too: standard output is for the line that says the host is ready."""
    sys.stdout = sys.stderr
