import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.push.fitting import ELLIPSIS, cut, fitted

CHARACTERS = st.text(st.characters(exclude_categories=["Cs"]))
EMOJI = ["👩\u200d👩\u200d👧", "❤\ufe0f", "👋🏽", "🇵🇱", "🇩🇪", "1\ufe0f\u20e3", "🏴\U000e0067\U000e0062\U000e007f"]
LETTERS = ["x", "e\u0301", "한", "\u1112\u1161\u11ab", "क्षि", "กำ", " "]
JOINED = st.lists(st.sampled_from(EMOJI + LETTERS))
"""Characters as people see them, of one code point and of several."""


def render(body: str, url: str | None) -> bytes:
    """A payload with both."""
    return json.dumps({"body": body, "url": url}, ensure_ascii=False).encode()


@given(CHARACTERS, st.none() | st.text("/abcß€𝄞", max_size=60), st.integers(30, 200))
def test_a_payload_fits_and_wastes_no_room(body: str, url: str | None, maximum: int) -> None:
    """All of the body where there is room, else as much as there is, in whole characters and with an ellipsis."""
    payload = fitted(render, body, url, maximum)
    assert len(payload) <= maximum
    shown = json.loads(payload)
    if len(render(body, url)) <= maximum:
        assert shown == {"body": body, "url": url}
        return
    assert shown["url"] == (url if len(render(ELLIPSIS, url)) <= maximum else None)
    if shown["body"] != body:
        kept = shown["body"].removesuffix(ELLIPSIS)
        assert shown["body"] == kept + ELLIPSIS
        assert body.startswith(kept)
        longest = max(
            length
            for length in range(len(body) + 1)
            if length == 0 or len(render(body[:length] + ELLIPSIS, shown["url"])) <= maximum
        )
        assert kept == cut(body, longest)


@given(CHARACTERS, st.integers(0, 50))
def test_a_cut_text_begins_as_the_text_does(text: str, length: int) -> None:
    """It is never longer than asked for, ends with no space, and what follows is no mark of its last character."""
    kept = cut(text, length)
    assert text.startswith(kept)
    assert len(kept) <= length
    assert kept == kept.rstrip()
    rest = text[len(kept) :]
    assert not (kept and rest and unicodedata.category(rest[0]).startswith("M"))


@given(JOINED, st.data())
def test_what_people_see_as_one_character_is_not_cut_through(characters: list[str], data: st.DataObject) -> None:
    """Accents, families, skin tones, flags, syllables: the cut text has all the whole ones for which there is room."""
    text = "".join(characters)
    length = data.draw(st.integers(0, len(text)))
    whole: list[str] = []
    for character in characters:
        if len("".join(whole)) + len(character) > length:
            break
        whole.append(character)
    assert cut(text, length) == "".join(whole).rstrip()


@pytest.mark.parametrize(
    ("text", "length", "kept"),
    [
        ("Disk full", 9, "Disk full"),
        ("Disk full", 100, "Disk full"),
        ("Disk full", 6, "Disk f"),
        ("Disk full", 5, "Disk"),
        ("one\r\ntwo", 4, "one"),
        ("🇵🇱🇩🇪", 3, "🇵🇱"),
        ("x🇵\n🇱🇩", 3, "x🇵"),
        ("x🇵\n🇱🇩", 4, "x🇵"),
        ("\u0301\u0301\u0301", 2, ""),
        ("\u0600123", 1, ""),
        ("", 0, ""),
    ],
)
def test_where_texts_are_cut(text: str, length: int, kept: str) -> None:
    """Between characters, and before the space there is."""
    assert cut(text, length) == kept
