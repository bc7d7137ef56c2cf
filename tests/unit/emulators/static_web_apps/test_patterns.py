import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.static_web_apps.patterns import Pattern, PatternError


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("/news", ["/news"], ["/news/", "/news/1", "/new", "/News"]),
        ("/orders/*", ["/orders/", "/orders/1001", "/orders/1001/payment"], ["/orders", "/order/1"]),
        ("/orders*", ["/orders", "/orders/1001", "/orders.html"], ["/order", "/my/orders"]),
        ("/assets/*.js", ["/assets/a.js", "/assets/b/c.js"], ["/assets/a.css", "/assets/js", "/a.js"]),
        ("/i/*.{png,jpg}", ["/i/a.png", "/i/b.jpg"], ["/i/a.gif", "/i/a.png.gif", "/i/apng"]),
        ("*", ["/", "/anything/at/all"], []),
        ("*.{js,css}", ["/a.js", "/b/c.css"], ["/a.html"]),
        ("/a.c", ["/a.c"], ["/abc"]),
    ],
)
def test_a_pattern_matches_whole_paths(pattern: str, matching: list[str], others: list[str]) -> None:
    """Exact, or everything after the wildcard, or of it only what has one of the extensions."""
    assert [path for path in matching + others if Pattern(pattern).matches(path)] == matching


@pytest.mark.parametrize(("pattern", "folder"), [("/profile/index.html", "/profile"), ("/index.html", "")])
def test_the_page_of_a_folder_means_the_folder(pattern: str, folder: str) -> None:
    """A rule for `/profile/index.html` holds for `/profile` and `/profile/` as well, but not the other way round."""
    assert Pattern(pattern).matches(folder + "/")
    assert Pattern(pattern).matches(folder + "/index.html")
    assert not Pattern(folder + "/").matches(folder + "/index.html")


@pytest.mark.parametrize("text", ["", "news", "/a/*/b", "/*/*", "/a*b", "/a.{js,css}", "/*.{js", "/*.{}", "/*."])
def test_a_wildcard_elsewhere_than_at_the_end_is_refused(text: str) -> None:
    """What Azure would not match as one hopes is not taken in silence."""
    with pytest.raises(PatternError):
        Pattern(text)


@given(st.text(st.characters(exclude_characters="*{}"), max_size=20), st.text(max_size=20))
def test_a_path_is_never_read_as_a_pattern(start: str, path: str) -> None:
    """Characters that mean something elsewhere mean themselves here."""
    assert Pattern("/" + start).matches("/" + start)
    assert Pattern("/" + start + "*").matches("/" + start + path)
