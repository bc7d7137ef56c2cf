"""A service as a process of its own: options, readiness, and a clean end.

The contract with whoever starts the process: exactly one line is written to standard output, once connections are
accepted, `<name> ready at <url>`. Logs go to standard error. SIGINT and SIGTERM end it cleanly; with
`--until-stdin-closes` so does the end of the parent, however it died.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

DEFAULT_DATA = Path(".belfry")


@dataclass(frozen=True, slots=True)
class Options:
    """Where a service listens and where it keeps its state."""

    host: str
    """Address to listen on; loopback unless told otherwise."""
    port: int
    """0 takes a free port."""
    data: Path | None
    """Folder of the service's state, which exists by then; None keeps the state in memory."""

    def url(self, port: int, scheme: str = "http") -> str:
        """The URL that clients use, with the port that was taken."""
        return address(self.host, port, scheme)

    def database(self, name: str) -> str:
        """Path of the SQLite database `name`, or SQLite's name for one in memory."""
        return ":memory:" if self.data is None else str(self.data / f"{name}.db")


def address(host: str, port: int, scheme: str = "http") -> str:
    """A URL as people and settings write it: loopback has a name, which tokens and signatures are made for."""
    return f"{scheme}://{'localhost' if host in ('127.0.0.1', '::1') else host}:{port}"


class Service(Protocol):
    """What a service package hands to `run`."""

    async def start(self) -> str:
        """Listen, and return the URL that clients use, with the port that was taken."""

    async def stop(self) -> None:
        """Stop listening, finish what was begun, and make everything durable."""


def arguments(name: str, description: str, default_port: int) -> argparse.ArgumentParser:
    """The options that every service has; a service adds its own."""
    parser = argparse.ArgumentParser(prog=f"python -m emulators.{name}", description=description)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=default_port, help="0 takes a free port (%(default)s)")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of its state (%(default)s)")
    parser.add_argument("--ephemeral", action="store_true", help="keep the state in memory")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with the process that started it")
    parser.add_argument("--verbose", action="store_true", help="log every request to standard error")
    return parser


def run(
    name: str,
    parser: argparse.ArgumentParser,
    build: Callable[[Options, argparse.Namespace], Service],
    argv: Sequence[str] | None = None,
) -> int:
    """Parse the command line, serve until told to end, and return the exit status."""
    namespace = parser.parse_args(argv)
    logging.basicConfig(
        level=logging.INFO if namespace.verbose else logging.WARNING,
        stream=sys.stderr,
        format=f"%(asctime)s {name} %(levelname)s %(message)s",
    )
    data: Path | None = None if namespace.ephemeral else namespace.data
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
    options = Options(namespace.host, namespace.port, data)
    return asyncio.run(_serve(name, lambda: build(options, namespace), until_stdin=namespace.until_stdin_closes))


async def _serve(name: str, build: Callable[[], Service], *, until_stdin: bool) -> int:
    announcements = sys.stdout  # a service that runs others' code may point their print() elsewhere
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    if until_stdin:
        # A thread, for not everything that stands for standard input can be polled.
        threading.Thread(target=_watch_parent, args=(loop, ended), daemon=True).start()
    service = build()
    try:
        url = await service.start()
    except OSError as error:
        sys.stderr.write(f"{name}: cannot listen: {error.strerror or error}\n")
        return 1
    announcements.write(f"{name} ready at {url}\n")
    announcements.flush()
    await ended.wait()
    await service.stop()
    return 0


def _watch_parent(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    with suppress(RuntimeError):  # the loop may have ended meanwhile
        loop.call_soon_threadsafe(ended.set)
