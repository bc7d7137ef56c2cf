import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.alert import Severity
from shared.card import StoredAlert
from shared.push import alert_message, clear_message, clear_read_message
from shared.push.message import LONGEST_WAIT, Message, Platform
from tests.unit.shared.fakes import NOON, OFFICE, stored

FULL = stored(
    "b",
    7,
    OFFICE,
    title="Disk full",
    body="The disk of db-1 is full.",
    severity=Severity.CRITICAL,
    url="/hosts/db-1",
    thread="disk:db-1",
    expires_at=NOON + timedelta(hours=1, milliseconds=900),
)
AT = "2026-03-01T12:00:00.000Z"
IN_AN_HOUR = str(int(NOON.timestamp()) + 3600)
IN_THREE_DAYS = str(int(NOON.timestamp()) + 3 * 86_400)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4000)
LONG = st.builds(lambda text, times: (text * times)[:4000], TEXT.filter(bool), st.integers(1, 4000))
LINKS = st.none() | st.builds(
    lambda text: ("/" + text * 2048)[:2048], st.text(st.characters(exclude_categories=["Cs"]))
)
CARDS = st.text("aZ0._:~-", min_size=1, max_size=128)


def content(message: Message) -> Any:
    """What a message says."""
    return json.loads(message.payload)


def shown(message: Message) -> tuple[str, str, str | None]:
    """Title, body and link, wherever the platform has them."""
    document = content(message)
    match message.platform:
        case Platform.FCM_V1:
            notification = document["message"]["notification"]
            return (
                notification["title"],
                notification.get("body", ""),
                document["message"]["android"]["data"].get("url"),
            )
        case Platform.APNS:
            alert = document["aps"]["alert"]
            return alert["title"], alert.get("body", ""), document.get("url")
        case Platform.BROWSER:
            return document["title"], document.get("body", ""), document.get("url")


def test_what_an_android_phone_is_sent() -> None:
    """A notification by which the one with its tag is replaced, and flat data of strings for the app."""
    message = alert_message(Platform.FCM_V1, FULL, NOON, badge=3)
    assert content(message) == {
        "message": {
            "notification": {"title": "Disk full", "body": "The disk of db-1 is full."},
            "android": {
                "collapse_key": "disk:db-1",
                "priority": "high",
                "ttl": "3600s",
                "notification": {
                    "tag": "disk:db-1",
                    "channel_id": "alerts-critical",
                    "sound": "default",
                    "notification_count": 3,
                },
                "data": {
                    "type": "alert",
                    "card": "disk:db-1",
                    "position": FULL.position,
                    "at": AT,
                    "severity": "critical",
                    "url": "/hosts/db-1",
                },
            },
        }
    }
    assert message.headers == {}


def test_what_an_iphone_is_sent() -> None:
    """An alert that breaks through, and beside `aps` what the app opens."""
    message = alert_message(Platform.APNS, FULL, NOON, badge=3)
    assert content(message) == {
        "aps": {
            "alert": {"title": "Disk full", "body": "The disk of db-1 is full."},
            "interruption-level": "time-sensitive",
            "sound": "default",
            "badge": 3,
        },
        "type": "alert",
        "card": "disk:db-1",
        "position": FULL.position,
        "at": AT,
        "severity": "critical",
        "url": "/hosts/db-1",
    }
    assert message.headers == {
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-collapse-id": "disk:db-1",
        "apns-expiration": IN_AN_HOUR,
    }


def test_what_a_browser_is_sent() -> None:
    """What the service worker needs to show it, and a topic by which a waiting one is replaced."""
    message = alert_message(Platform.BROWSER, FULL, NOON, badge=3)
    assert content(message) == {
        "type": "alert",
        "card": "disk:db-1",
        "position": FULL.position,
        "at": AT,
        "severity": "critical",
        "title": "Disk full",
        "body": "The disk of db-1 is full.",
        "url": "/hosts/db-1",
        "silent": False,
        "badge": 3,
    }
    assert message.headers == {"TTL": "3600", "Urgency": "high", "Topic": "dgRA8mNAYeuoSKv4vdoH5Jd5hpylqx_A"}


