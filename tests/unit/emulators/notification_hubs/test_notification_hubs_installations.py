import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.notification_hubs.errors import BadRequestError, NotServedError
from emulators.notification_hubs.installations import BrowserChannel, Installation, read
from emulators.notification_hubs.patching import patched

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PHONE = {"installationId": "i1", "platform": "fcmv1", "pushChannel": "token"}


def installation(**changes: Any) -> Installation:
    """What comes of a PUT."""
    return read(json.dumps(PHONE | changes).encode(), "i1", NOW)


def patch(*operations: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What comes of a PATCH."""
    return patched(installation(**changes).document(), json.dumps(operations).encode())


def test_an_installation_is_shown_as_the_service_shows_it() -> None:
    """What was not given has the service's default or is absent; tags are not repeated."""
    assert installation(tags=["b", "a", "b"], userId="ada|1").document() == {
        **PHONE,
        "userId": "ada|1",
        "tags": ["b", "a"],
        "pushChannelExpired": False,
        "expirationTime": "9999-12-31T23:59:59.9999999Z",
        "lastUpdate": "2026-01-02T00:00:00.000000Z",
    }


def test_what_is_shown_can_be_written_back() -> None:
    """A client may change what it was shown and send it; what only the service writes is ignored."""
    written = installation(tags=["a"], userId="ada", expirationTime="2027-01-01T00:00:00+01:00")
    assert read(json.dumps(written.document()).encode(), "i1", NOW) == written
    assert written.expires_at == datetime(2026, 12, 31, 23, tzinfo=UTC)


def test_every_installation_carries_tags_of_the_service() -> None:
    """One for itself, and one for its user, if it has one."""
    assert installation(tags=["a"]).all_tags() == {"a", "$InstallationId:{i1}"}
    assert installation(userId="ada").all_tags() == {"$UserId:{ada}", "$InstallationId:{i1}"}


def test_sixty_tags_are_taken_and_no_more() -> None:
    """Repetitions do not count."""
    tags = [f"t{number}" for number in range(60)]
    assert installation(tags=[*tags, *tags]).tags == tuple(tags)
    with pytest.raises(BadRequestError, match="at most 60 tags, this one 61"):
        installation(tags=[*tags, "one-more"])


@pytest.mark.parametrize(
    "changes",
    [
        {"installationId": "i2"}, {"installationId": None}, {"platform": None}, {"platform": "fcm"},
        {"pushChannel": None}, {"pushChannel": " "}, {"pushChannel": {"endpoint": "http://localhost"}},
        {"tags": "a"}, {"tags": ["a b"]}, {"userId": "a b"}, {"expirationTime": "soon"}, {"platform": "browser"},
    ],
)  # fmt: skip
def test_what_is_no_installation_is_refused(changes: dict[str, Any]) -> None:
    """A member that is missing, of the wrong shape, or does not fit the others."""
    with pytest.raises(BadRequestError):
        installation(**changes)


@pytest.mark.parametrize(
    ("changes", "name"), [({"platform": "wns"}, "'wns'"), ({"templates": {"t": {"body": "{}"}}}, "Templates")]
)
def test_what_is_not_served_is_refused_by_name(changes: dict[str, Any], name: str) -> None:
    """Other platforms, and templates."""
    with pytest.raises(NotServedError, match=f"{name}.* not served here"):
        installation(**changes)


@pytest.mark.parametrize(
    "endpoint", ["http://localhost:1/x", "https://127.0.0.1/x", "http://[::1]:5/x", "https://push.example/x"]
)
def test_a_browser_is_reached_on_this_machine_or_where_it_is_allowed(
    endpoint: str, browser_channel: dict[str, str]
) -> None:
    """A notification of a test leaves the machine only if somebody says so."""
    channel = installation(platform="browser", pushChannel=browser_channel | {"endpoint": endpoint}).push_channel
    assert isinstance(channel, BrowserChannel)
    channel.check_reach(frozenset({"push.example"}))


@pytest.mark.parametrize(
    "endpoint", ["https://push.example/x", "http://10.0.0.1/", "http://localhost.example/", "http://127.0.0.1.nip.io/"]
)
def test_a_browser_elsewhere_is_registered_and_not_reached(endpoint: str, browser_channel: dict[str, str]) -> None:
    """The refusal to post there says which option would allow it."""
    channel = installation(platform="browser", pushChannel=browser_channel | {"endpoint": endpoint}).push_channel
    assert isinstance(channel, BrowserChannel)
    with pytest.raises(NotServedError, match="--allow-endpoint"):
        channel.check_reach(frozenset())


@pytest.mark.parametrize(
    "change",
    [{"endpoint": "localhost"}, {"endpoint": "ftp://localhost"}, {"endpoint": "http://["}, {"endpoint": "http://a:b"},
     {"auth": "AAAA"}, {"auth": "!"}, {"p256dh": "AAAA"}, {"p256dh": "B" + "A" * 86}],
)  # fmt: skip
def test_a_browser_that_could_not_be_reached_is_refused(
    change: dict[str, str], browser_channel: dict[str, str]
) -> None:
    """Its endpoint is a URL, its key a point on the curve, its secret 16 bytes."""
    with pytest.raises(BadRequestError):
        installation(platform="browser", pushChannel=browser_channel | change)


def test_tags_are_a_set_in_a_patch() -> None:
    """Adding one or many, removing one or all, replacing one or all."""
    assert patch({"op": "add", "path": "/tags", "value": "b"}, tags=["a"])["tags"] == ["a", "b"]
    assert patch({"op": "add", "path": "/tags", "value": ["b", "c"]})["tags"] == ["b", "c"]
    assert patch({"op": "remove", "path": "/tags/a"}, tags=["a", "b"])["tags"] == ["b"]
    assert patch({"op": "remove", "path": "/tags"}, tags=["a", "b"])["tags"] == []
    assert patch({"op": "replace", "path": "/tags/a", "value": "c"}, tags=["a", "b"])["tags"] == ["b", "c"]
    assert patch({"op": "replace", "path": "/tags", "value": ["c"]}, tags=["a", "b"])["tags"] == ["c"]


def test_the_other_properties_are_replaced_or_removed() -> None:
    """The channel cannot be removed: without it there is no installation."""
    changed = patch(
        {"op": "replace", "path": "/pushChannel", "value": "new"},
        {"op": "add", "path": "/userId", "value": "ada"},
        {"op": "remove", "path": "/userId"},
        {"op": "add", "path": "/expirationTime", "value": "2027-01-01T00:00:00Z"},
    )
    assert (changed["pushChannel"], changed.get("userId")) == ("new", None)
    assert changed["expirationTime"] == "2027-01-01T00:00:00Z"
    with pytest.raises(BadRequestError, match="pushChannel cannot be removed"):
        patch({"op": "remove", "path": "/pushChannel"})


def test_the_channel_of_a_browser_may_come_as_text(browser_channel: dict[str, str]) -> None:
    """The official packages know values that are text only."""
    operation = {"op": "replace", "path": "/pushChannel", "value": json.dumps(browser_channel)}
    assert patch(operation, platform="browser", pushChannel=browser_channel)["pushChannel"] == browser_channel


@pytest.mark.parametrize(
    "operations",
    ["x", [{"op": "move", "path": "/tags"}], [{"op": "add", "path": "/platform", "value": "apns"}],
     [{"op": "add", "path": "/tags/a/b", "value": "c"}], [{"op": "add", "path": "/tags", "value": 1}],
     [{"op": "add", "path": "/templates/x", "value": "{}"}], [{"op": "add", "path": "/pushChannel", "value": "{"}],
     [{"op": "add", "path": "", "value": "c"}], [{"path": "/tags"}]],
)  # fmt: skip
def test_what_is_no_patch_is_refused(operations: object) -> None:
    """Other operations, other paths, values that do not fit."""
    with pytest.raises(BadRequestError):
        patched(installation().document(), json.dumps(operations).encode())


@given(
    st.lists(st.sampled_from("abcdef"), unique=True),
    st.lists(st.tuples(st.sampled_from(["add", "remove", "replace"]), st.sampled_from("abcdef"))),
)
def test_any_patch_of_tags_keeps_a_set(before: list[str], steps: list[tuple[str, str]]) -> None:
    """Whatever is added and removed, the tags are those of a set that went the same way."""
    expected = set(before)
    operations: list[dict[str, Any]] = []
    for operation, tag in steps:
        path = "/tags" if operation == "add" else f"/tags/{tag}"
        operations.append({"op": operation, "path": path, "value": "z" if operation == "replace" else tag})
        expected = expected - {tag} if operation != "add" else expected | {tag}
        expected |= {"z"} if operation == "replace" else set()
    after = read(patch(*operations, tags=before), "i1", NOW)
    assert set(after.tags) == expected
    assert len(after.tags) == len(expected)
