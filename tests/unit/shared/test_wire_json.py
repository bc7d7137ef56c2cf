import time
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from shared.errors import InvalidAlertError
from shared.wire.json import convert, decode, encode

Word = Annotated[str, Meta(pattern="^[a-z]+$", description="a word in lower case")]


class Size(StrEnum):
    """A choice."""

    SMALL = "small"
    LARGE = "large"


class Colour(StrEnum):
    """Another choice."""

    RED = "red"


class Inner(Struct, forbid_unknown_fields=True, rename="camel"):
    """A struct within another."""

    word: Word
    words: list[Word] = []
    outer_size: Size | None = None
    days: tuple[Literal["monday", "tuesday"], ...] = ()


class Outer(Struct, forbid_unknown_fields=True):
    """A struct to read."""

    count: int
    word: Word | None = None
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    bare: Annotated[str, Meta(pattern="^x$")] = "x"
    colour: Colour = Colour.RED
    colours: tuple[Colour, ...] = ()


def error_of(document: Any, kind: type[Any] = Outer) -> InvalidAlertError:
    """The error of a document, which is the same for bytes and for objects."""
    with pytest.raises(InvalidAlertError) as of_bytes:
        decode(encode(document), kind)
    with pytest.raises(InvalidAlertError) as of_objects:
        convert(document, kind)
    assert (str(of_bytes.value), of_bytes.value.field) == (str(of_objects.value), of_objects.value.field)
    return of_bytes.value


EXPLAINED: list[tuple[Any, str, str]] = [
    ({}, "Object missing required field `count`", "count"),
    ({"count": "1"}, "`count`: Expected `int`, got `str`", "count"),
    ({"count": 1, "word": "X"}, "`word`: must be a word in lower case", "word"),
    ({"count": 1, "inner": {}}, "`inner`: Object missing required field `word`", "inner.word"),
    ({"count": 1, "many": [{"word": "a"}, {}]}, "`many[1]`: Object missing required field `word`", "many[1].word"),
    ({"count": 1, "colour": "blue"}, "`colour`: must be one of `red`, not 'blue'", "colour"),
    ({"count": 1, "colours": ["red", "x"]}, "`colours[1]`: must be one of `red`, not 'x'", "colours[1]"),
    (
        {"count": 1, "inner": {"word": "a", "days": ["funday"]}},
        "`inner.days[0]`: must be one of `monday`, `tuesday`, not 'funday'",
        "inner.days[0]",
    ),
    (
        {"count": 1, "many": [{"word": "a", "outerSize": "wide"}]},
        "`many[0].outerSize`: must be one of `small`, `large`, not 'wide'",
        "many[0].outerSize",
    ),
    (
        {"count": 1, "inner": {"word": "a", "words": ["b", "C"]}},
        "`inner.words[1]`: must be a word in lower case",
        "inner.words[1]",
    ),
    (
        {"count": 1, "many": [{"word": "a"}, {"word": "B"}]},
        "`many[1].word`: must be a word in lower case",
        "many[1].word",
    ),
    ({"count": 1, "many": [{"word": "a", "x-y": 1}]}, "`many[0]`: Object contains unknown field `x-y`", "many[0].x-y"),
    ({"count": 1, "bare": "y"}, "`bare`: Expected `str` matching regex '^x$'", "bare"),
    ([], "Expected `object`, got `array`", ""),
]


@pytest.mark.parametrize(("document", "sentence", "field"), EXPLAINED, ids=[sentence for _, sentence, _ in EXPLAINED])
def test_errors_say_in_words_what_is_expected_and_where(document: Any, sentence: str, field: str) -> None:
    """Patterns are told by their description, places by their path."""
    error = error_of(document)
    assert (str(error), error.field) == (sentence, field)


UNREADABLE = [
    (b"", "not JSON"),
    (b"{", "not JSON"),
    (b'{"count": 1} trailing', "not JSON"),
    (b"\xef\xbb\xbf{}", "not JSON"),
    (b'{"count": NaN}', "not JSON"),
    (b"\xff\xfe{\x00}\x00", "not UTF-8: invalid start byte at byte 0"),
    (b'{"count": 1}\xc3', "not UTF-8: unexpected end of data at byte 12"),
    (b'{"c\xed\xa0\x80": 1}', "not UTF-8"),
]


@pytest.mark.parametrize(("body", "sentence"), UNREADABLE, ids=[repr(body) for body, _ in UNREADABLE])
def test_what_is_not_json_in_utf8_is_told_so(body: bytes, sentence: str) -> None:
    """Encoding comes first, then syntax: the sentence names the one that is wrong."""
    with pytest.raises(InvalidAlertError, match=sentence):
        decode(body, Outer)


def test_depth_is_an_error_like_any_other() -> None:
    """Input can not exhaust the stack."""
    with pytest.raises(InvalidAlertError, match="nested too deeply"):
        decode(b"[" * 100_000 + b"]" * 100_000, list[Any])


def test_json_is_written_compactly() -> None:
    """No white space, and characters as they are rather than escaped."""
    assert encode({"title": "Ünïcode", "list": [1, None]}) == '{"title":"Ünïcode","list":[1,null]}'.encode()


@pytest.mark.parametrize("name", ["field `x", " - at `$", "field `x` - at `$.x", "\n"])
def test_a_name_as_long_as_the_body_is_explained_quickly_and_shortly(name: str) -> None:
    """Whoever may send a body at all could else keep the worker busy for seconds, and fill its log."""
    document = {"count": 1, name * (60_000 // len(name)) + " - at `$": 1}
    started = time.process_time()
    error = error_of(document)
    assert time.process_time() - started < 0.2
    assert len(str(error)) + len(error.field) < 3_000
    assert "unknown field" in str(error)


def test_a_name_cannot_write_into_a_log() -> None:
    """Neither end a line nor turn its direction: it is told with escapes."""
    error = error_of({"count": 1, "a\nERROR b\u202e": 1})
    assert str(error) == r"Object contains unknown field `a\nERROR b\u202e`"
