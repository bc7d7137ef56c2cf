import json
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from belfry.cli import main
from belfry.cli.failing import WrongUseError, explain
from belfry.cli.parsing import build_parser
from belfry.cli.send import from_flags
from belfry.cli.tail import newest, show
from belfry.cli.terminal import Terminal, moment_ago, printable
from belfry.inbox import ProblemResponseError
from shared.alert import Alert, Severity
from shared.errors import InvalidAlertError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FLAGS: dict[str, Any] = {"to": ["user:ada"], "title": "Hello"}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "COMMAND"),
        ("sing", "invalid choice: 'sing'"),
        ("send", "what is to be sent?"),
        ("send --title x", "--to is missing"),
        ("send --to user:ada", "--title is missing"),
        ("send --to ada --title x", "--to: must be `user:<id>`"),
        ("send --to user:ada --retract", "which alert is to be retracted?"),
        ("send --to user:ada --title x --severity loud", "--severity: invalid choice: 'loud'"),
        ("send --to user:ada --title x --data {", "--data is not JSON"),
        ("send --to user:ada --title x --deliver-at tomorrow", "--deliver-at: "),
        ("send - --title x", "--title describes one alert"),
        ("send /nowhere.jsonl", "/nowhere.jsonl cannot be read: No such file"),
        ("send --settings /nowhere.json --to user:ada --title x", "/nowhere.json cannot be read"),
        ("inbox --limit 0 --as ada", "'0' is not a whole number from 1 to 100"),
        ("inbox", "say who with --as USER"),
        ("inbox --roles a --token x", "--roles goes with --as"),
        ("inbox --as ada --token x", "not allowed with"),
        ("inbox --as ada --api http://example.com", "https"),
        ("tail --count x", "'x' is not a whole number of at least 1"),
        ("poison", "COMMAND"),
        ("poison replay", "NUMBER --all is required"),
        ("poison drop 3 --all", "not allowed with"),
        ("poison replay 1 2 --edit x", "--edit FILE goes with one NUMBER"),
        ("dead-letters show x", "'x' is not a whole number"),
        ("poison show 9223372036854775808", "not a whole number from 1 to 9223372036854775807"),
    ],
)
def test_wrong_use_is_told_in_one_sentence(
    typed: str, words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard error, with status 2 and no traceback; nothing is asked of any service."""
    monkeypatch.delenv("BELFRY_TOKEN", raising=False)
    assert status(typed.split()) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("belfry")
    assert said.err.count("\n") == 1
    assert words in said.err


def status(argv: list[str]) -> int:
    """The exit status of a command line."""
    try:
        return main(argv)
    except SystemExit as end:  # the parser's way
        return int(end.code or 0)


def test_nothing_that_answers_is_failure_and_not_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1, and where to look: the same command may well work later."""
    assert main(["inbox", "--token", "x", "--api", "http://localhost:1/api"]) == 1
    assert capsys.readouterr().err.startswith("belfry: nothing answers at localhost:1. `belfry doctor`")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InvalidAlertError("`to`: is empty", "to"), "`to`: is empty."),
        (
            ProblemResponseError(401, {"detail": "The token is not valid."}),
            "the API answered 401: The token is not valid.",
        ),
        (ProblemResponseError(405, {}), "what answers there is not Belfry's API; is the address right?"),
        (json.JSONDecodeError("x", "y", 0), "what answers there is not Belfry's API; is the address right?"),
        (TimeoutError(), "TimeoutError."),
    ],
)
def test_every_failure_is_a_sentence(error: Exception, said: str) -> None:
    """In the words of whoever knows best, and with a full stop."""
    assert explain(error) == said


def test_a_defect_is_not_passed_off_as_a_failure() -> None:
    """What nobody expects keeps its traceback, for whoever has to find it."""
    with pytest.raises(ZeroDivisionError):
        explain(ZeroDivisionError())


