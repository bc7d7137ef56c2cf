import pytest

from emulators.static_web_apps.negotiation import is_known, takes_gzip


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", True),
        ("br;q=1.0, GZIP ; q=0.5, *;q=0.1", True),
        ("*", True),
        ("deflate, *;q=0.1", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*;q=0", False),
        ("x-gzip2", False),
        ("gzip;q=", False),
    ],
)
def test_gzip_is_for_those_who_take_it(header: str, *, expected: bool) -> None:
    """By name or by star, unless its weight is nothing; what is named goes over the star."""
    assert takes_gzip(header) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('W/"a"', True),
        ('"a"', True),
        ('"b", W/"a"', True),
        ("*", True),
        ("", False),
        ('"b"', False),
        ("a", False),
        ('"ab"', False),
    ],
)
def test_a_tag_is_known_in_either_form(header: str, *, expected: bool) -> None:
    """Weak and strong tags of the same content are the same here."""
    assert is_known('W/"a"', header) == expected
