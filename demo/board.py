"""The view for terminals: a board with a row for each card and a column for each person.

A card of a thread keeps its row: what it says is replaced in place, as on the screens of those who have it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from belfry import Severity
from demo.ledger import Arrival
from demo.view import duration

_SIGNS: Final = {
    Severity.INFO: ("•", "blue"),
    Severity.SUCCESS: ("✓", "green"),
    Severity.WARNING: ("▲", "yellow"),
    Severity.CRITICAL: ("◆", "bold red"),
}
"""Sign and colour. The colours are the terminal's own, which suit its background, be it dark or light."""
_LOUD: Final = frozenset({Severity.WARNING, Severity.CRITICAL})
"""Those whose titles are coloured as well."""
_LEGEND: Final = "time from the queue to the client"
_MOST_ROWS: Final = 24
_FRAME_ROWS: Final = 4
"""Rows around the cards: the header, an empty one, the note and the cursor's."""
_TIME_WIDTH: Final = 7


@dataclass(slots=True)
class Row:
    """A card as the board shows it."""

    shown: Arrival
    """The newest that anyone got."""
    times: dict[str, int] = field(default_factory=dict)
    """Milliseconds by user, of those who have what is shown."""

    def update(self, arrival: Arrival) -> None:
        """Show what arrived, unless another client was faster and has a newer one."""
        if arrival.position > self.shown.position:
            self.shown = arrival
            self.times.clear()
        if arrival.position == self.shown.position:
            self.times[arrival.user] = arrival.milliseconds


class Board:
    """A `View` that shows the latest cards, and a note below them.

    Args:
        console: a terminal.
        users: the columns.
    """

    def __init__(self, console: Console, users: Sequence[str]) -> None:
        self._users = tuple(users)
        self._rows: dict[str, Row] = {}
        self._note = ""
        self._live = Live(self, console=console, auto_refresh=False, vertical_overflow="crop")

    def arrived(self, arrival: Arrival) -> None:
        """See `View`."""
        row = self._rows.setdefault(arrival.card, Row(arrival))
        row.update(arrival)
        while len(self._rows) > _MOST_ROWS:
            del self._rows[next(iter(self._rows))]
        self._live.refresh()

    def note(self, text: str) -> None:
        """See `View`; it replaces the note before."""
        self._note = text
        self._live.refresh()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The board, as many of the latest cards as fit."""
        table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim", expand=True)
        table.add_column("", width=1)
        table.add_column(_LEGEND, ratio=1, no_wrap=True, overflow="ellipsis")
        for user in self._users:
            table.add_column(user, width=_TIME_WIDTH, justify="right", no_wrap=True)
        fitting = max(1, min(_MOST_ROWS, options.size.height - _FRAME_ROWS))
        for row in list(self._rows.values())[-fitting:]:
            severity = row.shown.severity
            sign, style = _SIGNS[severity]
            times = (Text(duration(row.times[user]) if user in row.times else "", "dim") for user in self._users)
            table.add_row(Text(sign, style), Text(row.shown.title, style if severity in _LOUD else ""), *times)
        yield table
        yield Text("")
        yield Text(self._note, "dim", no_wrap=True, overflow="ellipsis")

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
