import random
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.functions_host.errors import RouteSyntaxError
from emulators.functions_host.routes import Literal, Match, Parameter, Route, Table, parse

_NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=8)
_WORDS = st.sampled_from(["alerts", "read", "me", "Devices"])
_SEGMENTS = st.one_of(_WORDS, st.sampled_from(["{id}", "{id:int}", "{id:int:min(5)}", "{id:length(2,4)}"]))
_TEMPLATES = st.lists(_SEGMENTS, min_size=1, max_size=4).map(
    lambda segments: "/".join(segment.replace("id", f"p{index}") for index, segment in enumerate(segments))
)


def _table(*templates: str, methods: frozenset[str] | None = None) -> Table:
    return Table(Route(template, parse(template), methods) for template in templates)


def _found(table: Table, path: str, method: str = "GET") -> str | None:
    match = table.find(method, path)
    return match.function if match else None


@pytest.mark.parametrize(
    ("template", "path", "params"),
    [
        ("alerts", "/alerts", {}),
        ("alerts", "/ALERTS/", {}),
        ("alerts", "/alerts/1", None),
        ("alerts/{id}", "/alerts/1", {"id": "1"}),
        ("alerts/{id}", "/alerts", None),
        ("alerts/{id}", "/alerts//", None),
        ("alerts/{id?}", "/alerts", {}),
        ("alerts/{id?}", "/alerts/1", {"id": "1"}),
        ("alerts/{id=7}", "/alerts", {"id": "7"}),
        ("{a?}/{b?}", "/x", {"a": "x"}),
        ("files/{*rest}", "/files", {}),
        ("files/{*rest}", "/files/a/b/", {"rest": "a/b/"}),
        ("files/{**rest}", "/files/a//b", {"rest": "a//b"}),
        ("{*rest}", "/", {}),
        ("alerts/{id}", "/alerts/a%20b%2Fc%C3%A9", {"id": "a b%2Fcé"}),
        ("alerts/{id:int}", "/alerts/-12", {"id": "-12"}),
        ("alerts/{id:int}", "/alerts/1.5", None),
        ("alerts/{id:int}", "/alerts/3000000000", None),
        ("alerts/{id:long}", "/alerts/3000000000", {"id": "3000000000"}),
        (
            "alerts/{id:guid}",
            "/alerts/5c2cd88f-57f6-4c7e-9eb4-934982c474e5",
            {"id": "5c2cd88f-57f6-4c7e-9eb4-934982c474e5"},
        ),
        ("alerts/{id:guid}", "/alerts/5c2cd88f", None),
        ("alerts/{on:bool}", "/alerts/True", {"on": "True"}),
        ("alerts/{name:alpha:maxlength(3)}", "/alerts/abcd", None),
        ("alerts/{name:alpha:maxlength(3)}", "/alerts/abc", {"name": "abc"}),
        ("alerts/{n:range(1,9)}", "/alerts/10", None),
        ("alerts/{n:double}", "/alerts/1.5e3", {"n": "1.5e3"}),
        ("alerts/{n:decimal}", "/alerts/1.5e3", None),
        ("alerts/{n:int?}", "/alerts", {}),
    ],
)
def test_template(template: str, path: str, params: dict[str, str] | None) -> None:
    """A template takes the paths that ASP.NET Core's does, and captures decoded values."""
    match = _table(template).find("GET", path)
    assert match == (None if params is None else Match(template, params))


def test_methods() -> None:
    """A route is found only for its methods, in any case; without a list it takes all."""
    table = _table("x", methods=frozenset({"GET", "HEAD"}))
    assert _found(table, "/x", "get") == "x"
    assert _found(table, "/x", "HEAD") == "x"
    assert _found(table, "/x", "POST") is None
    assert _found(_table("x"), "/x", "PURGE") == "x"


def test_another_route_takes_the_other_method() -> None:
    """Two functions may share a template and differ in their methods."""
    table = Table([Route("read", parse("x"), frozenset({"GET"})), Route("write", parse("x"), frozenset({"PUT"}))])
    assert _found(table, "/x", "GET") == "read"
    assert _found(table, "/x", "PUT") == "write"


def test_order() -> None:
    """Literals come before parameters, constrained before free ones, and longer templates before shorter ones."""
    templates = ["{*rest}", "alerts/{id}", "alerts/{id:int}", "alerts/read", "alerts/{id}/{part?}", "alerts"]
    for _ in range(20):
        random.shuffle(templates)
        table = _table(*templates)
        assert _found(table, "/alerts/read") == "alerts/read"
        assert _found(table, "/alerts/7") == "alerts/{id:int}"
        assert _found(table, "/alerts/x") == "alerts/{id}/{part?}"
        assert _found(table, "/alerts") == "alerts"
        assert _found(table, "/else") == "{*rest}"


def test_equal_routes_keep_their_order() -> None:
    """Of routes that are equally specific the one declared first is tried first."""
    assert _found(_table("a/{x}", "a/{y}"), "/a/1") == "a/{x}"
    assert _found(_table("a/{y}", "a/{x}"), "/a/1") == "a/{y}"


@pytest.mark.parametrize(
    "template",
    ["{", "a{b}", "{a}-{b}", "{a}{b}", "{a}/{A}", "{*a}/b", "{*a?}", "{}", "a//b", "{a:}", "{a:regex(x)}",
     "{a:datetime}", "{a:nothing}", "{a:min(x)}", "{a:min}", "{a:int(3)}", "what?"],
)  # fmt: skip
def test_refused(template: str) -> None:
    """What is malformed or not served is refused when the host starts."""
    with pytest.raises(RouteSyntaxError):
        parse(template)


def test_parse() -> None:
    """A template is its segments."""
    literal, parameter = parse("/alerts/{id:int?}/")
    assert literal == Literal("alerts")
    assert isinstance(parameter, Parameter)
    assert (parameter.name, parameter.optional, parameter.constraints[0].text) == ("id", True, "int")


@given(_NAMES)
def test_any_value_is_captured(value: str) -> None:
    """Whatever a client encodes into a segment reaches the function, except an encoded slash, which stays encoded."""
    match = _table("x/{value}").find("GET", f"/x/{quote(value, safe='')}")
    assert match == Match("x/{value}", {"value": value})


@given(st.lists(_TEMPLATES, unique_by=str.lower, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_more_specific_routes_hide_nothing_of_their_own(templates: list[str], shuffle: random.Random) -> None:
    """A path made of a template's own literals is answered, by that template or by one at least as specific."""
    shuffle.shuffle(templates)
    table = _table(*templates)
    for template in templates:
        path = "/" + "/".join("77" if segment.startswith("{") else segment for segment in template.split("/"))
        found = _found(table, path)
        assert found is not None
        literals = [segment for segment in template.split("/") if not segment.startswith("{")]
        if len(literals) == len(template.split("/")):
            assert found.lower() == template.lower()
