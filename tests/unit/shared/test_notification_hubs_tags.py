import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.azure.notification_hubs import TagExpression, any_of, installation, tag, user

NAMES = st.text("abcXYZ019_@#.:-", min_size=1, max_size=120)
FEW = "abcdef"

type Condition = Callable[[frozenset[str]], bool]


def either(one: Condition, other: Condition) -> Condition:
    """What `|` means."""
    return lambda tags: one(tags) or other(tags)


def both(one: Condition, other: Condition) -> Condition:
    """What `&` means."""
    return lambda tags: one(tags) and other(tags)


def one_tag(name: str) -> tuple[TagExpression, Condition, int]:
    """An expression, what it means, and its size."""
    return tag(name), lambda tags: name in tags, 1


@st.composite
def expressions(draw: st.DrawFn, most: int = 6) -> tuple[TagExpression, Condition, int]:
    """An expression of up to `most` tags, what it means, and how many tags it has."""
    if most == 1 or draw(st.booleans()):
        found = one_tag(draw(st.sampled_from(FEW)))
    else:
        first, first_means, first_size = draw(expressions(most - 1))
        second, second_means, second_size = draw(expressions(most - first_size))
        size = first_size + second_size
        if draw(st.booleans()):
            found = first | second, either(first_means, second_means), size
        else:
            found = first & second, both(first_means, second_means), size
    expression, means, size = found
    if draw(st.booleans()):
        return ~expression, lambda tags: not means(tags), size
    return found


def evaluated(text: str, tags: frozenset[str]) -> bool:
    """What the service makes of an expression: Python has the same precedence for its own three operators."""
    python = re.sub(r"[A-Za-z0-9_@#.:-]+", lambda found: str(found[0] in tags), text)
    python = python.replace("&&", " and ").replace("||", " or ").replace("!", " not ")
    return bool(eval(python, {"__builtins__": {}}))  # noqa: S307  # of nothing but True, False, operators and brackets


@given(expressions(), st.frozensets(st.sampled_from(FEW)))
def test_an_expression_means_what_was_combined(
    built: tuple[TagExpression, Condition, int], tags: frozenset[str]
) -> None:
    """Brackets stand where the precedence of the operators would read it otherwise."""
    expression, means, _ = built
    assert evaluated(str(expression), tags) is means(tags)


@given(st.lists(NAMES, min_size=1, max_size=20), st.frozensets(NAMES))
def test_any_of_reaches_who_has_one_of_the_tags(names: list[str], tags: frozenset[str]) -> None:
    """Of 1 to 20 tags; one that is named twice counts once."""
    text = str(any_of(names * 2))
    assert set(text.split(" || ")) == set(names)
    assert text.count("||") == len(set(names)) - 1
    assert evaluated(text, tags) is bool(tags & set(names))


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (tag("a") | tag("b") | tag("c"), "a || b || c"),
        ((tag("a") | tag("b")) & tag("c"), "(a || b) && c"),
        (tag("a") | tag("b") & tag("c"), "a || b && c"),
        (any_of(["a", "b"]) & ~tag("c"), "(a || b) && !c"),
        (~any_of(["a", "b"]), "!(a || b)"),
        (~~tag("a"), "!!a"),
        (any_of(["a"]) & tag("b"), "a && b"),
        (user("ada@example.com"), "$UserId:{ada@example.com}"),
        (installation("1") | user("ada"), "$InstallationId:{1} || $UserId:{ada}"),
    ],
    ids=str,
)
def test_how_expressions_are_written(expression: TagExpression, text: str) -> None:
    """With the operators of the service, and no more brackets than needed."""
    assert str(expression) == text


def test_the_limits_on_tags_are_kept() -> None:
    """20 where there is only `||`, else 6: the service refuses more, so nothing of more is made."""
    twenty = any_of(map(str, range(20)))
    six = any_of("abcde") & ~tag("f")
    assert str(twenty).count("||") == 19
    assert str(six).count("||") == 4
    with pytest.raises(ValueError, match=r"with \|\| only has at most 20 tags, not 21"):
        any_of(map(str, range(21)))
    with pytest.raises(ValueError, match=r"with \|\| only has at most 20 tags, not 21"):
        _ = twenty | tag("x")
    with pytest.raises(ValueError, match=r"with && or ! has at most 6 tags, not 7"):
        _ = six | tag("x")
    with pytest.raises(ValueError, match=r"with && or ! has at most 6 tags, not 7"):
        _ = tag("x") | six
    with pytest.raises(ValueError, match=r"with && or ! has at most 6 tags, not 20"):
        _ = ~twenty


@given(st.text())
def test_nothing_but_a_tag_becomes_one(text: str) -> None:
    """What could be read as an operator, a bracket or another header is refused."""
    if re.fullmatch(r"[A-Za-z0-9_@#.:-]{1,120}", text):
        assert str(tag(text)) == text
    else:
        with pytest.raises(ValueError, match="not a tag"):
            tag(text)


@pytest.mark.parametrize(
    "text", ["", "a b", "a||b", "a\n", "\r\nX: y", "ä", "x" * 121, "a}", "$UserId:{ada}", "a,b", "*"]
)
def test_what_is_no_tag_is_refused(text: str) -> None:
    """Also by the functions that take several."""
    with pytest.raises(ValueError, match="not a tag"):
        tag(text)
    with pytest.raises(ValueError, match="not a tag"):
        any_of(["a", text])


@pytest.mark.parametrize("text", ["", "a}", "{a", "a b", "a\n", "x" * 257])
def test_what_is_no_id_is_refused(text: str) -> None:
    """It stands within braces in the expression, and in an address."""
    with pytest.raises(ValueError, match="not the id"):
        user(text)
    with pytest.raises(ValueError, match="not the id"):
        installation(text)


def test_no_tags_are_not_all_devices() -> None:
    """An expression of nothing would be read as everyone."""
    with pytest.raises(ValueError, match="needs a tag"):
        any_of([])
