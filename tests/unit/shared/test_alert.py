import json
import re
from datetime import timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.alert import LATEST, MAXIMUM_DATA_BYTES, MAXIMUM_DATA_DEPTH, Alert, Push, Severity
from shared.errors import InvalidAlertError
from shared.wire.json import convert, decode, encode
from tests.unit.shared.fakes import NOON

LEAST: dict[str, Any] = {"to": ["user:ada"], "title": "Your order is on its way"}
BUTTON: dict[str, Any] = {"id": "open", "title": "Open", "url": "/orders/42"}


def read(**fields: Any) -> Alert:
    """The alert with the least that is needed and these fields."""
    return decode(json.dumps(LEAST | fields).encode(), Alert)


def refused(**fields: Any) -> InvalidAlertError:
    """The error that these fields are refused with."""
    with pytest.raises(InvalidAlertError) as refusal:
        read(**fields)
    return refusal.value


def test_an_alert_needs_only_audiences_and_a_title() -> None:
    """Everything else has a default."""
    alert = read()
    assert alert == Alert(to=("user:ada",), title="Your order is on its way")
    assert (alert.severity, alert.push, alert.body, alert.retract) == (Severity.INFO, Push.OFFLINE, "", False)


TAKEN: list[tuple[str, Any]] = [
    ("id", "x"),
    ("id", "..."),
    ("id", ".x"),
    ("id", "A.b_c:d~e-9" + "x" * 117),
    ("to", ["everyone"] * 100),
    ("title", "x"),
    ("title", "\U0001f514" * 200),
    ("body", ""),
    ("body", "é" * 4000),
    ("body", "tab\t, line\n, and a last line\r\n"),
    ("severity", "critical"),
    ("category", "a"),
    ("category", "billing.overdue_2-b" + "x" * 45),
    ("url", "/"),
    ("url", "/orders/42?tab=1#top"),
    ("url", "/" + "x" * 2047),
    ("url", "/mail/ada@example.com"),
    ("url", "https://example.com"),
    ("url", "https://example.com:8443/a?b=c@d#e"),
    ("url", "https://example.com/" + "x" * 2028),
    ("icon", "/icon.png"),
    ("image", "https://example.com/image.png"),
    ("actions", []),
    ("actions", [BUTTON, BUTTON | {"id": "b"}, BUTTON | {"id": "c"}]),
    ("actions", [BUTTON | {"id": "viewOrder"}]),
    ("actions", [BUTTON | {"title": "x" * 64}]),
    ("data", {}),
    ("data", {"any": ["thing", 1, None, True, {"deep": 1.5}]}),
    ("data", {"x": "y" * (MAXIMUM_DATA_BYTES - len('{"x":""}'))}),
    ("data", {"n": 10**300}),
    ("thread", "build-1234"),
    ("thread", "..."),
    ("thread", ".a"),
    ("to", ["user:.ada"]),
    ("deliverAt", "2026-03-01T12:00:00Z"),
    ("deliverAt", "2026-03-01T12:00:00.123456+05:45"),
    ("deliverAt", "0001-01-01T00:00:00+23:59"),
    ("expiresAt", "9997-12-31T23:59:59Z"),
    ("push", "always"),
    ("push", "never"),
    ("retract", False),
]


@pytest.mark.parametrize(("field", "value"), TAKEN, ids=lambda value: str(value)[:30])
def test_values_at_the_limit_are_taken(field: str, value: Any) -> None:
    """What the contract allows is taken, up to the last character."""
    read(**{field: value})


