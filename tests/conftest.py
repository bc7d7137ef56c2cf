"""What all tests share: how hard the property-based ones search, and which are for this machine only.

`--hypothesis-profile thorough` searches twenty times as long, for a night or before a release.

With `BELFRY_TARGET=azure` the tests go to a deployed system: what makes no sense there is deselected, and the reasons
are told at the end.
"""

from collections import Counter
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

from tests.target import AZURE

settings.register_profile("default", max_examples=100, deadline=None)
settings.register_profile("thorough", max_examples=2000, deadline=None)
settings.load_profile("default")

LOCAL_ONLY: Final = "local_only"
LOCAL_FOLDERS: Final = {
    "browser": "the pages are those of the local cloud, and so are the people",
    "contract/functions_host": "the host is the platform's own",
    "contract/identity": "it stands in for an issuer",
    "contract/local_cloud": "it is about the local cloud itself",
    "contract/notification_hubs": "what a device was sent cannot be asked of a real hub",
    "faults": "they kill services and cut them off",
    "unit": "they need no service",
}
"""Folders of which no test is for Azure, and why."""
_LEFT_OUT: Final = pytest.StashKey[Counter[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Say what the marker means."""
    config.addinivalue_line("markers", f"{LOCAL_ONLY}(reason): not run with BELFRY_TARGET=azure, and why")
    config.stash[_LEFT_OUT] = Counter()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Against Azure, leave out what is for this machine only."""
    if not AZURE:
        return
    reasons = {item: _reason(item) for item in items}
    left_out = [item for item, reason in reasons.items() if reason]
    config.stash[_LEFT_OUT].update(reason for reason in reasons.values() if reason)
    items[:] = [item for item, reason in reasons.items() if not reason]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out, and why."""
    for reason, count in config.stash[_LEFT_OUT].most_common():
        terminalreporter.write_line(f"{count} left out, for this machine only: {reason}")


def _reason(item: pytest.Item) -> str:
    """Why a test is for this machine only; empty: it is not."""
    if marker := item.get_closest_marker(LOCAL_ONLY):
        return str(marker.kwargs["reason"])
    folder = item.path.parent.relative_to(Path(__file__).parent)
    names = [str(folder), *map(str, folder.parents)]
    return next((LOCAL_FOLDERS[name] for name in names if name in LOCAL_FOLDERS), "")
