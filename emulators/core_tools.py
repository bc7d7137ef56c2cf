"""`python -m emulators.core_tools`: the application in Azure Functions Core Tools, on the other local services.

Core Tools bring Microsoft's own host, which keeps its state in Azure Storage: Azurite, from npm, stands in for that.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from emulators.children import NotReadyError
from emulators.cloud import COMPONENTS, HOST, Cloud, PortTakenError
from emulators.process import DEFAULT_DATA
from emulators.settings import FILES

AZURITE_PORT = 10000
"""Of its blob service, which comes up with the two others."""
AZURITE_SECONDS = 120.0
"""The first start downloads it."""


def main(arguments: Sequence[str]) -> int:
    """Run `func start` with these arguments until it ends; returns its exit status."""
    for program, remedy in (
        ("func", "Azure Functions Core Tools are missing: npm install --global azure-functions-core-tools@4"),
        ("npx", "Node.js is missing, which runs Azurite: install it from your system's packages or from nodejs.org"),
    ):
        if shutil.which(program) is None:
            return _refuse(remedy)
    own, sample = map(Path, FILES)
    if not own.exists():
        sys.stdout.write(f"Copying {sample} to {own}\n")
        shutil.copy(sample, own)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    names = [component.name for component in COMPONENTS if component.name != HOST]
    try:
        with _azurite(DEFAULT_DATA / "azurite"), Cloud(names, data=DEFAULT_DATA, logs=DEFAULT_DATA / "logs"):
            return _func(arguments)
    except (PortTakenError, NotReadyError) as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return 0


@contextmanager
def _azurite(folder: Path) -> Iterator[None]:
    command = [
        "npx",
        "--yes",
        "azurite",
        "--silent",
        "--skipApiVersionCheck",
        "--disableTelemetry",
        "--location",
        str(folder),
    ]
    # A session of its own, because npx starts further processes and does not pass signals on to all of them.
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603  # as written
    try:
        _wait_for_azurite(process)
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _wait_for_azurite(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + AZURITE_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", AZURITE_PORT), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise NotReadyError("Azurite did not start") from None
            time.sleep(0.1)
        else:
            return


def _func(arguments: Sequence[str]) -> int:
    """Run Core Tools with this interpreter first on the path, because they run the application with what is there."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    with subprocess.Popen(["func", "start", *arguments], env={**os.environ, "PATH": path}) as process:  # noqa: S603, S607  # the developer's own
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.terminate()  # Ctrl-C has reached it already, SIGTERM has not
            raise


def _refuse(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
