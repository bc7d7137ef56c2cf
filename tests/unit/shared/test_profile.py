from typing import Any

import pytest

from shared.errors import InvalidAlertError
from shared.inbox.profile import Preferences
from shared.wire.json import convert, decode, encode

QUIET = {"start": "22:00", "end": "07:00", "timeZone": "Europe/Warsaw"}
FULL = {
    "mutedCategories": ["news"],
    "mutedTopics": ["outages"],
    "minimumSeverity": "warning",
    "quietHours": QUIET | {"days": ["saturday", "sunday"]},
    "criticalAlways": False,
}


def test_preferences_survive_being_written() -> None:
    """What was put is what is got, in the same words."""
    preferences = convert(FULL, Preferences)
    assert decode(encode(preferences), Preferences) == preferences
    assert decode(encode(preferences), dict[str, Any]) == FULL


def test_nothing_is_muted_unless_someone_says_so() -> None:
    """The defaults push everything."""
    assert convert({}, Preferences) == Preferences()
    assert Preferences().critical_always
    assert Preferences().quiet_hours is None


@pytest.mark.parametrize(
    ("preferences", "field"),
    [
        ({"mutedCategory": []}, "mutedCategory"),
        ({"mutedCategories": ["Not One"]}, "mutedCategories[0]"),
        ({"mutedCategories": ["a"] * 101}, "mutedCategories"),
        ({"mutedTopics": ["a/b"]}, "mutedTopics[0]"),
        ({"minimumSeverity": "loud"}, "minimumSeverity"),
        ({"criticalAlways": "yes"}, "criticalAlways"),
        ({"quietHours": {"start": "22:00", "end": "07:00"}}, "quietHours.timeZone"),
        ({"quietHours": QUIET | {"start": "24:00"}}, "quietHours.start"),
        ({"quietHours": QUIET | {"start": "7:00"}}, "quietHours.start"),
        ({"quietHours": QUIET | {"end": "07:60"}}, "quietHours.end"),
        ({"quietHours": QUIET | {"end": "22:00"}}, "quietHours.end"),
        ({"quietHours": QUIET | {"timeZone": "Mars/Olympus"}}, "quietHours.timeZone"),
        ({"quietHours": QUIET | {"timeZone": "../../etc/passwd"}}, "quietHours.timeZone"),
        ({"quietHours": QUIET | {"timeZone": ""}}, "quietHours.timeZone"),
        ({"quietHours": QUIET | {"days": ["Monday"]}}, "quietHours.days[0]"),
        ({"quietHours": QUIET | {"days": ["monday"] * 8}}, "quietHours.days"),
        ({"quietHours": QUIET | {"zone": "x"}}, "quietHours.zone"),
    ],
    ids=str,
)
def test_wrong_preferences_are_refused_by_name(preferences: dict[str, Any], field: str) -> None:
    """What would silence a pager by mistake is not kept."""
    with pytest.raises(InvalidAlertError) as refusal:
        convert(preferences, Preferences)
    assert refusal.value.field == field
