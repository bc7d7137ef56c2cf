import re
import subprocess
import sys

SECONDS = 60.0


def test_the_trace_of_an_alert_can_be_looked_at() -> None:
    """One command shows what was done for it, by whom and for how long: from the producer to a client's screen."""
    command = [sys.executable, "-m", "demo.trace"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)  # noqa: S603  # our own module
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^( *)(\w+ \w+) +(\w+) +━+ +[\d.]+ *$", done.stdout, re.MULTILINE)
    assert sorted((len(indent) // 2, name, service) for indent, name, service in rows) == [
        (0, "ship order", "producer"),
        (1, "send alerts", "producer"),
        (2, "keep alert", "functions_host"),
        (2, "tell live", "functions_host"),
        (2, "tell push", "functions_host"),
        (3, "show card", "client"),
    ]
