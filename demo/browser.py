"""Opening the shop in a browser, where somebody sits in front of one."""

import webbrowser
from collections.abc import Mapping


def is_at_hand(environment: Mapping[str, str], platform: str) -> bool:
    """Whether this machine has a screen in front of whoever called: not so over SSH, nor without a display.

    Args:
        environment: of this process.
        platform: as `sys.platform`.
    """
    if "SSH_CONNECTION" in environment or "CI" in environment:
        return False
    return platform in ("darwin", "win32") or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def open_shop(url: str) -> None:
    """Show the shop; where that fails, its address stands on the terminal."""
    webbrowser.open(url)
