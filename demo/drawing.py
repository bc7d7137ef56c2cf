"""Pictures of a terminal: light and dark, for pages that show either."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import TerminalTheme

FOLDER: Final = Path("docs/images")
WIDTH: Final = 80

_LIGHT: Final = "ffffff 24292f 24292f cf222e 116329 9a6700 0969da 8250df 1b7c83 6e7781"
_DARK: Final = "0d1117 c9d1d9 484f58 ff7b72 3fb950 d29922 58a6ff bc8cff 39c5cf b1bac4"
"""Background, foreground, and the eight colours of a terminal."""
_FONT: Final = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"


def save_pictures(name: str, height: int, draw: Callable[[Console], None], folder: Path = FOLDER) -> None:
    """Save what is drawn on a terminal as `<name>-light.svg` and `<name>-dark.svg`.

    Args:
        name: what the pictures are of.
        height: rows of the terminal.
        draw: prints on the console that it is given.
        folder: where they go.
    """
    for shade, colours in (("light", _LIGHT), ("dark", _DARK)):
        console = Console(
            file=io.StringIO(),
            record=True,
            force_terminal=True,
            color_system="standard",
            highlight=False,
            width=WIDTH,
            height=height,
        )
        draw(console)
        drawn = console.export_svg(title="", theme=_theme(colours), unique_id="terminal")
        # Pages that show a picture do not load its fonts; the reader's own serves.
        drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL).replace("Fira Code, monospace", _FONT)
        (folder / f"{name}-{shade}.svg").write_text(drawn, encoding="utf-8")


def _theme(colours: str) -> TerminalTheme:
    background, foreground, *eight = (
        (int(colour[:2], 16), int(colour[2:4], 16), int(colour[4:], 16)) for colour in colours.split()
    )
    return TerminalTheme(background, foreground, eight)
