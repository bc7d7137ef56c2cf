from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from belfry.rule import Card, Mark, View
from tests.unit.belfry.stories import STEPS, Step, play


@settings(max_examples=2500, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_after_catching_up_a_client_shows_what_the_server_has(steps: list[Step]) -> None:
    """Whatever happened, in whatever order, however late, however often: the same cards, marks and count."""
    play(list(steps), View())


class LastCardWins(View):
    """Takes what came last for what is newest."""

    def _take_cards(self, cards: Iterable[Card]) -> list[Card]:
        for card in (cards := list(cards)):
            self.cards.pop(card["card"], None)
        return super()._take_cards(cards)


class LastMarkWins(View):
    """Takes the mark that came last for the one that was said last."""

    def _take_marks(self, marks: Iterable[Mark], read_up_to: str) -> None:
        for mark in (marks := list(marks)):
            self.marks.pop(mark["card"], None)
        super()._take_marks(marks, read_up_to)


class MarksOutliveRevisions(View):
    """Holds a mark to be about every revision of its card."""

    def _state(self, card: Card) -> dict[str, bool]:
        mark = self.marks.get(card["card"])
        return super()._state(card if mark is None else {**card, "position": mark["position"]})


class ReadUpToGoesBack(View):
    """Takes the last `readUpTo` that came."""

    def _take_marks(self, marks: Iterable[Mark], read_up_to: str) -> None:
        self.read_up_to = ""
        super()._take_marks(marks, read_up_to)


class ForgetsWithdrawals(View):
    """Drops a withdrawn card instead of remembering that it is gone."""

    def _take_cards(self, cards: Iterable[Card]) -> list[Card]:
        fresh = super()._take_cards(cards)
        self.cards = {key: card for key, card in self.cards.items() if not card.get("retracted")}
        return fresh


class ShowsWhatIsForOthers(View):
    """Takes every card that comes, also of a topic that was left, or from before it was joined."""

    def _concerns(self, card: Card) -> bool:
        del card
        return True


class KnowsOnlyWhatIsThere(View):
    """Does not hear from the history what is gone."""

    def take_answer(self, answer: Mapping[str, Any]) -> list[Card]:
        """See `View`."""
        return super().take_answer({**answer, "gone": ()})


def _enqueue(*to: str, **fields: Any) -> Step:
    return Step("enqueue", {"to": to, **({} if fields.get("retract") else {"title": "one"}), **fields})


DELIVER = Step("deliver", {"index": 0})
MARK = Step("mark", {"index": 0, "read": True, "archived": None})
MARK_UNREAD = Step("mark", {"index": 0, "read": False, "archived": None})
MARK_ALL = Step("mark_all", {})
DISCONNECT = Step("disconnect", {})
RECONNECT = Step("reconnect", {})
SUBSCRIBE = Step("subscribe", {"wanted": True})
UNSUBSCRIBE = Step("subscribe", {"wanted": False})
ARRIVE = Step("arrive", {"index": 0, "again": False})
REDELIVER = Step("redeliver", {"index": 0})

SHORTEST: dict[type[View], list[Step]] = {
    LastCardWins: [
        _enqueue("user:ada", "role:office", thread="t"),
        DELIVER,
        _enqueue("user:ada", thread="t"),
        DELIVER,
    ],
    LastMarkWins: [_enqueue("user:ada"), DELIVER, RECONNECT, MARK_UNREAD, MARK_ALL],
    MarksOutliveRevisions: [
        _enqueue("user:ada", thread="t"),
        DELIVER,
        RECONNECT,
        _enqueue("user:ada", thread="t"),
        MARK,
        DELIVER,
    ],
    ReadUpToGoesBack: [MARK_ALL, _enqueue("user:ada"), DELIVER, MARK_ALL],
    ForgetsWithdrawals: [
        _enqueue("user:ada", id="a"),
        DELIVER,
        _enqueue("user:ada", id="a", retract=True),
        DELIVER,
    ],
    ShowsWhatIsForOthers: [_enqueue("topic:news"), DELIVER, SUBSCRIBE, ARRIVE, REDELIVER],
    KnowsOnlyWhatIsThere: [
        UNSUBSCRIBE,
        _enqueue("user:ada", id="a"),
        DELIVER,
        _enqueue("user:ada", id="a", retract=True),
        DELIVER,
        ARRIVE,
        ARRIVE,
        DISCONNECT,
        RECONNECT,
    ],
}
"""For each line of the rule the shortest story in which its absence shows, as `find` over `STEPS` shrinks it."""


@pytest.mark.parametrize("broken", SHORTEST, ids=lambda broken: broken.__name__)
def test_each_line_of_the_rule_is_needed(broken: type[View]) -> None:
    """With a line of the rule broken the story ends differently on the client than on the server."""
    play(SHORTEST[broken], View())
    with pytest.raises(AssertionError):
        play(SHORTEST[broken], broken())


NEARLY_LOST = {
    "a topic that was left and joined again while away": [
        SUBSCRIBE,
        _enqueue("topic:news", "everyone"),
        DELIVER,
        RECONNECT,
        DISCONNECT,
        UNSUBSCRIBE,
        SUBSCRIBE,
        RECONNECT,
    ],
    "an older revision that came later for another audience": [
        _enqueue("user:ada", thread="u"),
        _enqueue("everyone", thread="u"),
        Step("deliver", {"index": 1}),
        MARK_ALL,
        DELIVER,
        RECONNECT,
        MARK_UNREAD,
    ],
    "an archived card whose first revision was long on its way": [
        UNSUBSCRIBE,
        _enqueue("user:ada", thread="u"),
        DELIVER,
        RECONNECT,
        _enqueue("user:ada", thread="u"),
        DELIVER,
        RECONNECT,
        Step("mark", {"index": 0, "read": True, "archived": True}),
        ARRIVE,
        ARRIVE,
    ],
}
"""Where client and server, or the server's count and its cards, once differed."""


@pytest.mark.parametrize("story", NEARLY_LOST.values(), ids=NEARLY_LOST)
def test_rare_turns_end_well(story: list[Step]) -> None:
    """They stay in memory, for chance seldom finds them."""
    play(story, View())


def test_to_forget_is_to_begin_with_nothing() -> None:
    """What the server has erased leaves no trace in its feeds, so a client that is told so keeps nothing."""
    view = View()
    view.take_frame({"type": "alerts", "alerts": [{"card": "a", "position": "1", "at": "2026", "title": "one"}]})
    view.take_frame({"type": "marks", "marks": [{"card": "a", "position": "1", "version": 1}], "readUpTo": "2027"})
    view.clear()
    assert view.shown(datetime.now(UTC)) == []
    assert view.marks
    view.forget()
    assert (view.marks, view.read_up_to) == ({}, "")


def test_what_comes_before_the_history_says_what_the_person_belongs_to_is_not_lost() -> None:
    """An alert of a topic that was just subscribed to may be faster than the history that tells of the topic."""
    view = View()
    answer: dict[str, Any] = {"alerts": [], "marks": [], "readUpTo": "", "audiences": {"user:ada": None}}
    view.take_answer(answer)
    view.clear()
    alerts = [
        {"card": topic, "audience": f"topic:{topic}", "position": "1", "at": "2026-11-20", "title": topic}
        for topic in ("offers", "stock")
    ]
    view.take_frame({"type": "alerts", "alerts": alerts})
    view.take_answer({**answer, "audiences": {"user:ada": None, "topic:offers": "2026-11-19"}})
    assert [card["card"] for card in view.shown(datetime.now(UTC))] == ["offers"]
