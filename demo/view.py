"""What the audience sees of the demo; `board` shows it on a terminal, `lines` wherever else output goes."""

from typing import Protocol, Self

from demo.ledger import Arrival


class View(Protocol):
    """Shows arrivals from the moment it is entered until it is left."""

    def arrived(self, arrival: Arrival) -> None:
        """A card reached someone's client."""

    def note(self, text: str) -> None:
        """Something happened that is not an arrival."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def duration(milliseconds: float | None) -> str:
    """A time in at most seven characters; a dash where there is none."""
    if milliseconds is None:
        return "-"
    if milliseconds < 1000:  # noqa: PLR2004  # of a second
        return f"{milliseconds:.0f} ms"
    return f"{milliseconds / 1000:.1f} s"
