import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.notification_hubs.errors import BadRequestError
from emulators.notification_hubs.tag_expressions import MOST_TAGS_OTHERWISE, check_tag, matches, parse

TAGS = ["a", "b", "Paris", "topic:x.y-z", "#1", "@me_", "$UserId:{ada|1}", "$InstallationId:{0-1}"]


def written(operator: str, operands: list[str]) -> str:
    """Operands joined, in brackets."""
    return "(" + f" {operator} ".join(operands) + ")"


EXPRESSIONS = st.recursive(
    st.sampled_from(TAGS),
    lambda inner: (
        st.builds(written, st.sampled_from(["&&", "||"]), st.lists(inner, min_size=2, max_size=3))
        | inner.map("!{}".format)
        | inner.map("( {} )".format)
    ),
    max_leaves=MOST_TAGS_OTHERWISE,
)


def python_evaluation(expression: str, tags: set[str]) -> bool:
    """What Python's own grammar makes of the expression, whose operators bind in the same order."""
    pattern = r"\$\w+:\{[^}]*\}|[\w@#.:-]+"
    text = re.sub(pattern, lambda tag: str(tag[0] in tags), expression)
    text = text.replace("&&", " and ").replace("||", " or ").replace("!", " not ")
    return bool(eval(text))  # noqa: S307  # True, False, and, or, not and brackets


@given(EXPRESSIONS, st.sets(st.sampled_from(TAGS)))
def test_an_expression_chooses_as_python_would(expression: str, tags: set[str]) -> None:
    """Brackets, negation, conjunction and disjunction mean what they mean everywhere."""
    assert matches(parse(expression), tags) == python_evaluation(expression, tags)


@given(
    st.lists(st.sampled_from(TAGS), min_size=1, max_size=6),
    st.lists(st.sampled_from([" && ", "||", " || !", "&& !"]), min_size=6, max_size=6),
    st.sets(st.sampled_from(TAGS)),
)
def test_operators_bind_without_brackets(names: list[str], operators: list[str], tags: set[str]) -> None:
    """`!` before `&&` before `||`, with and without spaces."""
    expression = names[0] + "".join(map("".join, zip(operators, names[1:], strict=False)))
    assert matches(parse(expression), tags) == python_evaluation(expression, tags)


@pytest.mark.parametrize(
    ("expression", "most"),
    [("||".join("abcdefghijklmnopqrst"), 20), ("&&".join("abcdef"), 6), ("!a || b||c||d||e||f", 6)],
)
def test_the_number_of_tags_is_limited(expression: str, most: int) -> None:
    """20 with `||` alone, 6 otherwise; one more is refused, and the refusal says so."""
    parse(expression)
    with pytest.raises(BadRequestError, match=rf"names {most + 1} tags where {most} are allowed"):
        parse(f"{expression}||u" if "||" in expression else f"{expression}&&u")


@pytest.mark.parametrize(
    "expression",
    ["", "  ", "a b", "a &&", "|| a", "a || || b", "(a", "a)", "()", "!", "a & b", "a | b", "é", "a,b", "$UserId:ada",
     "$Other:{x}", "$UserId:{}", "a!b", "a" * 121, "!" * 101 + "a", "(" * 101 + "a" + ")" * 101],
)  # fmt: skip
def test_what_is_no_expression_is_refused(expression: str) -> None:
    """Nobody is sent to by mistake: above all, an empty expression does not mean everyone."""
    with pytest.raises(BadRequestError):
        parse(expression)


@given(st.from_regex(r"[A-Za-z0-9_@#.:-]{1,120}", fullmatch=True))
def test_every_tag_of_the_alphabet_is_one(tag: str) -> None:
    """It can be given to a device, and chooses that device and no other."""
    assert check_tag(tag) == tag
    assert matches(parse(tag), {tag})
    assert not matches(parse(tag), {f"{tag}x"})


@pytest.mark.parametrize("tag", ["", "x" * 121, "a b", "ä", "a|b", "$a", "a!", "a\n"])
def test_every_other_text_is_not(tag: str) -> None:
    """The refusal says what a tag is made of."""
    with pytest.raises(BadRequestError, match=r"Valid tag characters are alphanumeric, _, @, -, \., : and #"):
        check_tag(tag)
