"""Stories as a client lived them, for clients in other languages: see `scripts.write_client_stories`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from belfry.rule import Card, View
from tests.unit.belfry.stories import Step, play
from tests.unit.belfry.world import World, outline

type Event = dict[str, Any]
"""What happened to the client: `do` says what, and `now` when."""


class RecordingView(View):
    """Notes what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.happened: Callable[[Event], None] = _ignore
        """Called with each thing that is done with it, before it is."""

    def clear(self) -> None:
        """See `View`."""
        self.happened({"do": "clear"})
        super().clear()

    def forget(self) -> None:
        """See `View`."""
        self.happened({"do": "forget"})
        super().forget()

    def take_answer(self, answer: Mapping[str, Any]) -> list[Card]:
        """See `View`."""
        self.happened({"do": "answer", "answer": dict(answer) | {"sync": "…"}})
        return super().take_answer(answer)

    def take_frame(self, frame: Mapping[str, Any]) -> list[Card]:
        """See `View`."""
        self.happened({"do": "frame", "frame": frame})
        return super().take_frame(frame)


class RecordingWorld(World):
    """Notes when things are done with the client, and what the server shows whenever it is asked."""

    def __init__(self, view: View, events: list[Event]) -> None:
        super().__init__(view)
        self._events = events
        if isinstance(view, RecordingView):
            view.happened = self._note

    async def served(self) -> tuple[list[Card], int]:
        """See `World`."""
        cards, unread = await super().served()
        self._note({"do": "check", "cards": outline(cards), "unread": unread})
        return cards, unread

    def _note(self, event: Event) -> None:
        self._events.append({"now": _milliseconds(self.clock.now)} | event)


def record(steps: Sequence[Step]) -> list[Event]:
    """All that happens to a client in a story; at each check what the server shows then."""
    events: list[Event] = []
    play(steps, RecordingView(), lambda view: RecordingWorld(view, events))
    return events


def _ignore(_event: Event) -> None:
    """Nobody takes notes yet."""


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
