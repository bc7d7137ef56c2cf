import pytest

from demo.browser import is_at_hand


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        ({}, "darwin", True),
        ({}, "win32", True),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "linux", False),
        ({"DISPLAY": ""}, "linux", False),
        ({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "linux", False),
        ({"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, "darwin", False),
        ({"CI": "true", "DISPLAY": ":99"}, "linux", False),
    ],
)
def test_a_browser_is_opened_only_where_somebody_sees_it(
    environment: dict[str, str], platform: str, *, expected: bool
) -> None:
    """With a display in front of them: not from afar, and not on a build machine."""
    assert is_at_hand(environment, platform) == expected
