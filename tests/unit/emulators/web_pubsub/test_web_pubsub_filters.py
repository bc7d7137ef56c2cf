from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.web_pubsub.errors import FilterError
from emulators.web_pubsub.filter_syntax import parse, written
from emulators.web_pubsub.filters import Filter


@dataclass(frozen=True)
class Somebody:
    """A connection, as far as filters go."""

    id: str = "c1"
    user: str | None = "ada"
    groups: frozenset[str] = frozenset()
    subprotocol: str | None = None


ADA = Somebody(groups=frozenset({"a", "b"}), subprotocol="json.webpubsub.azure.v1")
NOBODY = Somebody(user=None)


@pytest.mark.parametrize(
    ("text", "ada", "nobody"),
    [
        ("", True, True),
        ("true", True, True),
        ("userId eq 'ada'", True, False),
        ("USERID eq 'ada' and ConnectionId ne 'c2'", True, False),
        ("userId eq null", False, True),
        ("userId eq 'Ada'", False, False),
        ("tolower(userId) eq 'ada'", True, False),
        ("'a' in groups", True, False),
        ("'a' in (groups)", True, False),
        ("'a' in groups and not ('b' in groups)", False, False),
        ("userId in ('bob', 'ada')", True, False),
        ("userId in ('bob', null)", False, True),
        ("length(groups) gt 1", True, False),
        ("length(userId) le 3", True, False),
        ("length(groups) eq 0 or false", False, True),
        ("false or true and false", False, False),
        ("not false and false", False, False),
        ("startswith(userId, 'a') and endswith(userId,'da')", True, False),
        ("contains(concat(userId, '-x'), 'a-x')", True, False),
        ("indexof(userId, 'd') eq 1", True, False),
        ("indexof(userId, 'd') lt 0", False, True),
        ("substring(userId, 1) eq 'da'", True, False),
        ("substring(userId, 1, 1) eq 'd'", True, False),
        ("substring(userId, 9) eq null", True, True),
        ("trim(' x ') eq 'x'", True, True),
        ("protocol eq 'json.webpubsub.azure.v1'", True, False),
        ("'it''s' eq concat('it', '''s')", True, True),
        ("groups eq groups", False, False),
        ("1 eq true", False, False),
        ("length(userId) gt -1", True, False),
    ],
)
def test_what_filters_mean(text: str, ada: bool, nobody: bool) -> None:  # noqa: FBT001  # a table of truths
    """A filter selects a connection by id, user, groups and subprotocol, with null for what it has not."""
    assert (Filter(text).matches(ADA), Filter(text).matches(NOBODY)) == (ada, nobody)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not length(userId) gt 5", "'not length(userId)': Type 'null', expect 'bool'."),
        ("userId", "'userId': Type 'null', expect 'bool'."),
        ("length(groups)", "'length(groups)': Type 'int', expect 'bool'."),
        ("'a' in userId", "''a' in userId': Type 'null', expect 'collection'."),
        ("connectionId gt 'x'", "'connectionId gt 'x'': Type 'string', expect 'int'."),
        ("true and 1", "'true and 1': Type 'int', expect 'bool'."),
        ("false and groups eq 1 and 1", "'false and (groups eq 1) and 1': Type 'int', expect 'bool'."),
        ("age eq 1", "'age eq 1': Token 'age' is not supported."),
        ("reverse(userId) eq 'x'", "'reverse(userId)': Token 'reverse(userId)' is not supported."),
        ("length() eq 1", "'length() eq 1': Token ')' is not supported."),
        ("length(userId, 'x') eq 1", "'length(userId,'x')': Invalid token 'length(userId,'x')'."),
        ("substring(userId, 'x') eq 'x'", "'substring(userId,'x')': Type 'string', expect 'int'."),
        ("length(userId) eq 99999999999", "Token '99999999999' is not supported."),
        ("userId eq 'ada", "Syntax error at position 9."),
        ("userId eq 1.5", "Syntax error"),
        ("userId eq", "The expression ends too early."),
        ("(true", "')' is missing."),
        ("true true", "'true' is not expected here."),
        ("userId in ()", "Token ')' is not supported."),
        ("(" * 101 + "true" + ")" * 101, "nested too deeply"),
        ("true" + " eq true" * 102, "nested too deeply"),
    ],
)
def test_mistakes_are_named(text: str, message: str) -> None:
    """A filter that does not parse or type is refused before anything is sent, with the part at fault."""
    with pytest.raises(FilterError) as refused:
        Filter(text)
    assert message in refused.value.message
    assert refused.value.message.startswith("Invalid syntax for '")
    assert refused.value.message.endswith("(Parameter 'filter')")


def test_a_type_that_shows_late_is_still_refused() -> None:
    """A comparison that only a connection with a user reveals as wrong is refused when it meets one."""
    condition = Filter("length(userId) gt 'a'")
    assert not condition.matches(NOBODY)
    with pytest.raises(FilterError, match="expect 'int'"):
        condition.matches(ADA)


def test_long_filters_are_not_deep() -> None:
    """A thousand alternatives are no nesting, and nesting a hundred times is not too deep."""
    assert Filter("(" * 100 + "true" + ")" * 100).matches(ADA)
    assert Filter("not " * 100 + "true").matches(ADA)
    text = " or ".join(f"userId eq 'user{number}'" for number in range(1000))
    assert not Filter(text).matches(ADA)
    assert Filter(f"{text} or userId eq 'ada'").matches(ADA)


type Meaning[T] = tuple[str, Callable[[Somebody], T]]
"""A filter, or a part of one, and what it means, said in Python."""

words = st.text("ab'C ", max_size=4)
somebodies = st.builds(
    Somebody, id=words, user=st.none() | words, groups=st.frozensets(words, max_size=3), subprotocol=st.none() | words
)


