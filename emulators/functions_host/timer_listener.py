"""Starts a timer's function when it is due, on one host only if several share a data folder."""

import asyncio
import contextlib
import fcntl
import logging
from datetime import UTC, datetime
from pathlib import Path

from . import timer_status
from .bindings import Function, TimerTrigger
from .invocations import Invoker
from .timer_status import Status

_POLL_SECONDS = 1.0
"""How often a host that does not hold a timer looks whether it can have it."""
_LONGEST_SLEEP_SECONDS = 60.0
"""So that a machine that slept, or whose clock was set, is noticed."""
_logger = logging.getLogger(__name__)


class TimerListener:
    """Keeps one timer until it is stopped.

    Args:
        function: the function.
        trigger: its timer trigger.
        invoker: runs the function.
        folder: where status and lock are kept, shared by hosts that run side by side; None keeps them in memory, and
            every host runs the timer.
    """

    def __init__(self, function: Function, trigger: TimerTrigger, invoker: Invoker, folder: Path | None) -> None:
        self._function = function
        self._trigger = trigger
        self._schedule = trigger.schedule
        self._invoker = invoker
        self._folder = folder
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Start no more invocations; `run` returns once one that is running has ended."""
        self._stopping.set()

    async def run(self) -> None:
        """Run the timer until stopped."""
        if self._folder is None:
            await self._keep_time(None)
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{self._function.name}.lock").open("w") as lock:
            while not self._stopping.is_set():
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    await self._pause(_POLL_SECONDS)
                else:
                    await self._keep_time(self._folder / f"{self._function.name}.json")

    async def _keep_time(self, file: Path | None) -> None:
        monitored = self._trigger.use_monitor and timer_status.is_monitored(self._schedule, _now())
        known = _read(file) if file and monitored else None
        status, past_due = timer_status.at_start(known, self._schedule, _now())
        if known != status and monitored:
            _write(file, status)
        start_now = past_due or self._trigger.run_on_startup
        while not self._stopping.is_set():
            left = (status.next - _now()).total_seconds()
            if left > 0 and not start_now:
                await self._pause(min(left, _LONGEST_SLEEP_SECONDS))
                continue
            ran_at = _now()
            info = timer_status.timer_info(status if monitored else None, past_due=past_due)
            await self._invoker.invoke(self._function, info, {})
            status = timer_status.after_run(status, self._schedule, ran_at, scheduled=not start_now)
            start_now = past_due = False
            if monitored:
                _write(file, status)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


def _now() -> datetime:
    return datetime.now(UTC)


def _read(file: Path) -> Status | None:
    try:
        return Status.from_json(file.read_text())
    except FileNotFoundError:
        return None
    except ValueError as error:
        _logger.warning("%s is ignored: %s", file, error)
        return None


def _write(file: Path | None, status: Status) -> None:
    if file:
        fresh = file.with_suffix(".new")
        fresh.write_text(status.to_json())
        fresh.replace(file)  # a host that is killed here leaves the old status or the new one
