"""What is shown, and how: calm on a terminal, plain in a pipe, JSON on demand.

The colours are the terminal's own, which suit its background, be it dark or light.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from shared.alert import Severity

SIGNS: Final = {
    Severity.INFO: ("•", "blue"),
    Severity.SUCCESS: ("✓", "green"),
    Severity.WARNING: ("▲", "yellow"),
    Severity.CRITICAL: ("◆", "bold red"),
}
"""Sign and colour of each severity."""

_HARMLESS: Final = "\n\t\u200c\u200d"
"""Line ends, tabs, and what joins the parts of an emoji or keeps letters apart."""
MANY: Final = 100
"""From how many on a bar shows how far it is."""

type Part = str | tuple[str, str]
"""Text, or text and its style."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str
    grows: bool = False
    """Whether it takes the room that is left; the others are as wide as what is in them."""
    folds: bool = False
    """Whether what does not fit goes on below; else it is cut."""
    most: int | None = None
    """The most characters."""
    justify: Literal["left", "right"] = "left"


class Terminal:
    """Standard output and standard error of one command.

    Args:
        as_json: whether results are printed as JSON.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._out = Console(highlight=False, markup=False, emoji=False)
        self._notes = Console(stderr=True, highlight=False, markup=False, emoji=False)

    @property
    def is_terminal(self) -> bool:
        """Whether a person is looking at standard output."""
        return self._out.is_terminal

    def json(self, value: Any) -> None:
        """One JSON document on a line of its own."""
        self.line(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def line(self, text: str) -> None:
        """One line of plain text, at once."""
        # Not by rich: it would fold what is wider than the terminal.
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def text(self, *parts: Part, cut: bool = False) -> None:
        """One paragraph for people, in parts of text and style; on request it is cut to one line."""
        text = styled(*parts)
        if not self.is_terminal:
            self.line(text.plain)
        elif cut:
            self._out.print(text, no_wrap=True, overflow="ellipsis")
        else:
            self._out.print(text)

    def fields(self, *texts: str) -> None:
        """One line of fields with tabs between them, each in full: what other programs read."""
        self.line("\t".join(printable(" ".join(text.split())) for text in texts))

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Text]]) -> None:
        """A table, for people; its cells are made by `styled`."""
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", expand=True)
        table.show_header = any(column.title for column in columns)
        for column in columns:
            table.add_column(
                column.title,
                ratio=1 if column.grows else None,
                max_width=column.most,
                justify=column.justify,
                no_wrap=not column.folds,
                overflow="fold" if column.folds else "ellipsis",
            )
        for row in rows:
            table.add_row(*row)
        self._out.print(table)

    def note(self, text: str) -> None:
        """Something beside the result, on standard error."""
        self._notes.print(Text(printable(text), "dim"), soft_wrap=True)

    def progress(self, what: str, total: int) -> Progress:
        """A bar on standard error, to be used as a context manager; none of a few, or where nobody is looking."""
        progress = Progress(
            TextColumn("{task.description}", style="dim"),
            BarColumn(style="dim", complete_style="blue", finished_style="blue"),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f}", style="dim"),
            console=self._notes,
            transient=True,
            redirect_stdout=self.is_terminal,  # else what goes into a file or pipe would go to the bar's terminal
            disable=total < MANY or not self._notes.is_terminal,
        )
        progress.add_task(what, total=total)
        return progress

    def confirmed(self, question: str) -> bool:
        """Whether the person at the terminal says yes."""
        self._notes.print(printable(question) + " [y/N] ", end="")
        return sys.stdin.readline().strip().lower() in {"y", "yes"}


def styled(*parts: Part) -> Text:
    """Text that is safe to show."""
    return Text.assemble(
        *(printable(part) if isinstance(part, str) else (printable(part[0]), part[1]) for part in parts)
    )


def printable(text: str) -> str:
    """Text that cannot drive a terminal: whatever is not a character on screen is written as an escape."""
    return "".join(
        character if character.isprintable() or character in _HARMLESS else ascii(character)[1:-1] for character in text
    )


def moment_ago(moment: datetime, now: datetime | None = None) -> str:
    """When something was, as people say it: `12 s`, `5 min`, `3 h` ago, else the day."""
    seconds = int(((now or datetime.now(UTC)) - moment).total_seconds())
    for size, below, unit in ((1, 60, "s"), (60, 3600, "min"), (3600, 86_400, "h")):
        if seconds < below:
            return f"{max(seconds, 0) // size} {unit}"
    day = moment.astimezone()
    return f"{day.day} {day:%b %Y}"
