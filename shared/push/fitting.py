"""Making a payload fit: as much of the text as there is room for, and no half characters."""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

ELLIPSIS: Final = "…"

_ZERO_WIDTH_JOINER: Final = "\u200d"
_VIRAMA: Final = 9
"""The combining class of what joins two consonants of an Indic script to one character."""
_EXTENDING: Final = re.compile("[\u0e33\u0eb3\u200c\u200d\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
"""What belongs to the character before it, besides marks: vowels, joiners, voicing, skin tones, and tags."""
_PREPENDED: Final = re.compile(
    "[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd\U000111c2\U000111c3\U0001193f"
    "\U00011941\U00011a3a\U00011a84-\U00011a89\U00011d46\U00011f02]"
)
"""What belongs to the character after it, such as the Arabic sign before a number."""
_SYLLABLE_START: Final = re.compile("[\u1100-\u115f\ua960-\ua97c]")
_HANGUL: Final = re.compile("[\u1100-\u11ff\ua960-\ua97c\uac00-\ud7fb]")
_SYLLABLE_REST: Final = re.compile("[\u1160-\u11ff\ud7b0-\ud7fb]")
_FLAG_LETTER: Final = re.compile("[\U0001f1e6-\U0001f1ff]")
_FLAG_LETTERS_AT_END: Final = re.compile(_FLAG_LETTER.pattern + r"*\Z")


def fitted(render: Callable[[str, str | None], bytes], body: str, url: str | None, maximum: int) -> bytes:
    """The payload with as much of the body as fits.

    Args:
        render: makes the payload of a body and a link; a longer body never makes a shorter one.
        body: cut at its end, with an ellipsis in place of the rest.
        url: the link; left out where it leaves no room for any text. The card has it too.
        maximum: bytes that the payload may have. It must do for a payload without body and link.
    """
    whole = render(body, url)
    if len(whole) <= maximum:
        return whole
    if len(render(ELLIPSIS, url)) > maximum:
        return fitted(render, body, None, maximum)
    shortest, longest = 0, len(body)  # the first fits, with the ellipsis; the second does not
    while longest - shortest > 1:
        middle = (shortest + longest) // 2
        if len(render(body[:middle] + ELLIPSIS, url)) <= maximum:
            shortest = middle
        else:
            longest = middle
    return render(cut(body, shortest) + ELLIPSIS, url)


def cut(text: str, length: int) -> str:
    """The text up to at most `length` code points, ending with a whole character as people see it, and no space.

    Source: the rules for grapheme clusters in Unicode Standard Annex #29, coarser where that cuts earlier.
    """
    while 0 < length < len(text) and _within_character(text, length):
        length -= 1
    return text[:length].rstrip()


def _within_character(text: str, index: int) -> bool:
    before, after = text[index - 1], text[index]
    if unicodedata.category(after).startswith("M") or _EXTENDING.match(after):
        return True
    if before == _ZERO_WIDTH_JOINER or _PREPENDED.match(before) or unicodedata.combining(before) == _VIRAMA:
        return True
    if _SYLLABLE_REST.match(after):
        return _HANGUL.match(before) is not None
    if _SYLLABLE_START.match(before):
        return _HANGUL.match(after) is not None
    if not _FLAG_LETTER.match(after):
        return False
    # A flag is two letters; which two belong together is counted from where a row of them begins.
    row = _FLAG_LETTERS_AT_END.search(text, 0, index)
    return row is not None and len(row[0]) % 2 == 1
