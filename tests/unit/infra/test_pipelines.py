import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parents[3]
FOLDER = PROJECT / ".github"
WORKFLOWS = sorted((FOLDER / "workflows").glob("*.yml"))
FILES = [*WORKFLOWS, *sorted((FOLDER / "actions").rglob("*.yml"))]


def jobs(file: Path) -> dict[str, Any]:
    """The jobs of a workflow."""
    found: dict[str, Any] = yaml.safe_load(file.read_text())["jobs"]
    return found


def commands() -> Iterator[str]:
    """What the pipelines run."""
    for file in WORKFLOWS:
        for job in jobs(file).values():
            yield from (step["run"] for step in job["steps"] if "run" in step)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_actions_of_others_are_pinned_by_commit(file: Path) -> None:
    """A tag can be moved to other code; beside the commit stands the version that it is, for people and Dependabot."""
    for used, comment in re.findall(r"uses: (\S+)(.*)", file.read_text()):
        if used.startswith("./"):
            assert (PROJECT / used / "action.yml").is_file()
        else:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", used), used
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), used


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_pipeline_may_do_no_more_than_it_must(file: Path) -> None:
    """It reads the code; who signs in to Azure says so for that job alone. None runs for ever, or keeps a token."""
    assert yaml.safe_load(file.read_text())["permissions"] in ({}, {"contents": "read"})
    for job in jobs(file).values():
        assert job["timeout-minutes"] <= 60
        signs_in = any(step.get("uses") == "./.github/actions/azure" for step in job["steps"])
        granted = job.get("permissions", {"contents": "read"})
        assert granted == {"contents": "read", **({"id-token": "write"} if signs_in else {})}
        assert ("environment" in job) is signs_in
        [checkout] = (step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@"))
        assert checkout["with"] == {"persist-credentials": False}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_value_from_outside_becomes_a_command(file: Path) -> None:
    """Scripts get what others may have written through the environment, never in their own text."""
    document = yaml.safe_load(file.read_text())
    steps = [step for job in document.get("jobs", {}).values() for step in job["steps"]]
    for step in steps + document.get("runs", {}).get("steps", []):
        assert "${{" not in step.get("run", "")


def test_the_pipeline_runs_what_a_laptop_runs() -> None:
    """One command says whether a change is good; a deployment ends with an alert that went all the way."""
    assert ".ci/run" in list(commands())
    assert any("belfry smoke " in command for command in commands())


def test_a_pipeline_signs_in_by_azd_alone() -> None:
    """What GitHub says of it holds for minutes; azd asks again, Azure CLI does not, and a deployment takes longer."""
    assert [command for command in commands() if re.search(r"\baz (?!bicep )", command)] == []
    assert not any("azure/login" in file.read_text() for file in FILES)
