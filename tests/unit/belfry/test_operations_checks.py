import copy
import json
from pathlib import Path
from typing import Any

import pytest

from belfry.operations.checks import CONTAINERS, Verdict, container_faults

DEPLOYED: dict[str, dict[str, Any]] = {
    container["id"]: container
    for container in json.loads((Path(__file__).parents[3] / "infra" / "cosmos.json").read_text())["containers"]
}


def test_the_containers_that_are_deployed_are_those_that_are_expected() -> None:
    """The doctor finds no fault with what infra/ creates, and expects nothing less."""
    assert CONTAINERS.keys() == DEPLOYED.keys()
    for name, properties in DEPLOYED.items():
        assert container_faults(name, CONTAINERS[name], properties) == []
        assert {item["path"] for item in properties["indexingPolicy"]["includedPaths"]} == CONTAINERS[name].indexed


@pytest.mark.parametrize(
    ("name", "path", "value", "words"),
    [
        ("alerts", ("partitionKey", "paths"), ["/id"], "partitioned by /id instead of /audience"),
        ("alerts", ("defaultTtl",), None, "time to live switched off"),
        ("people", ("defaultTtl",), None, "time to live switched off"),
        ("people", ("defaultTtl",), 3600, "forgets what people have set up after 3600 s"),
        ("alerts", ("indexingPolicy", "indexingMode"), "none", "mode 'none'"),
        ("alerts", ("indexingPolicy", "excludedPaths"), [], "indexes everything"),
        ("alerts", ("indexingPolicy", "includedPaths"), [{"path": "/*"}], "indexes everything"),
        (
            "alerts",
            ("indexingPolicy", "includedPaths"),
            [{"path": "/at/?"}],
            "no index on /alertId/?, /category/?, /position/?",
        ),
    ],
)
def test_a_container_that_is_not_as_it_has_to_be_is_told(
    name: str, path: tuple[str, ...], value: Any, words: str
) -> None:
    """Each fault is named, with what to do about it."""
    properties = copy.deepcopy(DEPLOYED[name])
    inner = properties
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    [finding] = container_faults(name, CONTAINERS[name], properties)
    assert finding.verdict is Verdict.WRONG
    assert words in finding.what
    assert finding.what.startswith(f"container {name} ")
    assert finding.mend.endswith(".")
