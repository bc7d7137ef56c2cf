"""Every claim of docs/security.md names what holds it; here it is checked that this is there."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
PAGE = (PROJECT / "docs/security.md").read_text(encoding="utf-8")
NAMED = sorted(
    set(re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.\w+|\w+\.(?:py|json|toml|yaml|txt)|\.funcignore)(?:::([^`]+))?`", PAGE))
)


@pytest.mark.parametrize(("file", "test"), NAMED, ids=[f"{file}::{test}".rstrip(":") for file, test in NAMED])
def test_what_holds_a_claim_is_there(file: str, test: str) -> None:
    """The file, and in it the test of that name."""
    assert (PROJECT / file).is_file()
    if test:
        source = (PROJECT / file).read_text(encoding="utf-8")
        named = rf"def {test}\(" if file.endswith(".py") else rf'test\("{re.escape(test)}"'
        assert re.search(named, source)


def test_every_file_that_is_named_is_looked_for() -> None:
    """No spelling of a path escapes the check above."""
    paths = {text.partition("::")[0] for text in re.findall(r"`((?:tests|shared|infra|belfry|web|docs)/[^`]+)`", PAGE)}
    assert paths == {
        file for file, _ in NAMED if file.startswith(("tests", "shared", "infra", "belfry", "web", "docs"))
    }


def test_every_row_of_who_may_what_names_what_holds_it() -> None:
    """A claim without one is a hope."""
    for title in ("Who may what", "Tokens", "A malicious alert"):
        section = PAGE.split(f" {title}\n")[1].split("\n#")[0]
        rows = [line for line in section.splitlines() if line.startswith("| ")][2:]
        assert rows
        assert [row for row in rows if "`" not in row.rsplit(" | ", 1)[1]] == []