def test_a_quiet_alert_makes_no_sound_and_wakes_nothing() -> None:
    """`info` and `success` wait for a good moment; what is not there is left out, and the badge stays."""
    for severity in (Severity.INFO, Severity.SUCCESS):
        alert = stored("a", 1, severity=severity, title="Done")
        android = content(alert_message(Platform.FCM_V1, alert, NOON))["message"]
        assert android["notification"] == {"title": "Done"}
        assert android["android"]["priority"] == "normal"
        assert android["android"]["notification"] == {"tag": "a", "channel_id": f"alerts-{severity}"}
        apple = alert_message(Platform.APNS, alert, NOON)
        assert content(apple)["aps"] == {"alert": {"title": "Done"}, "interruption-level": "passive"}
        assert apple.headers["apns-priority"] == "5"
        browser = alert_message(Platform.BROWSER, alert, NOON)
        assert content(browser)["silent"] is True
        assert browser.headers["Urgency"] == "normal"


def test_a_warning_makes_a_sound() -> None:
    """It wakes the device, and does not break through a Focus."""
    alert = stored(severity=Severity.WARNING)
    android = content(alert_message(Platform.FCM_V1, alert, NOON))["message"]["android"]
    assert (android["priority"], android["notification"]["sound"]) == ("high", "default")
    apple = alert_message(Platform.APNS, alert, NOON)
    assert content(apple)["aps"]["interruption-level"] == "active"
    assert content(apple)["aps"]["sound"] == "default"
    assert apple.headers["apns-priority"] == "10"
    browser = alert_message(Platform.BROWSER, alert, NOON)
    assert content(browser)["silent"] is False
    assert browser.headers["Urgency"] == "high"


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        (None, 3 * 86_400),
        (timedelta(days=30), 3 * 86_400),
        (timedelta(seconds=90, milliseconds=999), 90),
        (timedelta(), 0),
        (-timedelta(seconds=5), 0),
    ],
)
def test_a_message_waits_until_the_alert_expires(left: timedelta | None, seconds: int) -> None:
    """Three days at the most; on every platform, in the platform's own words."""
    alert = stored(expires_at=None if left is None else NOON + left)
    assert content(alert_message(Platform.FCM_V1, alert, NOON))["message"]["android"]["ttl"] == f"{seconds}s"
    assert alert_message(Platform.BROWSER, alert, NOON).headers["TTL"] == str(seconds)
    expiration = alert_message(Platform.APNS, alert, NOON).headers["apns-expiration"]
    assert int(expiration) == int(NOON.timestamp()) + seconds


