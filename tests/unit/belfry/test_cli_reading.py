import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belfry.cli.failing import WrongUseError
from belfry.cli.reading import MOST_ERRORS, entries, read_alerts

ALERT: dict[str, Any] = {"to": ["user:ada"], "title": "Hello"}
VALUES = st.dictionaries(st.text(), st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=5))


@given(st.lists(VALUES), st.sampled_from([None, 2]), st.sampled_from(["\n", "\n\n", " ", "\r\n", ","]))
def test_objects_may_be_lines_or_blocks_or_items(
    values: list[dict[str, Any]], indent: int | None, between: str
) -> None:
    """However JSON objects are laid out, the same alerts are read, and each is found on its line."""
    written = [json.dumps(value, indent=indent) for value in values]
    text = between.join(written)
    if between == ",":
        text = f"[{text}]"
    found = list(entries("file", text))
    assert [json.loads(entry.text) for entry in found] == values
    at = 0
    for entry in found:
        at = text.index(entry.text, at)
        assert entry.line == text.count("\n", 0, at) + 1
        at += len(entry.text)


def test_each_alert_knows_its_line(tmp_path: Path) -> None:
    """Lines are counted from 1 through objects, arrays and empty lines."""
    file = tmp_path / "alerts.json"
    one = json.dumps(ALERT)
    file.write_text(f"\n{one}\n\n[\n  {one},\n  {json.dumps(ALERT, indent=2)}\n, {one}]\n[]{one}")
    places = [written.place for written in read_alerts([str(file)])]
    assert places == [f"{file}:{line}" for line in (2, 5, 6, 12, 13)]


def test_every_wrong_alert_is_told_with_file_line_and_field(tmp_path: Path) -> None:
    """Nothing is taken of a file of which one alert is wrong, and each that is says where and why."""
    file = tmp_path / "alerts.jsonl"
    file.write_text("\n".join(json.dumps(ALERT | change) for change in ({}, {"titel": "x"}, {"to": ["ada"]})))
    with pytest.raises(WrongUseError) as refusal:
        read_alerts([str(file)])
    _, second, third = str(refusal.value).splitlines()
    assert f"{file}:2: " in second
    assert "titel" in second
    assert f"{file}:3: `to[0]`" in third


def test_a_file_of_another_kind_does_not_flood_the_terminal(tmp_path: Path) -> None:
    """Ten errors are told, and how many more there are."""
    file = tmp_path / "alerts.jsonl"
    file.write_text('{"a": 1}\n' * 1000)
    with pytest.raises(WrongUseError, match="and 990 more") as refusal:
        read_alerts([str(file)])
    assert len(str(refusal.value).splitlines()) == MOST_ERRORS + 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"to": ', 1),
        (json.dumps(ALERT) + "\n{", 2),
        ("[" + json.dumps(ALERT), 1),
        (f"[{json.dumps(ALERT)}\n{json.dumps(ALERT)}]", 2),
        (f"[{json.dumps(ALERT)},\n]", 2),
        ("[,]", 1),
        ("]", 1),
        ("nonsense", 1),
        ("[" * 100_000, 1),
    ],
)
def test_what_is_not_json_is_told_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    """A file that breaks off, or is something else altogether, is refused with the place where it goes wrong."""
    file = tmp_path / "alerts.json"
    file.write_text(text)
    with pytest.raises(WrongUseError, match=rf"{file}:{line}: "):
        read_alerts([str(file)])


def test_standard_input_is_a_file_named_by_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alerts are read from a pipe, with or without a byte order mark."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf" + json.dumps(ALERT).encode())))
    [written] = read_alerts(["-"])
    assert (written.place, written.alert.title) == ("standard input:1", "Hello")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """One that is not there, is a folder, or is not UTF-8."""
    latin = tmp_path / "latin"
    latin.write_bytes(b'{\n"title": "caf\xe9"}')
    for path, words in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory"), (latin, ":2: not UTF-8")):
        with pytest.raises(WrongUseError, match=words) as refusal:
            read_alerts([str(path)])
        assert str(path) in str(refusal.value)