REFUSED: list[tuple[str, Any, str]] = [
    ("id", "", "id"),
    ("id", "x" * 129, "id"),
    ("id", "a/b", "id"),
    ("id", ".", "id"),
    ("thread", "..", "thread"),
    ("id", "..", "id"),
    ("id", "a b", "id"),
    ("id", "a\n", "id"),
    ("id", 7, "id"),
    ("to", [], "to"),
    ("to", ["everyone"] * 101, "to"),
    ("to", "user:ada", "to"),
    ("to", None, "to"),
    ("to", ["user:ada", "user:ben", "ada"], "to[2]"),
    ("to", ["user:ada", 5], "to[1]"),
    ("to", ["user:."], "to[0]"),
    ("to", ["user:.."], "to[0]"),
    ("title", "", "title"),
    ("title", "x" * 201, "title"),
    ("title", "two\nlines", "title"),
    ("title", "tab\t", "title"),
    ("title", "bell\u0007", "title"),
    ("title", "delete\u007f", "title"),
    ("title", "line end\n", "title"),
    ("title", None, "title"),
    ("body", "x" * 4001, "body"),
    ("body", "nul\u0000", "body"),
    ("body", "escape\u001b[31m", "body"),
    ("body", None, "body"),
    ("severity", "fatal", "severity"),
    ("severity", "INFO", "severity"),
    ("category", "", "category"),
    ("category", "x" * 65, "category"),
    ("category", "Upper", "category"),
    ("category", "a\n", "category"),
    ("actions", [BUTTON | {"id": str(number)} for number in range(4)], "actions"),
    ("actions", [BUTTON, BUTTON], "actions"),
    ("actions", [BUTTON, BUTTON | {"id": "b c"}], "actions[1].id"),
    ("actions", [BUTTON | {"title": "x" * 65}], "actions[0].title"),
    ("actions", [BUTTON | {"title": ""}], "actions[0].title"),
    ("actions", [{"id": "open", "title": "Open"}], "actions[0].url"),
    ("actions", [BUTTON | {"url": "javascript:alert(1)"}], "actions[0].url"),
    ("data", [], "data"),
    ("data", "x", "data"),
    ("data", None, "data"),
    ("data", {"n": 10**400}, "data"),
    ("data", {"deep": [{"n": -(10**400)}]}, "data"),
    ("data", {"x": "y" * (MAXIMUM_DATA_BYTES - len('{"x":""}') + 1)}, "data"),
    ("thread", "", "thread"),
    ("thread", "a/b", "thread"),
    ("thread", "..", "thread"),
    ("deliverAt", "2026-03-01", "deliverAt"),
    ("deliverAt", "2026-03-01T12:00:00", "deliverAt"),
    ("deliverAt", "tomorrow", "deliverAt"),
    ("deliverAt", 1772366400, "deliverAt"),
    ("deliverAt", "9998-01-01T00:00:00Z", "deliverAt"),
    ("expiresAt", "9999-12-31T23:59:59-23:59", "expiresAt"),
    ("push", "sometimes", "push"),
    ("push", True, "push"),
    ("retract", "true", "retract"),
    ("retract", True, "id"),
]


@pytest.mark.parametrize(("field", "value", "named"), REFUSED, ids=lambda value: str(value)[:30])
def test_values_beyond_the_limit_are_refused_by_name(field: str, value: Any, named: str) -> None:
    """What the contract does not allow is refused, and the error names the field, in the sentence and as a path."""
    error = refused(**{field: value})
    assert error.field == named
    assert f"`{named.rpartition('.')[2]}`" in str(error) or f"`{named}`" in str(error)


TRICKS = [
    "",
    "orders/42",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "///evil.example",
    "https:/evil.example",
    "https:evil.example",
    "https://",
    "https:///evil.example",
    "https://trusted.example@evil.example",
    "https://trusted.example:x@evil.example/",
    "https://evil.example\\@trusted.example",
    "http://example.com/",
    "HTTPS://example.com/",
    "ftp://example.com/",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    " /orders",
    "/orders 42",
    "/orders\u00a042",
    "/orders\u200042",
    "/orders\n",
    "/orders\u2028",
    "https://example.com/\r\nSet-Cookie: a=b",
    "/" + "x" * 2048,
]


