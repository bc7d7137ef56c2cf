import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from emulators.cloud import Cloud
from emulators.settings import read_settings
from scripts.make_test_issuer import write_issuer

pytestmark = pytest.mark.local_only(reason="it shows on this machine how tests go to another")


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment that tests need to go to a cloud with an issuer of two files, as one in Azure has."""
    files = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "issuer/public"))
    with ThreadingHTTPServer(("127.0.0.1", 0), files) as server:
        threading.Thread(target=server.serve_forever).start()
        issuer = f"http://localhost:{server.server_port}"
        key = write_issuer(issuer, tmp_path / "issuer")
        try:
            settings = {**read_settings(Path()), "AUTH_ISSUER": issuer}
            with Cloud(free_ports=True, settings=settings, logs=tmp_path / "logs") as cloud:
                yield {
                    **os.environ,
                    **cloud.settings(),
                    "BELFRY_TARGET": "azure",
                    "BELFRY_API": cloud.urls["functions_host"] + "/api",
                    "BELFRY_TEST_ISSUER_KEY": str(key),
                }
        finally:
            server.shutdown()


def run(environment: dict[str, str], *files: str) -> tuple[int, str]:
    """Run tests, and return the exit status and what was said."""
    done = subprocess.run(  # noqa: S603  # ours
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_same_tests_go_to_a_deployed_system(deployed: dict[str, str]) -> None:
    """By its addresses alone; what is for this machine only is left out, with the reason said."""
    status, said = run(deployed, "tests/e2e/test_access.py", "tests/e2e/test_tabs.py", "tests/faults")
    assert status == 0, said
    assert "left out, for this machine only: it kills a service" in said
    assert "left out, for this machine only: they kill services and cut them off" in said
    assert " skipped" not in said


def test_a_setting_that_is_missing_is_named() -> None:
    """Nothing is started in its place: a run against Azure never becomes one against this machine."""
    status, said = run({**os.environ, "BELFRY_TARGET": "azure"}, "tests/e2e/test_access.py")
    assert status == pytest.ExitCode.USAGE_ERROR
    assert "BELFRY_TARGET=azure needs BELFRY_API: see docs/testing.md" in said
