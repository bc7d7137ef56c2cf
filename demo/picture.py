"""`python -m demo.picture`: take the pictures of the README anew, of a real run."""

import asyncio
import io
import logging
import os
import tempfile
from itertools import chain, islice
from pathlib import Path
from typing import Final

from rich.console import Console

from demo.board import Board
from demo.connecting import Addresses
from demo.drawing import FOLDER, WIDTH, save_pictures
from demo.people import PEOPLE
from demo.photographs import photograph
from demo.play import play_once
from demo.shop import rounds
from demo.summary import print_addresses, print_shop
from emulators.cloud import SHOP, Cloud

STEPS: Final = 17
"""Of the story: so far that something is resolved and something is not."""
HEIGHT: Final = 40


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

        def draw(console: Console) -> None:
            console.print("$ make run", style="dim")
            print_addresses(console, cloud)
            print_shop(console, cloud.urls[SHOP])
            console.print(board)

        save_pictures("demo", HEIGHT, draw)


if __name__ == "__main__":
    main()
