import json
from pathlib import Path
from typing import Any

import pytest

from emulators.service_bus.configuration import QueueDescription, load, parse
from emulators.service_bus.errors import ConfigurationError

ROOT = Path(__file__).parents[4]


def configured(*queues: dict[str, Any], **namespace: object) -> bytes:
    """A file with these queues."""
    return json.dumps({"UserConfig": {"Namespaces": [{"Name": "n", "Queues": queues, **namespace}]}}).encode()


def test_the_repositorys_own_queues() -> None:
    """The file that stands in the repository describes the queues of the application."""
    queues = {queue.name: queue for queue in load(ROOT / "infra" / "service-bus.json")}
    assert set(queues) == {"alerts", "alerts-poison"}
    assert queues["alerts"] == QueueDescription(
        "alerts",
        lock_duration=60_000,
        max_delivery_count=10,
        default_time_to_live=14 * 86_400_000,
        dead_letters_expired=True,
        duplicate_window=600_000,
    )


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ({"LockDurations": "PT1M"}, r"`LockDurations` - at `\$.UserConfig.Namespaces\[0\].Queues\[0\].Properties`"),
        ({"LockDuration": "1 minute"}, r"Properties\.LockDuration"),
        ({"LockDuration": "PT6M"}, "LockDuration must be above 0, at most PT5M"),
        ({"MaxDeliveryCount": 0}, "MaxDeliveryCount must be from 1"),
        ({"RequiresSession": True}, "RequiresSession must be false: sessions are not served"),
        ({"ForwardTo": "elsewhere"}, "ForwardTo must be empty"),
        ({"ForwardDeadLetteredMessagesTo": "elsewhere"}, "ForwardDeadLetteredMessagesTo must be empty"),
        ({"DefaultMessageTimeToLive": "PT0S"}, "DefaultMessageTimeToLive must be a positive duration"),
        ({"DuplicateDetectionHistoryTimeWindow": "P8D"}, "DuplicateDetectionHistoryTimeWindow must be above 0"),
    ],
)
def test_a_wrong_key_is_named(properties: dict[str, Any], named: str) -> None:
    """What is misspelt, malformed, out of range or not served is refused by its name."""
    with pytest.raises(ConfigurationError, match=named):
        parse(configured({"Name": "alerts", "Properties": properties}))


def test_names_and_topics() -> None:
    """Names differ in more than case, are well formed, and topics are not served."""
    with pytest.raises(ConfigurationError, match="'alerts' is there twice"):
        parse(configured({"Name": "alerts"}, {"Name": "Alerts"}))
    with pytest.raises(ConfigurationError, match="Name must be"):
        parse(configured({"Name": "$cbs"}))
    with pytest.raises(ConfigurationError, match="Topics are not served"):
        parse(configured(Topics=[{"Name": "news"}]))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The path is in the message."""
    with pytest.raises(ConfigurationError, match=r"queues\.json: No such file"):
        load(tmp_path / "queues.json")
