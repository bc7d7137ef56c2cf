import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

DEADLINE_SECONDS = 30.0


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, or fail at the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_up(url: str) -> bool:
    """Whether the provider answers."""
    try:
        urlopen(f"{url}/keys", timeout=5).close()  # noqa: S310  # our own URL
    except (URLError, ConnectionError):
        return False
    return True


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)  # noqa: S607
    pairs = (line.split() for line in listed.stdout.splitlines())
    return [int(child) for child, parent in pairs if int(parent) == pid]


@contextmanager
def command(tmp_path: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`python -m emulators` with the identity provider alone, on a free port."""
    arguments = ["--only", "identity", "--ports", "free", "--ephemeral", "--logs", str(tmp_path), *options]
    with subprocess.Popen(  # noqa: S603  # our own interpreter and module
        [sys.executable, "-m", "emulators", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def address(process: subprocess.Popen[str]) -> str:
    """The provider's address, from the table that the command prints when all is ready."""
    assert process.stdout
    for line in process.stdout:
        if found := re.match(r"Sign-in +(http://localhost:\d+)", line):
            return found[1]
    raise AssertionError("the command printed no address")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end the services, and the command with status 0."""
    with command(tmp_path) as process:
        url = address(process)
        assert is_up(url)
        process.send_signal(number)
        assert process.wait(DEADLINE_SECONDS) == 0
        assert not is_up(url)


def test_a_killed_command_leaves_nothing_behind(tmp_path: Path) -> None:
    """Even after `kill -9` of the command its services end by themselves."""
    with command(tmp_path) as process:
        url = address(process)
        process.kill()
        wait_until(lambda: not is_up(url))


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """With `--until-stdin-closes` the end of the parent is the end of the cloud."""
    with command(tmp_path, "--until-stdin-closes") as process:
        url = address(process)
        assert process.stdin
        process.stdin.close()
        assert process.wait(DEADLINE_SECONDS) == 0
        assert not is_up(url)


def test_a_service_that_died_is_started_again(tmp_path: Path) -> None:
    """A crash is said and mended, at the same address."""
    with command(tmp_path) as process:
        url = address(process)
        [service] = children(process.pid)
        os.kill(service, signal.SIGKILL)
        assert process.stderr
        assert process.stderr.readline() == "identity died; starting it again.\n"
        wait_until(lambda: is_up(url))


def test_a_service_that_dies_again_and_again_ends_the_cloud(tmp_path: Path) -> None:
    """A lasting fault is not hidden by restarts: the command says so and ends with status 1."""
    with command(tmp_path) as process:
        url = address(process)
        for _ in range(5):
            wait_until(lambda: is_up(url))
            [service] = children(process.pid)
            os.kill(service, signal.SIGKILL)
            wait_until(lambda: not is_up(url))
        assert process.wait(DEADLINE_SECONDS) == 1
        assert process.stderr
        assert process.stderr.read().endswith("identity died 5 times within a minute; its log says why.\n")


def test_an_unknown_service_is_refused(tmp_path: Path) -> None:
    """A misspelled name is answered with the names that there are."""
    with command(tmp_path, "--only", "identiy") as process:
        _, problems = process.communicate(timeout=DEADLINE_SECONDS)
        assert process.returncode == 2
        assert "no service identiy; there are service_bus" in problems
