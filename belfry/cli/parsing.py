"""Everything that can be typed.

argparse, for it is in the standard library, and nothing here needs more.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

from shared.alert import Push, Severity

_DESCRIPTION: Final = "Belfry gets every alert to its people: at once when they are online, and in their inbox."
_EPILOG: Final = """\
Commands work with the local cloud, unless settings in the environment or in --settings FILE say where Belfry is.
Exit status: 0 done, 1 failed, 2 wrong use."""

_LAST_NUMBER: Final = 2**63 - 1
"""Service Bus counts messages with 64 bits."""


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        """See `ArgumentParser`."""
        self.exit(2, f"{self.prog}: {message}; `{self.prog} --help` says more.\n")


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = Parser(
        prog="belfry",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_send(_command(commands, "send", "send alerts"))
    _add_tail(_command(commands, "tail", "show a person's alerts as they arrive"))
    _add_inbox(_command(commands, "inbox", "show a person's inbox"))
    for name, text in (
        ("poison", "see to alerts that could not be delivered (alerts-poison)"),
        ("dead-letters", "see to messages that Service Bus gave up (dead letters of alerts)"),
    ):
        group = commands.add_parser(name, help=text, description=_sentence(text), allow_abbrev=False)
        _add_parked(group.add_subparsers(title="commands", required=True, metavar="COMMAND"), name)
    _add_doctor(_command(commands, "doctor", "check the settings and every service behind Belfry"))
    _add_smoke(_command(commands, "smoke", "send an alert all the way to its person, and withdraw it"))
    return parser


def _command(
    commands: "argparse._SubParsersAction[Parser]", name: str, text: str, module: str = ""
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=_sentence(text), allow_abbrev=False)
    parser.set_defaults(module=module or name, endless=False)
    common = parser.add_argument_group("for every command")
    common.add_argument("--json", action="store_true", help="print JSON, for scripts")
    common.add_argument(
        "--settings",
        metavar="FILE",
        type=Path,
        help="settings of the deployment, as in local.settings.json or as `az functionapp config appsettings list` "
        "prints them; they count instead of the environment",
    )
    common.add_argument("--verbose", action="store_true", help="log to standard error")
    return parser


def _add_send(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        help="alerts as JSON objects, one after the other or in arrays; - is standard input. "
        "All are checked before the first is sent",
    )
    alert = parser.add_argument_group("one alert, instead of files")
    alert.add_argument(
        "--to", action="append", metavar="AUDIENCE", help="user:ID, role:NAME, topic:NAME or everyone; may be repeated"
    )
    alert.add_argument("--title", help="up to 200 characters")
    alert.add_argument("--body", help="up to 4,000 characters")
    alert.add_argument("--severity", choices=list(map(str, Severity)))
    alert.add_argument("--category", help="what preferences and filters go by")
    alert.add_argument("--url", help="where a click leads: a path or an https address")
    alert.add_argument("--thread", metavar="ID", help="alerts of one thread replace each other")
    alert.add_argument("--id", help="makes sending it again harmless")
    alert.add_argument(
        "--deliver-at", metavar="TIME", help="not before: RFC 3339, or from now as in +90s, +10m, +2h, +1d"
    )
    alert.add_argument("--expires-at", metavar="TIME", help="not after; as above")
    alert.add_argument("--push", choices=list(map(str, Push)), help="when phones are told (offline)")
    alert.add_argument("--data", metavar="JSON", help="an object of the app's own")
    alert.add_argument("--retract", action="store_true", help="withdraw the alert with this --id from these --to")


def _add_person(parser: argparse.ArgumentParser) -> None:
    person = parser.add_argument_group("who").add_mutually_exclusive_group()
    person.add_argument("--as", dest="user", metavar="USER", help="with a token of the local identity")
    person.add_argument("--token", help="with this bearer token; better put it into BELFRY_TOKEN")
    parser.add_argument("--roles", metavar="A,B", help="roles that the local identity's token says (with --as)")
    _add_api(parser)


def _add_api(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--api", metavar="URL", help="address of the API; else BELFRY_API")


def _add_tail(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(endless=True)
    _add_person(parser)
    parser.add_argument("--last", type=_count(0, 100), default=0, metavar="N", help="begin with the N newest (0)")
    parser.add_argument("--count", type=_count(1), metavar="N", help="end after N alerts; else with Ctrl-C")


def _add_inbox(parser: argparse.ArgumentParser) -> None:
    _add_person(parser)
    parser.add_argument("--unread", action="store_true", help="only what is not read")
    parser.add_argument("--limit", type=_count(1, 100), default=20, metavar="N", help="the most cards (20)")
    parser.add_argument("--severity", metavar="A,B", help=f"only these: {', '.join(Severity)}")
    parser.add_argument("--category", metavar="A,B", help="only these")


def _add_parked(commands: "argparse._SubParsersAction[Parser]", place: str) -> None:
    def command(name: str, text: str) -> argparse.ArgumentParser:
        parser = _command(commands, name, text, module="parked")
        parser.set_defaults(action=name, place=place)
        return parser

    listing = command("list", "list what is there, the oldest first")
    listing.add_argument("--limit", type=_count(1), default=100, metavar="N", help="the most messages (100)")

    show = command("show", "show a message with all its properties and its bytes")
    show.add_argument("number", type=_count(1, _LAST_NUMBER), metavar="NUMBER", help="as `list` shows it")
    show.add_argument("--body", action="store_true", help="print the bytes alone, just as they came")

    replay = command("replay", "deliver after all: sent to the queue again, then removed from here")
    _add_which(replay)
    replay.add_argument("--edit", metavar="FILE", help="send this body instead (for one NUMBER)")

    drop = command("drop", "remove for good")
    _add_which(drop)
    drop.add_argument("--yes", action="store_true", help="do not ask")


def _add_which(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "numbers",
        type=_count(1, _LAST_NUMBER),
        metavar="NUMBER",
        nargs="*",
        default=[],
        help="as `list` shows them",
    )
    which.add_argument("--all", action="store_true", help="everything that is there now")


def _add_doctor(parser: argparse.ArgumentParser) -> None:
    _add_api(parser)
    parser.add_argument("--token", help="a bearer token to check; else BELFRY_TOKEN, or one of the local identity")


def _add_smoke(parser: argparse.ArgumentParser) -> None:
    _add_person(parser)
    parser.add_argument("--seconds", type=_count(1), default=60, metavar="N", help="the longest for one step (60)")


def _count(least: int, most: int | None = None) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or int(text) < least or (most is not None and int(text) > most):
            bounds = f"from {least} to {most}" if most is not None else f"of at least {least}"
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number {bounds}")
        return int(text)

    return parse


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
