"""The view for pipes and files: one plain line for each arrival."""

from typing import Self

from rich.console import Console

from demo.ledger import Arrival
from demo.view import duration


class Lines:
    """A `View` that only ever appends.

    Args:
        console: where the lines go.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def arrived(self, arrival: Arrival) -> None:
        """See `View`."""
        self._print(
            f"{arrival.user:<8}{arrival.severity.value:<10}{duration(arrival.milliseconds):>7}  {arrival.title}"
        )

    def note(self, text: str) -> None:
        """See `View`."""
        self._print(text)

    def _print(self, text: str) -> None:
        # Never wrapped, so that a line stays a line for whatever reads it; and flushed, for it may read along.
        self._console.print(text, markup=False, soft_wrap=True)
        self._console.file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...
