import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.notification_hubs import apns, fcm, web_push
from emulators.notification_hubs.errors import BadRequestError, NotServedError, TooLargeError
from emulators.notification_hubs.notifications import Appearance, Kind, check_size, read_format

ALERT = {"aps": {"alert": {"title": "Oven", "subtitle": "Kitchen", "body": "Hot"}, "sound": "default", "badge": 0}}


def message(**parts: Any) -> bytes:
    """An FCM v1 envelope."""
    return json.dumps({"message": parts}).encode()


def aps(**parts: Any) -> bytes:
    """An APNs payload; names with underscores for those with hyphens."""
    return json.dumps({"aps": {name.replace("_", "-"): value for name, value in parts.items()}}).encode()


def test_an_android_phone_shows_the_notification() -> None:
    """Its own part of the message goes before the general one, and its tag says what it replaces."""
    general = {"title": "Oven", "body": "Hot"}
    assert fcm.appearance(message(notification=general)) == Appearance(Kind.ALERT, "Oven", "Hot", priority="normal")
    own = {"priority": "HIGH", "ttl": "3.5s", "collapse_key": "k", "notification": {"title": "Oven!", "tag": "oven"}}
    assert fcm.appearance(message(notification=general, android=own)) == Appearance(
        Kind.ALERT, "Oven!", "Hot", "oven", "high"
    )


def test_an_android_phone_hands_data_to_its_app() -> None:
    """Without a notification there is nothing to show."""
    data = {"collapse_key": "oven", "data": {"card": "oven", "clear": "true"}}
    assert fcm.appearance(message(android=data)) == Appearance(Kind.SILENT, collapse_id="oven", priority="normal")


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"no json", b"[]", b"{}", b"\xff", b'{"notification": {}}', b'{"message": []}', b'{"message": {}, "x": 1}',
        message(title="x"), message(token="t"), message(notification="x"), message(notification={"sound": "x"}),
        message(data={"n": 1}), message(data={"n": {"deep": "er"}}), message(android={"data": {"n": None}}),
        message(data={"from": "x"}), message(android={"data": {"google.x": "x"}}),
        message(android={"ttl": 60}), message(android={"ttl": "60"}), message(android={"ttl": "2419201s"}),
        message(android={"priority": "urgent"}), message(android={"notification": {"alert": "x"}}),
    ],
)  # fmt: skip
def test_what_fcm_would_not_take_is_refused(payload: bytes) -> None:
    """Shapes, unknown names, data that is not text, reserved names, times that are none."""
    with pytest.raises(BadRequestError):
        fcm.appearance(payload)


def test_an_iphone_shows_the_alert() -> None:
    """As text, or with title and subtitle; the collapse id is in a header."""
    headers = {"apns-collapse-id": "oven", "apns-priority": "10", "apns-push-type": "alert", "apns-expiration": "0"}
    shown = apns.appearance(json.dumps(ALERT).encode(), headers)
    assert shown == Appearance(Kind.ALERT, "Oven", "Kitchen\nHot", "oven", "10")
    assert apns.appearance(aps(alert="Hot"), {}) == Appearance(Kind.ALERT, body="Hot")


def test_an_iphone_wakes_its_app() -> None:
    """A background notification shows nothing."""
    headers = {"apns-push-type": "background", "apns-priority": "5", "apns-collapse-id": "oven"}
    assert apns.appearance(aps(content_available=1), headers) == Appearance(Kind.SILENT, "", "", "oven", "5")


@pytest.mark.parametrize(
    ("payload", "headers"),
    [
        (b"{}", {}), (b'{"aps": []}', {}), (b"x", {}), (aps(alert=1), {}), (aps(badge=-1), {}), (aps(badge="1"), {}),
        (aps(interruption_level="loud"), {}), (aps(content_available=2), {}), (aps(sound={"volume": 2}), {}),
        (aps(alert="x"), {"apns-priority": "7"}), (aps(alert="x"), {"apns-push-type": "toast"}),
        (aps(alert="x"), {"apns-collapse-id": "ü" * 33}), (aps(alert="x"), {"apns-expiration": "soon"}),
        (aps(alert="x"), {"apns-push-type": "background"}), (aps(), {"apns-push-type": "background"}),
        (aps(content_available=1), {"apns-push-type": "background", "apns-priority": "10"}),
    ],
)  # fmt: skip
def test_what_apple_would_not_take_is_refused(payload: bytes, headers: dict[str, str]) -> None:
    """Wrong types, wrong headers, and background notifications that no phone would ever see."""
    with pytest.raises(BadRequestError):
        apns.appearance(payload, headers)


def test_a_browser_is_sent_anything() -> None:
    """What its service worker is likely to show is what looks like it; the rest is data."""
    payload = json.dumps({"title": "Oven", "body": "Hot", "tag": "oven"}).encode()
    assert web_push.appearance(payload, {"urgency": "high"}) == Appearance(Kind.ALERT, "Oven", "Hot", "oven", "high")
    assert web_push.appearance(b"\xff", {"topic": "t", "ttl": "60"}) == Appearance(Kind.SILENT, collapse_id="t")


@pytest.mark.parametrize(
    "headers", [{"ttl": "soon"}, {"ttl": "-1"}, {"urgency": "now"}, {"topic": "a.b"}, {"topic": "x" * 33}]
)
def test_what_a_push_service_would_not_take_is_refused(headers: dict[str, str]) -> None:
    """RFC 8030 has rules for each of its headers."""
    with pytest.raises(BadRequestError):
        web_push.appearance(b"x", headers)


@given(st.integers(min_value=1, max_value=10_000))
def test_four_kilobytes_are_taken_and_no_more(size: int) -> None:
    """4,096 bytes is the largest payload on every platform."""
    if size <= 4096:
        check_size(b"x" * size)
    else:
        with pytest.raises(TooLargeError, match=f"has {size} bytes"):
            check_size(b"x" * size)


def test_an_empty_notification_is_refused() -> None:
    """There is nothing that it could mean."""
    with pytest.raises(BadRequestError, match="no body"):
        check_size(b"")


@pytest.mark.parametrize("name", ["template", "windows", "gcm", "adm", "baidu"])
def test_formats_that_are_not_served_are_refused_by_name(name: str) -> None:
    """Whoever uses one is told that the service would have it."""
    with pytest.raises(NotServedError, match=f"'{name}' is not served here; there are apple, fcmv1, browser"):
        read_format(name)


@pytest.mark.parametrize("name", ["", "fcm", "apns"])
def test_what_is_no_format_is_refused(name: str) -> None:
    """Also the names that platforms have in installations."""
    with pytest.raises(BadRequestError, match="ServiceBusNotification-Format"):
        read_format(name)


@given(st.binary(max_size=200) | st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
       lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
           ["aps", "alert", "title", "message", "notification", "android", "data", "ttl", "body"]), inner, max_size=3),
       max_leaves=8).map(lambda document: json.dumps(document).encode()))  # fmt: skip
def test_any_body_is_taken_or_refused(payload: bytes) -> None:
    """Nothing that somebody can send is an error of the service."""
    for read in (fcm.appearance, lambda body: apns.appearance(body, {}), lambda body: web_push.appearance(body, {})):
        with suppress(BadRequestError):
            assert isinstance(read(payload), Appearance)
