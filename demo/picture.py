"""`python -m demo.picture`: take the pictures of the README anew, of a real run."""

import asyncio
import io
import logging
import os
import tempfile
import uuid
from itertools import chain, islice
from pathlib import Path
from typing import Final

from rich.console import Console

from demo.board import Board
from demo.connecting import Addresses
from demo.drawing import WIDTH, save_pictures
from demo.people import PEOPLE
from demo.play import play_once
from demo.shop import rounds
from demo.summary import print_addresses
from emulators.cloud import Cloud

STEPS: Final = 17
"""Of the story: so far that something is resolved and something is not."""
HEIGHT: Final = 40


def main() -> None:
    """Play some of the story on the usual ports, and save what the terminal shows, light and dark."""
    logging.basicConfig(filename=os.devnull)  # the official client speaks up when it is closed
    board = Board(Console(file=io.StringIO(), width=WIDTH, height=HEIGHT), [person.user for person in PEOPLE])
    story = rounds(run=uuid.uuid4().hex[:8], seed=0)
    with tempfile.TemporaryDirectory() as logs, Cloud(logs=Path(logs)) as cloud:
        with board:
            asyncio.run(play_once(Addresses.of(cloud), board, islice(chain.from_iterable(story), STEPS)))
        board.note("Ctrl-C ends it; logs are in .belfry/logs")

        def draw(console: Console) -> None:
            console.print("$ make run", style="dim")
            print_addresses(console, cloud)
            console.print(board)

        save_pictures("demo", HEIGHT, draw)


if __name__ == "__main__":
    main()