def test_a_card_is_cleared_by_a_message_that_shows_nothing() -> None:
    """A data message, a background notification, a word to the service worker; each names the revision it is about."""
    fields = {"type": "clear", "card": "disk:db-1", "position": FULL.position}
    android, apple, browser = (
        clear_message(platform, FULL.card, FULL.position, NOON)
        for platform in (Platform.FCM_V1, Platform.APNS, Platform.BROWSER)
    )
    assert content(android) == {"message": {"android": {"priority": "normal", "ttl": "259200s", "data": fields}}}
    assert content(apple) == {"aps": {"content-available": 1}} | fields
    assert apple.headers == {
        "apns-push-type": "background",
        "apns-priority": "5",
        "apns-collapse-id": "disk:db-1",
        "apns-expiration": IN_THREE_DAYS,
    }
    assert content(browser) == fields
    assert browser.headers["TTL"] == str(LONGEST_WAIT // timedelta(seconds=1))


def test_all_that_was_read_is_cleared_by_one_message() -> None:
    """Of several that wait the last is enough, so each takes the place of the one before, and of no card's."""
    fields = {"type": "clear", "upTo": AT}
    android, apple, browser = (
        clear_read_message(platform, AT, NOON) for platform in (Platform.FCM_V1, Platform.APNS, Platform.BROWSER)
    )
    assert content(android) == {
        "message": {
            "android": {"collapse_key": "/read", "priority": "normal", "ttl": "259200s", "data": fields},
        }
    }
    assert content(apple) == {"aps": {"content-available": 1}} | fields
    assert apple.headers == {
        "apns-push-type": "background",
        "apns-priority": "5",
        "apns-collapse-id": "/read",
        "apns-expiration": IN_THREE_DAYS,
    }
    assert content(browser) == fields
    assert browser.headers == {"TTL": "259200", "Urgency": "normal", "Topic": "bvsRBkwYYfAVe_GNBrQ28963yLy2fjG0"}


@given(CARDS)
@example("c" * 64)
@example("c" * 65)
@example("c" * 32)
@example("c" * 33)
def test_a_clear_takes_the_place_of_the_alert_that_waits(card: str) -> None:
    """A device that was away is not shown what was read elsewhere: both have one id, that the platform allows."""
    alert = stored(card, 1)
    for platform, header, longest, alphabet in (
        (Platform.APNS, "apns-collapse-id", 64, None),
        (Platform.BROWSER, "Topic", 32, set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")),
    ):
        collapse_id = alert_message(platform, alert, NOON).headers[header]
        assert clear_message(platform, card, alert.position, NOON).headers[header] == collapse_id
        assert 0 < len(collapse_id) <= longest
        assert alphabet is None or set(collapse_id) <= alphabet
        allowed = len(card) <= longest and (alphabet is None or set(card) <= alphabet)
        assert (collapse_id == card) is allowed


@given(st.lists(CARDS, min_size=2, max_size=2, unique=True), st.sampled_from([Platform.APNS, Platform.BROWSER]))
def test_different_cards_do_not_replace_each_other(cards: list[str], platform: Platform) -> None:
    """Also where their ids are hashed."""
    first, second = (clear_message(platform, card, FULL.position, NOON).headers for card in cards)
    assert first != second


def fitting(platform: Platform, alert: StoredAlert) -> tuple[str, str, str | None]:
    """What is shown of an alert, in a payload that its platform takes."""
    message = alert_message(platform, alert, NOON, badge=99_999)
    assert len(message.payload) <= (3993 if platform is Platform.BROWSER else 4096)
    return shown(message)


@given(TEXT.filter(bool).map(lambda text: text[:200]), TEXT | LONG, LINKS, CARDS, st.sampled_from(Platform))
def test_every_alert_fits(title: str, body: str, url: str | None, card: str, platform: Platform) -> None:
    """Whatever characters it is made of: the title is whole, and of the body there is its beginning."""
    alert = stored(card, 1, title=title, body=body, url=url, severity=Severity.CRITICAL)
    kept_title, kept_body, kept_url = fitting(platform, alert)
    assert kept_title == title
    assert kept_body == body or body.startswith(kept_body.removesuffix("…"))
    assert kept_url in (url, None)


@pytest.mark.parametrize("platform", Platform)
@pytest.mark.parametrize("character", ["x", '"', "ß", "€", "𝄞"])
def test_as_much_of_the_body_is_shown_as_there_is_room_for(platform: Platform, character: str) -> None:
    """Of the longest body of each width of character, with the longest title, link and card beside it."""
    alert = stored("c" * 128, 1, title="t" * 200, body=character * 3999 + "x", url="/" + "u" * 500, thread="c" * 128)
    _, body, url = fitting(platform, alert)
    assert url == "/" + "u" * 500
    assert body.endswith("…")
    one_more = len(json.dumps(character, ensure_ascii=False).encode()) - len('""')
    room = (3993 if platform is Platform.BROWSER else 4096) - len(alert_message(platform, alert, NOON).payload)
    assert room < one_more


@pytest.mark.parametrize("platform", Platform)
def test_a_link_that_is_too_long_is_left_to_the_inbox(platform: Platform) -> None:
    """The text counts for more, and the card has the link."""
    alert = stored("c", 1, title="Disk full", body="Of db-1.", url="/" + "€" * 2047)
    assert fitting(platform, alert) == ("Disk full", "Of db-1.", None)
