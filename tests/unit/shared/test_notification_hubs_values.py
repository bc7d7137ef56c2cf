import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.azure.notification_hubs import (
    ApplePriority,
    ApplePushType,
    BrowserChannel,
    Format,
    Installation,
    Notification,
    Platform,
    apple,
    browser,
    fcm_v1,
    remove_tags,
)
from shared.azure.notification_hubs.installations import decode_installation

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PHONE = Installation(installation_id="1", platform=Platform.APNS, push_channel="token")
SUBSCRIPTION = BrowserChannel("https://push.example/1", "public", "secret")

TAGS = st.text("abcXYZ019_@#.:-", min_size=1, max_size=120)
IDS = st.text("abcXYZ019_@#.:=-", min_size=1, max_size=64).filter(lambda text: text not in (".", ".."))
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))])
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(9000, 1, 1), timezones=ZONES)  # noqa: DTZ001  # bounds are naive
PHONES = [Platform.APNS, Platform.FCM_V1]
CHANNELS = st.text(min_size=1) | st.builds(BrowserChannel, st.text(), st.text(), st.text())


@given(IDS, CHANNELS, st.none() | IDS, st.lists(TAGS, max_size=60), st.none() | MOMENTS, st.sampled_from(PHONES))
def test_an_installation_survives_its_document(
    installation_id: str,
    channel: str | BrowserChannel,
    user_id: str | None,
    tags: list[str],
    expiration_time: datetime | None,
    phone: Platform,
) -> None:
    """What is put is what is read."""
    kept = Installation(
        installation_id=installation_id,
        platform=Platform.BROWSER if isinstance(channel, BrowserChannel) else phone,
        push_channel=channel,
        user_id=user_id,
        tags=tuple(tags),
        expiration_time=expiration_time,
    )
    assert decode_installation(kept.encode()) == kept


def test_a_browser_is_written_as_the_service_reads_it() -> None:
    """The names are those of the service, and what is not there is left out."""
    installation = Installation(
        installation_id="1", platform=Platform.BROWSER, push_channel=SUBSCRIPTION, expiration_time=NOON
    )
    assert json.loads(installation.encode()) == {
        "installationId": "1",
        "platform": "browser",
        "pushChannel": {"endpoint": "https://push.example/1", "p256dh": "public", "auth": "secret"},
        "expirationTime": "2026-11-20T12:00:00Z",
    }


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("9999-12-31T23:59:59.9999999Z", None),
        ("9999-12-31T23:59:59", None),
        ("2026-11-20T12:00:00.1234567Z", NOON.replace(microsecond=123456)),
        ("2026-11-20T12:00:00", NOON),
        ("2026-11-20T13:00+01:00", NOON),
        ("", None),
        (None, None),
    ],
)
def test_times_are_read_as_the_service_writes_them(written: str | None, moment: datetime | None) -> None:
    """In tenths of a microsecond, without a time zone, and with a year that stands for never."""
    answer = {"installationId": "1", "platform": "APNS", "pushChannel": "token", "expirationTime": written}
    read = decode_installation(json.dumps(answer | {"templates": {}, "lastUpdate": "x", "tags": None}).encode())
    assert read == replace(PHONE, expiration_time=moment)


@pytest.mark.parametrize("is_expired", [True, False, None])
def test_a_push_channel_that_the_platform_rejected_is_told(*, is_expired: bool | None) -> None:
    """As long as the service keeps the installation; it is none of what is written."""
    answer = {"installationId": "1", "platform": "apns", "pushChannel": "token", "pushChannelExpired": is_expired}
    read = decode_installation(json.dumps(answer).encode())
    assert read.push_channel_expired is bool(is_expired)
    assert b"xpired" not in read.encode()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"installation_id": "a/b"}, "not the id"),
        ({"user_id": "a b"}, "not the id"),
        ({"tags": ("a", "b||c")}, "not a tag"),
        ({"tags": tuple(map(str, range(61)))}, "at most 60 tags, not 61"),
        ({"push_channel": SUBSCRIPTION}, "no push channel of the platform apns"),
        ({"platform": Platform.BROWSER}, "no push channel of the platform browser"),
        ({"push_channel": ""}, "empty"),
        ({"expiration_time": NOON.replace(tzinfo=None)}, "no time zone"),
    ],
    ids=str,
)
def test_an_installation_that_the_service_would_refuse_is_not_made(change: dict[str, Any], problem: str) -> None:
    """It fails where it is made, not where it is sent."""
    with pytest.raises(ValueError, match=problem):
        replace(PHONE, **change)


def test_each_platform_has_its_format() -> None:
    """Apple's is the one that has another name in sends."""
    formats = {platform.value: platform.notification_format.value for platform in Platform}
    assert formats == {"fcmv1": "fcmv1", "apns": "apple", "browser": "browser"}


def test_only_tags_are_removed() -> None:
    """What could lead the path of a change elsewhere is refused."""
    with pytest.raises(ValueError, match="not a tag"):
        remove_tags(["../pushChannel"])


def test_payloads_have_their_limit() -> None:
    """4,096 bytes are sent, one more is refused, and so is nothing."""
    assert len(fcm_v1(b"x" * 4096).payload) == 4096
    for payload in (b"", b"x" * 4097):
        with pytest.raises(ValueError, match="1 to 4,096 bytes"):
            apple(payload)


@pytest.mark.parametrize(
    ("format_", "headers"),
    [
        (Format.FCM_V1, {"TTL": "1"}),
        (Format.APPLE, {"apns-topic": "other.app"}),
        (Format.BROWSER, {"Authorization": "x"}),
        (Format.BROWSER, {"ServiceBusNotification-Tags": "x"}),
    ],
    ids=str,
)
def test_a_notification_has_only_headers_of_its_platform(format_: Format, headers: Mapping[str, str]) -> None:
    """None can take the place of the client's own."""
    with pytest.raises(ValueError, match="has no header"):
        Notification(format_, b"{}", headers)


def test_what_platforms_refuse_is_not_sent() -> None:
    """The limits of APNs and Web Push on what stands in headers."""
    assert apple(b"{}", collapse_id="x" * 64).headers["apns-collapse-id"] == "x" * 64
    with pytest.raises(ValueError, match="at most 64 bytes"):
        apple(b"{}", collapse_id="x" * 65)
    for text in ("", "a\r\nX: y", "ä", " a"):
        with pytest.raises(ValueError, match="not printable ASCII"):
            apple(b"{}", collapse_id=text)
    with pytest.raises(ValueError, match="any priority but 5"):
        apple(b"{}", push_type=ApplePushType.BACKGROUND, priority=ApplePriority.IMMEDIATE)
    for topic in ("x" * 33, "a.b", "a:b"):
        with pytest.raises(ValueError, match="1 to 32 characters of base64url"):
            browser(b"{}", time_to_live=timedelta(), topic=topic)
    with pytest.raises(ValueError, match="not negative"):
        browser(b"{}", time_to_live=timedelta(seconds=-1))