@pytest.mark.parametrize("field", ["url", "icon", "image"])
@pytest.mark.parametrize("link", TRICKS, ids=ascii)
def test_links_lead_nowhere_else_than_they_say(field: str, link: str) -> None:
    """A link is a path of the app's own or plain https: no other scheme, no other host in disguise, no white space."""
    assert refused(**{field: link}).field == field


@given(st.text(alphabet="/\\@:?#. \thtps%x", max_size=24))
def test_links_are_what_a_browser_makes_of_them(text: str) -> None:
    """Of any text that is taken, a browser stays on the site or goes to the https host that is written first."""
    for link in (text, "/" + text, "https://" + text):
        try:
            read(url=link)
        except InvalidAlertError:
            continue
        # Browsers take `\` for `/` and ignore tabs and line ends; none of them may be there to be taken for anything.
        assert not re.search(r"[\\\s]", link)
        if link.startswith("/"):
            assert not link.startswith("//")
        else:
            authority = re.split(r"[/?#]", link.removeprefix("https://"), maxsplit=1)[0]
            assert authority
            assert "@" not in authority


UNKNOWN_NAMES = ["tilte", "foo-bar", "Title", "deliver_at", "specversion", "", "a`b", "a b", "ünknown", "x" * 300]


@pytest.mark.parametrize("name", UNKNOWN_NAMES, ids=lambda name: ascii(name)[:30])
def test_unknown_fields_are_refused_by_name(name: str) -> None:
    """A typo must not be lost silently."""
    error = refused(**{name: 1})
    assert error.field == name
    assert f"unknown field `{name}`" in str(error)


@pytest.mark.parametrize("name", UNKNOWN_NAMES, ids=lambda name: ascii(name)[:30])
def test_unknown_fields_of_an_action_are_refused_by_name(name: str) -> None:
    """The same one level down."""
    error = refused(actions=[BUTTON, BUTTON | {"id": "b", name: 1}])
    assert error.field == f"actions[1].{name}"
    assert f"unknown field `{name}`" in str(error)


@pytest.mark.parametrize("name", ["to", "title"])
def test_missing_fields_are_named(name: str) -> None:
    """What is required is asked for by name."""
    with pytest.raises(InvalidAlertError, match=f"missing required field `{name}`") as refusal:
        convert({field: value for field, value in LEAST.items() if field != name}, Alert)
    assert refusal.value.field == name


def test_a_retraction_needs_no_title() -> None:
    """To withdraw an alert its id and its audiences are enough."""
    alert = convert({"to": ["everyone"], "id": "a", "retract": True}, Alert)
    assert alert.retract


@pytest.mark.parametrize(("expires", "taken"), [("12:00:00.001Z", True), ("12:00:00Z", False), ("11:59:59Z", False)])
def test_an_alert_expires_after_it_is_delivered(expires: str, *, taken: bool) -> None:
    """A time of delivery that is not before the end cannot be meant."""
    fields = {"deliverAt": "2026-03-01T12:00:00Z", "expiresAt": f"2026-03-01T{expires}"}
    if taken:
        read(**fields)
    else:
        assert refused(**fields).field == "expiresAt"


def test_an_alert_is_over_from_its_end_on() -> None:
    """`expiresAt` itself is no longer within its time; without one it never ends."""
    alert = Alert(to=("everyone",), title="x", expires_at=NOON)
    assert not alert.expired(NOON - timedelta(microseconds=1))
    assert alert.expired(NOON)
    assert not Alert(to=("everyone",), title="x").expired(LATEST)


def nested(levels: int, container: type[list[Any]] | type[dict[str, Any]]) -> Any:
    """A value of so many containers within each other."""
    value: Any = 1
    for _ in range(levels):
        value = [value] if container is list else {"a": value}
    return value