def literal(word: str) -> Meaning[str | None]:
    """A constant."""
    return "'" + word.replace("'", "''") + "'", lambda _: word


def lowered(part: Meaning[str | None]) -> Meaning[str | None]:
    """In lower case; null stays null."""

    def meaning(who: Somebody) -> str | None:
        value = part[1](who)
        return None if value is None else value.lower()

    return f"tolower({part[0]})", meaning


def joined(first: Meaning[str | None], second: Meaning[str | None]) -> Meaning[str | None]:
    """One after the other; only two nulls make null."""

    def meaning(who: Somebody) -> str | None:
        values = [first[1](who), second[1](who)]
        return None if values == [None, None] else "".join(value or "" for value in values)

    return f"concat({first[0]}, {second[0]})", meaning


basic_strings: st.SearchStrategy[Meaning[str | None]] = st.one_of(
    words.map(literal),
    st.sampled_from(
        [
            ("userId", lambda who: who.user),
            ("connectionId", lambda who: who.id),
            ("protocol", lambda who: who.subprotocol),
            ("null", lambda _: None),
        ]
    ),
)
strings = st.recursive(
    basic_strings, lambda parts: st.builds(lowered, parts) | st.builds(joined, parts, parts), max_leaves=3
)


def size(part: Meaning[str | None]) -> Meaning[int | None]:
    """The length; that of null is null."""

    def meaning(who: Somebody) -> int | None:
        value = part[1](who)
        return None if value is None else len(value)

    return f"length({part[0]})", meaning


def place(part: Meaning[str | None], inner: Meaning[str | None]) -> Meaning[int | None]:
    """Where one lies in the other; -1 if nowhere or null."""

    def meaning(who: Somebody) -> int | None:
        value, sought = part[1](who), inner[1](who)
        return -1 if value is None or sought is None else value.find(sought)

    return f"indexof({part[0]},{inner[0]})", meaning


numbers: st.SearchStrategy[Meaning[int | None]] = st.one_of(
    st.integers(-3, 6).map(lambda number: (str(number), lambda _: number)),
    st.builds(size, strings),
    st.builds(place, strings, strings),
    st.just(("length(groups)", lambda who: len(who.groups))),
)


def compared(operator: str, left: Meaning[int | None], right: Meaning[int | None]) -> Meaning[bool]:
    """Two numbers compared; null is neither more nor less than anything."""

    def meaning(who: Somebody) -> bool:
        first, second = left[1](who), right[1](who)
        if operator in {"eq", "ne"}:
            return (first == second) == (operator == "eq")
        if first is None or second is None:
            return False
        return {"gt": first > second, "ge": first >= second, "lt": first < second, "le": first <= second}[operator]

    return f"{left[0]} {operator} {right[0]}", meaning


def same(left: Meaning[str | None], right: Meaning[str | None]) -> Meaning[bool]:
    """Equal, null to null included."""
    return f"{left[0]} eq {right[0]}", lambda who: left[1](who) == right[1](who)


def listed(value: Meaning[str | None], members: list[Meaning[str | None]]) -> Meaning[bool]:
    """One of a list."""
    text = ", ".join(member[0] for member in members)
    return f"{value[0]} in ({text})", lambda who: value[1](who) in [member[1](who) for member in members]


def starts(part: Meaning[str | None], opening: Meaning[str | None]) -> Meaning[bool]:
    """Begins with; null does not."""

    def meaning(who: Somebody) -> bool:
        value, start = part[1](who), opening[1](who)
        return value is not None and start is not None and value[: len(start)] == start

    return f"startswith({part[0]}, {opening[0]})", meaning


basic_conditions: st.SearchStrategy[Meaning[bool]] = st.one_of(
    st.sampled_from([("true", lambda _: True), ("false", lambda _: False)]),
    st.builds(compared, st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"]), numbers, numbers),
    st.builds(same, strings, strings),
    st.builds(listed, strings, st.lists(strings, min_size=1, max_size=3)),
    st.builds(starts, strings, strings),
    words.map(lambda word: (f"{literal(word)[0]} in groups", lambda who: word in who.groups)),
)


def both(one: Meaning[bool], two: Meaning[bool]) -> Meaning[bool]:
    """And."""
    return f"({one[0]}) and ({two[0]})", lambda who: one[1](who) and two[1](who)


def either(one: Meaning[bool], two: Meaning[bool]) -> Meaning[bool]:
    """Or."""
    return f"({one[0]}) or ({two[0]})", lambda who: one[1](who) or two[1](who)


def opposite(one: Meaning[bool]) -> Meaning[bool]:
    """Not."""
    return f"not ({one[0]})", lambda who: not one[1](who)


conditions = st.recursive(
    basic_conditions,
    lambda parts: st.builds(both, parts, parts) | st.builds(either, parts, parts) | st.builds(opposite, parts),
    max_leaves=6,
)


@given(conditions, somebodies)
def test_filters_mean_what_they_say(condition: Meaning[bool], who: Somebody) -> None:
    """Whatever is composed of the grammar selects exactly the connections that its parts say."""
    text, meaning = condition
    assert Filter(text).matches(who) == meaning(who)


@given(conditions, somebodies)
def test_a_filter_as_quoted_is_the_same_filter(condition: Meaning[bool], who: Somebody) -> None:
    """The filter in an error message can be sent again and means the same."""
    quoted = written(parse(condition[0]))
    assert Filter(quoted).matches(who) == condition[1](who)


@given(st.text("()',.$ aeinotqrsu10", max_size=30))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    """No text does anything but match or raise a filter error."""
    with suppress(FilterError):
        Filter(text).matches(ADA)
