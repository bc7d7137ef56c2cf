"""`python -m demo.picture`: take the pictures of the README anew, of a real run."""

import asyncio
import io
import logging
import os
import re
import tempfile
from itertools import chain, islice
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import TerminalTheme

from demo.board import Board
from demo.connecting import Addresses
from demo.people import PEOPLE
from demo.photographs import photograph
from demo.play import play_once
from demo.shop import rounds
from demo.summary import print_addresses, print_shop
from emulators.cloud import SHOP, Cloud

FOLDER: Final = Path("docs/images")
STEPS: Final = 17
"""Of the story: so far that something is resolved and something is not."""
WIDTH: Final = 80
HEIGHT: Final = 40

_LIGHT: Final = "ffffff 24292f 24292f cf222e 116329 9a6700 0969da 8250df 1b7c83 6e7781"
_DARK: Final = "0d1117 c9d1d9 484f58 ff7b72 3fb950 d29922 58a6ff bc8cff 39c5cf b1bac4"
"""Background, foreground, and the eight colours of a terminal."""
_FONT: Final = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"


def main() -> None:
    """Play some of the story on the usual ports, and save what browser and terminal show, light and dark."""
    logging.basicConfig(filename=os.devnull)  # the official client speaks up when it is closed
    board = Board(Console(file=io.StringIO(), width=WIDTH, height=HEIGHT), [person.user for person in PEOPLE])
    story = rounds(run="picture", seed=0)
    with tempfile.TemporaryDirectory() as logs, Cloud(logs=Path(logs)) as cloud:
        asyncio.run(photograph(Addresses.of(cloud), cloud.urls[SHOP], FOLDER))
        with board:
            asyncio.run(play_once(Addresses.of(cloud), board, islice(chain.from_iterable(story), STEPS)))
        board.note("Ctrl-C ends it; logs are in .belfry/logs")
        for name, colours in (("light", _LIGHT), ("dark", _DARK)):
            picture = _picture(cloud, board, _theme(colours))
            (FOLDER / f"demo-{name}.svg").write_text(picture, encoding="utf-8")


def _picture(cloud: Cloud, board: Board, theme: TerminalTheme) -> str:
    console = Console(
        file=io.StringIO(),
        record=True,
        force_terminal=True,
        color_system="standard",
        highlight=False,
        width=WIDTH,
        height=HEIGHT,
    )
    console.print("$ make run", style="dim")
    print_addresses(console, cloud)
    print_shop(console, cloud.urls[SHOP])
    console.print(board)
    drawn = console.export_svg(title="", theme=theme, unique_id="terminal")
    # Pages that show a picture do not load its fonts; the reader's own serves.
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL).replace("Fira Code, monospace", _FONT)


def _theme(colours: str) -> TerminalTheme:
    background, foreground, *eight = (
        (int(colour[:2], 16), int(colour[2:4], 16), int(colour[4:], 16)) for colour in colours.split()
    )
    return TerminalTheme(background, foreground, eight)


if __name__ == "__main__":
    main()
