"""A trace as a waterfall: a row for each span, below that which caused it, with a bar for when it was."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.collector import Span

BAR_WIDTH: Final = 32
_COLOURS: Final = ("blue", "green", "magenta", "cyan", "yellow")
"""Of the services, in the order in which they come up."""


@dataclass(frozen=True, slots=True)
class Row:
    """A span, and where it stands."""

    span: Span
    depth: int
    """How many spans are above it."""
    before: int
    """Cells before its bar."""
    length: int
    """Cells of its bar; at least one."""


def rows(spans: Sequence[Span], width: int = BAR_WIDTH) -> list[Row]:
    """The spans of one trace in the order of the tree, earlier ones first.

    A span whose parent is not among them stands at the top.
    """
    if not spans:
        return []
    known = {span.id for span in spans}
    children: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        children.setdefault(span.parent if span.parent in known else "", []).append(span)
    begin, end = min(span.start for span in spans), max(span.end for span in spans)
    scale = width / max(end - begin, 1)

    def below(parent: str, depth: int) -> Iterator[Row]:
        for span in children.get(parent, ()):
            before = min(int((span.start - begin) * scale), width - 1)
            length = min(max(round((span.end - span.start) * scale), 1), width - before)
            yield Row(span, depth, before, length)
            yield from below(span.id, depth + 1)

    return list(below("", 0))


def print_waterfall(console: Console, spans: Sequence[Span]) -> None:
    """Print a trace."""
    found = rows(spans)
    services = list(dict.fromkeys(row.span.service for row in found))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("span", no_wrap=True)
    table.add_column("of", no_wrap=True)
    table.add_column("when", width=BAR_WIDTH, no_wrap=True)
    table.add_column("ms", justify="right", no_wrap=True)
    for row in found:
        colour = "red" if row.span.failed else _COLOURS[services.index(row.span.service) % len(_COLOURS)]
        table.add_row(
            Text("  " * row.depth + row.span.name, "red" if row.span.failed else ""),
            Text(row.span.service, colour),
            Text(" " * row.before + "━" * row.length, colour),
            Text(f"{row.span.milliseconds:.1f}", "dim"),
        )
    console.print(table)
