import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.people import PEOPLE
from demo.shop import rounds
from emulators.cloud import COMPONENTS

pytestmark = pytest.mark.local_only(reason="it is about the local cloud itself")

ROUND_SECONDS = 60.0
END_SECONDS = 10.0
ARRIVAL = re.compile(r"^(?P<user>[a-z]+) +(?P<severity>[a-z]+) +[\d.]+ m?s  (?P<title>.+)$", re.MULTILINE)


@contextmanager
def _demo(logs: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "demo", "--ephemeral", "--logs", str(logs), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603  # our own module
        try:
            yield process
        finally:
            process.kill()


def _children(process: subprocess.Popen[str]) -> set[int]:
    """Processes whose parent this is."""
    parents = {int(path.name): path / "stat" for path in Path("/proc").iterdir() if path.name.isdecimal()}
    return {pid for pid, stat in parents.items() if _parent(stat) == process.pid}


def _parent(stat: Path) -> int | None:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:  # it has ended
        return None


def _unnumbered(title: str) -> str:
    """A title without the number of its order, which differs from run to run."""
    return re.sub(r"order \d+", "order", title)


def test_one_round_delivers_every_card_to_everyone(tmp_path: Path) -> None:
    """Status 0, and a line for each arrival: every alert once at each person of its audiences, and nothing else."""
    with _demo(tmp_path, "--once", "--ports", "free", "--seed", "7") as process:
        output, problems = process.communicate(timeout=ROUND_SECONDS)
    assert (process.returncode, problems) == (0, "")
    arrivals = sorted(
        (match["user"], match["severity"], _unnumbered(match["title"])) for match in ARRIVAL.finditer(output)
    )
    assert arrivals == sorted(
        (person.user, step.alert.severity.value, _unnumbered(str(step.alert.title)))
        for step in next(rounds("run", seed=7))
        for person in PEOPLE
        if person.audiences.intersection(step.alert.to)
    )
    assert f"Cards expected: {len(arrivals)}. All arrived." in output
    assert all(component.title in output for component in COMPONENTS)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="children are counted in /proc")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_the_endless_shop_ends_at_once_and_leaves_nothing(tmp_path: Path, end: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end it and its services within seconds, with status 0 and without a word of complaint."""
    with _demo(tmp_path, "--ports", "free") as process:
        assert process.stdout is not None
        next(line for line in process.stdout if ARRIVAL.match(line))
        children = _children(process)
        process.send_signal(end)
        _, problems = process.communicate(timeout=END_SECONDS)
    assert (process.returncode, problems) == (0, "")
    assert len(children) == len(COMPONENTS)
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


def test_a_round_that_is_interrupted_is_no_success(tmp_path: Path) -> None:
    """Status 130: nobody takes a round that was not played to its end for one that was."""
    with _demo(tmp_path, "--once", "--ports", "free") as process:
        assert process.stdout is not None
        next(line for line in process.stdout if ARRIVAL.match(line))
        process.send_signal(signal.SIGINT)
        _, problems = process.communicate(timeout=END_SECONDS)
    assert (process.returncode, problems) == (130, "")


def test_a_port_that_is_taken_is_named_in_one_line(tmp_path: Path) -> None:
    """Status 1, the service and its port, what to do about it, and nothing started."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        component = COMPONENTS[0]
        try:
            taken.bind(("127.0.0.1", component.port))
            taken.listen()
        except OSError:
            pass  # somebody else has it already, which serves as well
        with _demo(tmp_path, "--once") as process:
            output, problems = process.communicate(timeout=END_SECONDS)
    assert (process.returncode, output) == (1, "")
    [line] = problems.splitlines()
    assert re.search(r"needs port \d+.*`--ports free`.*ARGS=\"--ports free\"", line)
