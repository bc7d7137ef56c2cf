import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from emulators.children import Child

from .conftest import APPS, Host


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Host]]:
    """Starts hosts of the app `timers` that share one folder, one after the other or side by side."""
    with ExitStack() as running:
        log, records = tmp_path / "log", tmp_path / "records"

        def host() -> Host:
            environment = {"RECORDS": str(records), "WHEN": "0 0 0 1 1 *"}
            arguments = ["--port", "0", "--data", str(tmp_path / "data"), "--app", str(APPS / "timers")]
            child = Child("emulators.functions_host", arguments, environment=environment, log=log)
            running.enter_context(child)
            return Host(child, log, records)

        yield host


def test_schedule(start: Callable[[], Host]) -> None:
    """A timer runs at each occurrence of its schedule, not late and not past due."""
    host = start()
    host.wait_for(lambda host: len(host.invocations("often")) == 3)
    assert [line["past_due"] for line in host.invocations("often")] == [False] * 3
    assert host.invocations("often")[0]["schedule"] == {"AdjustForDST": True}
    assert not host.invocations("nightly")


def test_run_on_startup(start: Callable[[], Host]) -> None:
    """A timer with run_on_startup runs once when the host starts, and knows its next occurrence."""
    host = start()
    (line,) = host.wait_for(lambda host: host.invocations("eager"))
    following = datetime.fromisoformat(line["status"]["Next"])
    assert following == datetime(datetime.now(UTC).year + 1, 1, 1, tzinfo=UTC)


def test_missed_occurrence(start: Callable[[], Host], tmp_path: Path) -> None:
    """An occurrence that was missed while no host ran is made up for at once, and is said to be past due."""
    host = start()
    status = tmp_path / "data" / "timers" / "nightly.json"
    host.wait_for(lambda _: status.exists())
    host.child.stop()
    ran = datetime.now(UTC).replace(hour=3, minute=0, second=0, microsecond=0) - timedelta(days=3)
    document = {"Last": ran, "Next": ran + timedelta(days=1), "LastUpdated": ran}
    status.write_text(json.dumps({name: moment.isoformat() for name, moment in document.items()}))
    host = start()
    (line,) = host.wait_for(lambda host: host.invocations("nightly"))
    assert line["past_due"] is True
    assert "ValueError: as always" in host.wait_for_log("nightly")
    following = host.wait_for(lambda _: json.loads(status.read_text())["Next"] != document["Next"].isoformat())
    assert following


def test_one_host_at_a_time(start: Callable[[], Host]) -> None:
    """Of hosts that share a data folder one runs the timers; when it ends, another takes over."""
    first, second = start(), start()
    first.wait_for(lambda host: len(host.invocations("often")) >= 3)
    assert len(first.invocations("eager")) == 1
    first.child.kill()
    second.wait_for(lambda host: len(host.invocations("eager")) == 2)


def test_invoked_by_hand(start: Callable[[], Host]) -> None:
    """A POST to /admin/functions runs a timer now, as Core Tools offer it."""
    host = start()
    request = urllib.request.Request(  # noqa: S310  # http, on loopback
        f"{host.child.url}/admin/functions/nightly", data=b"{}", method="POST"
    )
    with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310  # as above
        assert response.status == 202
    host.wait_for(lambda host: host.invocations("nightly"))
