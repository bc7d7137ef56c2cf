"""The pages for who runs Belfry say what is there: rules, commands, settings, scripts and links."""

import importlib.util
import json
import re
from pathlib import Path

import msgspec
import pytest

from belfry.cli.parsing import build_parser
from shared.alert import Alert, Push, Severity
from shared.delivery.retrying import LADDER

PROJECT = Path(__file__).parents[3]
NAMES = ("deploy", "operations", "cost", "security")
WRITTEN = sorted(
    str(path.relative_to(PROJECT))
    for folder in ("", "docs", "emulators", "emulators/*", "web", "web/*")
    for path in PROJECT.glob(f"{folder}/*.md".lstrip("/"))
)
PAGES = {name: (PROJECT / f"docs/{name}.md").read_text(encoding="utf-8") for name in NAMES}


def _commands(page: str) -> set[str]:
    """What follows `belfry` wherever it is typed, without what the shell puts in or takes out of it."""
    typed = re.findall(r"^```sh\n(.*?)^```$", page, re.DOTALL | re.MULTILINE) + re.findall(
        r"`(belfry [\w-]+ [^`…]+)`", page
    )
    plain = (re.sub(r'"\$\(.*?\)[^"]*"|"[^"]*"', "text", block) for block in typed)
    found = (re.findall(r"(?:^|-m |\$\()belfry ([^\n|>#)<]+)", block, re.MULTILINE) for block in plain)
    return {command.strip() for commands in found for command in commands if "{" not in command and "}" not in command}


COMMANDS = sorted({command for page in PAGES.values() for command in _commands(page)})


def test_every_alert_rule_has_its_chapter() -> None:
    """Under its exact name, with its severity and its meaning, in the order of the rules."""
    rules = (PROJECT / "infra/modules/alert-rules.bicep").read_text(encoding="utf-8")
    told = re.findall(r"^    name: '([\w-]+)'\n    severity: (\d)\n    meaning: '(.*)'$", rules, re.MULTILINE)
    assert "name: 'belfry-${rule.name}'" in rules
    chapters = re.findall(r"^## belfry-([\w-]+)\n\n\*Severity (\d)\. (.*?)\*$", PAGES["operations"], re.MULTILINE)
    assert sorted(chapters) == sorted(told)
    assert len(told) == rules.count("meaning: '")


@pytest.mark.parametrize("chapter", re.findall(r"^## (belfry-.*)$", PAGES["operations"], re.MULTILINE))
def test_every_chapter_says_what_to_do_and_when_not(chapter: str) -> None:
    """At night nobody wants to think of that."""
    text = PAGES["operations"].split(f"## {chapter}\n")[1].split("\n## ")[0]
    assert "**Do.**" in text or "| Do |" in text
    assert "**Harmless when**" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_can_be_typed(command: str) -> None:
    """The command line takes it as the page has it."""
    assert build_parser().parse_args(command.split()).module


def test_every_setting_of_an_environment_is_on_the_page() -> None:
    """What `azd env set` can be given, and nothing that it cannot."""
    parameters = (PROJECT / "infra/main.parameters.json").read_text(encoding="utf-8")
    known = dict(re.findall(r"\$\{([A-Z_]+)(?:=([^}]*))?\}", parameters))
    hooks = set(re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', (PROJECT / "infra/hooks/sign_in.py").read_text()))
    section = PAGES["deploy"].split("## Settings of an environment\n")[1].split("\n## ")[0]
    rows = [line.split(" | ") for line in section.splitlines() if line.startswith("| `")]
    told = [name for row in rows for name in re.findall(r"`([A-Z_]+)`", row[0])]
    assert set(told) - hooks == known.keys() - hooks
    assert len(told) == len(set(told))
    for row in rows:
        for name in re.findall(r"`([A-Z_]+)`", row[0]):
            default = known.get(name)
            assert not default or f"`{default}`" in row[1], name
    set_somewhere = {name for page in PAGES.values() for name in re.findall(r"azd env set ([A-Z_]{5,})", page)}
    assert set_somewhere <= set(told)


def test_every_output_that_is_asked_for_is_there() -> None:
    """`azd env get-value` answers: an output of the template, or a setting."""
    template = (PROJECT / "infra/main.bicep").read_text(encoding="utf-8")
    outputs = set(re.findall(r"^output ([A-Z_]+) ", template, re.MULTILINE))
    asked = {name for page in PAGES.values() for name in re.findall(r"azd env get-value ([A-Z_]+)", page)}
    assert asked <= outputs


def test_every_module_that_is_run_is_there() -> None:
    """`python -m …` finds it."""
    modules = {name for page in PAGES.values() for name in re.findall(r"python -m ([\w.]+)", page)}
    assert modules
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []


@pytest.mark.parametrize("page", WRITTEN)
def test_every_link_leads_somewhere(page: str) -> None:
    """To a file, and to the heading in it that is named."""
    text = (PROJECT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        path = (PROJECT / page).parent / file if file else PROJECT / page
        assert path.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, target


def test_the_ladder_of_attempts_is_the_one_that_is_climbed() -> None:
    """Whoever is called at night counts by it."""
    units = {"s": 1, "min": 60, "h": 3600}
    steps = PAGES["operations"].split("- **Tried again.**")[1].split("each a fifth")[0]
    told = [int(number) * units[unit] for number, unit in re.findall(r"(\d+) (s|min|h)\b", steps)]
    assert told == [step.total_seconds() for step in LADDER]


def test_the_readme_names_everything_that_an_alert_may_have() -> None:
    """Every field, and every value of those that have few: what else there is nobody would look for."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`\"?(\w+)", readme.split("**An alert** needs")[1].split("\n\n")[0]))
    assert told >= {field.encode_name for field in msgspec.structs.fields(Alert)} | set(Severity) | set(Push)


def test_what_is_asked_of_telemetry_is_what_is_watched() -> None:
    """The names of metrics are those of the rules and the workbook."""
    watched = json.dumps((PROJECT / "infra/workbook.json").read_text()) + "".join(
        query.read_text(encoding="utf-8") for query in (PROJECT / "infra/queries").iterdir()
    )
    named = set(re.findall(r'"(belfry\.alerts?\.[\w.]+)"', PAGES["operations"]))
    assert named
    assert [name for name in named if name not in watched] == []