@pytest.mark.parametrize("connection", ["nonsense", "Endpoint=sb://localhost;", "{usable};EntityPath=alerts"])
def test_a_connection_string_that_cannot_be_used_is_told(
    connection: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its key, before anything is connected."""
    usable = "Endpoint=sb://localhost;SharedAccessKeyName=a;SharedAccessKey=b"
    monkeypatch.setenv("SERVICE_BUS_CONNECTION", connection.format(usable=usable))
    assert main(["poison", "list"]) == 2
    assert capsys.readouterr().err.startswith("belfry: SERVICE_BUS_CONNECTION ")


def test_the_command_works_without_being_installed() -> None:
    """`python -m belfry` is the same command."""
    shown = subprocess.run([sys.executable, "-m", "belfry", "--help"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("usage: belfry ")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Who installed the package without it is told what to install: from here, for another has this name on PyPI."""
    for name in [name for name in sys.modules if name.startswith(("rich", "belfry.cli."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rich", None)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    assert main(["send"]) == 1
    assert "pip install '<folder of Belfry>[cli]'" in capsys.readouterr().err


def test_flags_make_the_alert_that_they_describe() -> None:
    """Each flag is a field; times may count from now."""
    flags = FLAGS | {"severity": "critical", "data": '{"a": [1]}', "deliver_at": "+90s", "expires_at": "+2d"}
    assert from_flags(flags, NOW) == Alert(
        to=("user:ada",),
        title="Hello",
        severity=Severity.CRITICAL,
        data={"a": [1]},
        deliver_at=NOW + timedelta(seconds=90),
        expires_at=NOW + timedelta(days=2),
    )


def test_a_time_needs_its_zone() -> None:
    """Noon is not the same moment for everyone."""
    with pytest.raises(WrongUseError, match=r"--expires-at: .*timezone"):
        from_flags(FLAGS | {"expires_at": "2026-03-01T12:00:00"}, NOW)


def card(key: str, position: int, **fields: Any) -> dict[str, Any]:
    """A card as the API gives it."""
    stored = {"card": key, "position": str(position), "severity": "info", "title": key, "audience": "everyone"}
    return {**stored, "at": "2026-03-01T12:00:00.000Z", **fields}


def test_tail_begins_with_the_newest_of_what_was_there() -> None:
    """On demand, in their newest revision, and without what was withdrawn."""
    there = [card("c", 3), card("b", 2), card("a", 1), card("b", 4), card("x", 5), card("x", 6, retracted=True)]
    assert [(each["card"], each["position"]) for each in newest(there, 2)] == [("c", "3"), ("b", "4")]
    assert [each["card"] for each in newest(there, 9)] == ["a", "c", "b"]
    assert newest(there, 0) == []


def test_a_card_that_is_withdrawn_is_shown_as_that(capsys: pytest.CaptureFixture[str]) -> None:
    """All that is left of it is its key."""
    show(card("a", 1), Terminal(as_json=False))
    show({"card": "a", "position": "2", "retracted": True}, Terminal(as_json=False))
    shown, withdrawn = capsys.readouterr().out.splitlines()
    assert shown == "2026-03-01T12:00:00.000Z\tinfo\ta\teveryone\ta"
    assert withdrawn == "\twithdrawn\ta\t\ta was withdrawn"


def test_nothing_that_is_shown_drives_the_terminal() -> None:
    """Escape sequences, bells and reversed text in what others sent are shown, not obeyed; words are left alone."""
    assert printable("\x1b[31m\a\u202e") == r"\x1b[31m\x07\u202e"
    assert printable("Zażółć\n\t👩‍💻 ok") == "Zażółć\n\t👩‍💻 ok"


def test_fields_in_a_pipe_are_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    """What other programs split at tabs has no others in it."""
    Terminal(as_json=False).fields("a\tb\nc", "", "d")
    assert capsys.readouterr().out == "a b c\t\td\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86_399, "23 h"),
        (86_400, "28 Feb 2026"),
    ],
)
def test_times_are_told_as_people_do(seconds: int, words: str) -> None:
    """How long ago within a day, and then the day."""
    assert moment_ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_every_command_on_the_page_can_be_typed() -> None:
    """docs/cli.md shows no command and no option that is not there."""
    page = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()
    blocks = "".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))
    typed = [line.split("belfry ", 1)[1] for line in blocks.splitlines() if re.search(r"(^|[|…] )belfry \w", line)]
    assert len(typed) > 15
    for arguments in typed:
        words = shlex.split(arguments.partition(" > ")[0])
        assert build_parser().parse_args(words).module