@pytest.mark.parametrize("container", [list, dict])
def test_data_is_nested_up_to_a_limit(container: type[list[Any]] | type[dict[str, Any]]) -> None:
    """The app's own data may be deep, but not so deep that its readers fail; the object itself is the first level."""
    read(data={"a": nested(MAXIMUM_DATA_DEPTH - 1, container)})
    assert refused(data={"a": nested(MAXIMUM_DATA_DEPTH, container)}).field == "data"


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("levels", [100, 1_000, 10_000])
def test_json_that_is_too_deep_is_refused_like_any_other(opening: bytes, levels: int) -> None:
    """Depth is an error of the alert, never of the process."""
    closing = b"]" if opening == b"[" else b"}"
    data = opening * levels + b"1" + closing * levels
    for body in (data, b'{"to":["everyone"],"title":"x","data":' + data + b"}", opening * levels):
        with pytest.raises(InvalidAlertError):
            decode(body, Alert)


@pytest.mark.parametrize("field", ["title", "body", "url", "id", "thread", "category"])
@pytest.mark.parametrize("surrogate", ["\ud800", "x\udfff", "\udc00\ud800"])
def test_lone_surrogates_are_no_text(field: str, surrogate: str) -> None:
    """Half a character cannot be stored or sent on: refused in JSON (escaped) and in objects alike."""
    with pytest.raises(InvalidAlertError):
        decode(json.dumps(LEAST | {field: "/" + surrogate}).encode(), Alert)
    with pytest.raises(InvalidAlertError) as refusal:
        convert(LEAST | {field: "/" + surrogate}, Alert)
    assert refusal.value.field == field


@pytest.mark.parametrize("value", ["\ud800", object(), {(1, 2): 3}, nested(5_000, list)], ids=lambda _: "")
def test_data_that_is_not_json_is_refused_by_name(value: Any) -> None:
    """Producers in Python may hand over anything; what JSON cannot hold is refused as `data`."""
    with pytest.raises(InvalidAlertError, match="`data`") as refusal:
        convert(LEAST | {"data": {"a": value}}, Alert)
    assert refusal.value.field == "data"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*Alert.__struct_encode_fields__, "x"]), json_values))
def test_any_json_object_is_an_alert_or_an_error(fields: dict[str, Any]) -> None:
    """Whatever the fields hold, the answer is an alert or a sentence; nothing else escapes."""
    for candidate in (fields, LEAST | fields):
        try:
            alert = decode(json.dumps(candidate).encode(), Alert)
        except InvalidAlertError as error:
            assert str(error)  # noqa: PT017  # either outcome is right
        else:
            assert decode(encode(alert), Alert) == alert


@given(st.binary(max_size=64) | st.text(alphabet='{}[]":,\\ntoile1e9', max_size=64).map(str.encode))
def test_any_bytes_are_an_alert_or_an_error(body: bytes) -> None:
    """Noise on the queue is refused like any other mistake."""
    with pytest.raises(InvalidAlertError):
        decode(body, Alert)


# RFC 3339 has whole minutes.
zones = st.integers(-720, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(timezones=zones).filter(lambda moment: 1 < moment.year < LATEST.year - 1)
text_alphabet = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
alerts = st.builds(
    Alert,
    to=st.lists(st.sampled_from(["user:ada", "role:office", "topic:x", "everyone"]), min_size=1, max_size=4).map(tuple),
    id=st.none() | st.from_regex(r"(?!\.\.?$)[A-Za-z0-9._:~-]{1,128}", fullmatch=True),
    title=st.text(text_alphabet, min_size=1, max_size=200),
    body=st.text(text_alphabet | st.sampled_from("\n\r\t"), max_size=50),
    severity=st.sampled_from(Severity),
    data=st.dictionaries(st.text(max_size=5), json_values, max_size=3),
    expires_at=st.none() | moments,
    push=st.sampled_from(Push),
)


@given(alerts)
def test_an_alert_survives_being_written(alert: Alert) -> None:
    """As JSON and back it is the same alert."""
    assert decode(encode(alert), Alert) == alert
    assert convert(msgspec.to_builtins(alert), Alert) == alert
