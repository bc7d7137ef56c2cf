"""The other side of `emulators.process`: start services as processes, wait until they are ready, end them."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

READY_SECONDS = 30.0
STOP_SECONDS = 20.0


class NotReadyError(Exception):
    """A child process ended, or stayed silent too long, before it was ready."""


class Child:
    """One running service. Use it as a context manager; it is ready when the block is entered.

    The child watches its standard input and ends when this process does, so that none is left behind.

    Args:
        module: what `python -m` runs, for example `emulators.cosmos`.
        arguments: its command line.
        environment: added to this process's own environment.
        log: file that takes the child's standard error; None passes it on to ours.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        *,
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.module = module
        self.arguments = tuple(arguments)
        """Its command line; a change counts from the next start on."""
        self.url = ""
        """Where it listens; set once it is ready."""
        self._environment = {**os.environ, **(environment or {})}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; 0 while it does not run."""
        return self._process.pid if self._process else 0

    @property
    def running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> str:
        """Start it, wait until it is ready, and return its URL.

        Raises:
            NotReadyError: it ended, or said nothing for `READY_SECONDS`.
        """
        self.launch()
        return self.wait_ready()

    def launch(self) -> None:
        """Start the process without waiting: several can come up side by side."""
        log: IO[bytes] | None = self._log.open("ab") if self._log else None
        try:
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and modules
                [sys.executable, "-m", self.module, "--until-stdin-closes", *self.arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment,
                start_new_session=True,  # Ctrl-C reaches the parent alone, which ends the children in order
            )
        finally:
            if log:
                log.close()

    def wait_ready(self, seconds: float = READY_SECONDS) -> str:
        """Wait for the line that says it is ready, and return the URL in it."""
        process = self._started()
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        stdout = process.stdout
        assert stdout is not None  # noqa: S101  # opened as a pipe above
        threading.Thread(target=lambda: lines.put(stdout.readline().decode()), daemon=True).start()
        try:
            line = lines.get(timeout=seconds)
        except queue.Empty:
            self.kill()
            raise NotReadyError(f"{self.module} was not ready after {seconds:.0f} s") from None
        _, separator, url = line.strip().partition(" ready at ")
        if separator:
            self.url = url
            return url
        if line:
            self.kill()
            raise NotReadyError(f"{self.module} said {line.strip()!r} where it had to say that it is ready")
        status = self._reap()
        raise NotReadyError(f"{self.module} ended with status {status} before it was ready{self._last_words()}")

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """End it cleanly (SIGTERM), or by force after `seconds`; returns the exit status."""
        process = self._started()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        return self._reap()

    def pause(self) -> None:
        """Stop it in its tracks (SIGSTOP): it keeps its connections, and answers nothing."""
        self._started().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a process that was stopped go on where it was."""
        self._started().send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut would."""
        self._started().kill()
        self._reap()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError(f"{self.module} was not started")
        return self._process

    def _reap(self) -> int:
        process = self._started()
        status = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        return status

    def _last_words(self) -> str:
        if self._log is None:
            return ""
        return ":\n" + "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.stop()
