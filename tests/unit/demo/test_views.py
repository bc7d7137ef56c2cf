import io

import pytest
from rich.console import Console

from belfry import Severity
from demo.board import Board
from demo.ledger import Arrival
from demo.lines import Lines
from demo.view import duration

USERS = ("ada", "mateo", "yuki", "nora", "tomas")


def _console(*, terminal: bool, width: int = 80, height: int = 24) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=width, height=height, _environ={"TERM": "xterm"})


def _output(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def _arrival(user: str, card: str, title: str, *, number: int = 1, severity: Severity = Severity.INFO) -> Arrival:
    return Arrival(
        user=user, card=card, position=f"{number:013}", title=title, severity=severity, milliseconds=10 * number
    )


def _board(board: Board, *, width: int = 80, height: int = 24) -> list[str]:
    """What a terminal shows of the board, line by line."""
    console = _console(terminal=False, width=width, height=height)
    console.print(board)
    return [line.rstrip() for line in _output(console).splitlines()]


@pytest.fixture
def board() -> Board:
    """A board that is not on screen yet."""
    return Board(_console(terminal=True), USERS)


def test_a_line_for_each_arrival_says_who_got_what_and_how_fast() -> None:
    """Without colour and never wrapped, whatever the width, so that it can be read by programs."""
    console = _console(terminal=False, width=20)
    with Lines(console) as lines:
        lines.note("Begin")
        lines.arrived(_arrival("ada", "c", "A title [that] is longer", severity=Severity.CRITICAL))
    assert _output(console).splitlines() == ["Begin", "ada     critical    10 ms  A title [that] is longer"]


def test_a_card_has_one_row_and_everyone_who_got_it_a_time(board: Board) -> None:
    """A row for the card, not for the arrival; each column is a person."""
    board.arrived(_arrival("ada", "c", "For all"))
    board.arrived(_arrival("tomas", "c", "For all"))
    header, row, *_ = _board(board)
    assert header.split()[-5:] == list(USERS)
    assert row.startswith("• For all")
    assert row.split()[-4:] == ["10", "ms", "10", "ms"]
    assert header.index("ada") + len("ada") == row.index("10 ms") + len("10 ms")
    assert len(row) == len(header)


def test_a_thread_is_replaced_in_place(board: Board) -> None:
    """Firing, then resolved, is one row that changes; the times are those of what it says now."""
    board.arrived(_arrival("ada", "t", "Failed", number=1, severity=Severity.CRITICAL))
    board.arrived(_arrival("nora", "t", "Failed", number=1, severity=Severity.CRITICAL))
    board.arrived(_arrival("ada", "other", "Other", number=2))
    board.arrived(_arrival("nora", "t", "Resolved", number=3, severity=Severity.SUCCESS))
    _, first, second, *_ = _board(board)
    assert first.startswith("✓ Resolved")
    assert first.count("ms") == 1
    assert second.startswith("• Other")
    assert "Failed" not in "".join(_board(board))


def test_an_older_card_that_comes_late_changes_nothing(board: Board) -> None:
    """Clients are not equally fast: one may get the first of a thread when another has the second."""
    board.arrived(_arrival("ada", "t", "Resolved", number=2))
    board.arrived(_arrival("nora", "t", "Failed", number=1))
    _, row, *_ = _board(board)
    assert row.startswith("• Resolved")
    assert row.count("ms") == 1


def test_the_board_fits_the_terminal(board: Board) -> None:
    """The latest cards, as many as there is room for; long titles are cut, never wrapped."""
    for number in range(100):
        board.arrived(_arrival("ada", f"c{number}", f"Card {number} {'long ' * 30}", number=number))
    board.note("A note")
    shown = _board(board, height=10)
    assert len(shown) < 10
    assert all(len(line) <= 80 for line in shown)
    assert shown[1].startswith("• Card 94")
    assert shown[-3].startswith("• Card 99")
    assert "…" in shown[-3]
    assert shown[-1] == "A note"


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(None, "-"), (0, "0 ms"), (12.4, "12 ms"), (999, "999 ms"), (1000, "1.0 s"), (59_940, "59.9 s")],
)
def test_times_are_short(milliseconds: float | None, text: str) -> None:
    """A time fits a narrow column, in the unit that people would say."""
    assert duration(milliseconds) == text
