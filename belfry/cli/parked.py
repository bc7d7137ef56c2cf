"""`belfry poison` and `belfry dead-letters`: what could not be delivered, and what becomes of it."""

import base64
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from rich.text import Text

from belfry.cli.failing import FailedError, WrongUseError
from belfry.cli.settings import find_target
from belfry.cli.terminal import Column, Terminal, moment_ago, styled
from belfry.operations.parked import Parked, Place
from belfry.operations.service_bus import ParkedMessages, Progress, Waiting
from shared.card import format_moment
from shared.errors import InvalidAlertError

_PLACES: Final = {"poison": Place.POISON, "dead-letters": Place.DEAD_LETTERS}
_COLUMNS: Final = (
    Column("number", justify="right"),
    Column("ago", justify="right"),
    Column("alert", most=20),
    Column("field", most=12),
    Column("reason", grows=True),
)


async def run(options: Namespace) -> bool:
    """Do one of `list`, `show`, `replay`, `drop`."""
    terminal = Terminal(as_json=options.json)
    async with ParkedMessages.open(find_target(options).service_bus, _PLACES[options.place]) as messages:
        match options.action:
            case "list":
                await _list(messages, terminal, options.limit)
            case "show":
                [parked] = await messages.find([options.number])
                _show(parked, terminal, body_only=options.body)
            case "replay":
                await _replay(messages, terminal, options)
            case "drop":
                await _drop(messages, terminal, options)
    return True


def _edited(options: Namespace) -> bytes | None:
    """The corrected body, where one is given."""
    if options.edit is None:
        return None
    if options.all or len(options.numbers) != 1:
        raise WrongUseError("--edit FILE goes with one NUMBER")
    try:
        return Path(options.edit).read_bytes()
    except OSError as error:
        raise WrongUseError(f"{options.edit} cannot be read: {error.strerror}") from error


async def _list(messages: ParkedMessages, terminal: Terminal, limit: int) -> None:
    found = await messages.list(limit + 1)
    shown, more = found[:limit], len(found) > limit
    if terminal.as_json:
        terminal.json({"messages": [_summary(parked) for parked in shown], "more": more})
    elif not terminal.is_terminal:
        for parked in shown:
            terminal.fields(str(parked.number), format_moment(parked.at), parked.id, parked.field, parked.reason)
    else:
        if shown:
            terminal.table(_COLUMNS, [_row(parked) for parked in shown])
        there = f"The {limit} oldest are shown; --limit shows more." if more else f"In all: {len(shown)}."
        terminal.text((there, "dim"))


def _row(parked: Parked) -> list[Text]:
    return [
        styled((str(parked.number), "bold")),
        styled((moment_ago(parked.at), "dim")),
        styled(parked.id),
        styled((parked.field, "dim")),
        styled(parked.reason),
    ]


def _show(parked: Parked, terminal: Terminal, *, body_only: bool) -> None:
    if body_only:
        sys.stdout.buffer.write(parked.message.body)
        sys.stdout.buffer.flush()
        return
    document = {**_summary(parked), **_details(parked)}
    if terminal.as_json:
        terminal.json({**document, **_body(parked.message.body)})
        return
    properties = document.pop("properties")
    for name, value in [*document.items(), *((f"property {name}", value) for name, value in properties.items())]:
        if value:
            terminal.text((f"{name:<24} ", "dim"), str(value))
    terminal.text("")
    terminal.text(parked.message.body.decode(errors="backslashreplace"))


def _summary(parked: Parked) -> dict[str, Any]:
    return {
        "number": parked.number,
        "at": format_moment(parked.at),
        "id": parked.id,
        "field": parked.field,
        "reason": parked.reason,
    }


def _details(parked: Parked) -> dict[str, Any]:
    original = parked.original
    return {
        "setAside": parked.set_aside,
        "messageId": original.message_id,
        "enqueuedAt": format_moment(original.enqueued),
        "sequenceNumber": original.sequence_number,
        "contentType": original.content_type,
        "properties": {name: _plain(value) for name, value in parked.message.properties.items()},
    }


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | None) else str(value)


def _body(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"bodyBase64": base64.b64encode(body).decode()}


async def _replay(messages: ParkedMessages, terminal: Terminal, options: Namespace) -> None:
    body = _edited(options)
    chosen = await _chosen(messages, options)
    try:
        finished = await _each(partial(messages.replay, chosen, body=body), chosen, terminal)
    except InvalidAlertError as error:
        raise WrongUseError(f"{options.edit}: {error}") from error
    terminal.note(f"Replayed {finished:,}. What still cannot be delivered comes back here.")


async def _drop(messages: ParkedMessages, terminal: Terminal, options: Namespace) -> None:
    chosen = await _chosen(messages, options)
    _confirm(terminal, options, len(chosen))
    terminal.note(f"Removed {await _each(partial(messages.drop, chosen), chosen, terminal):,}.")


async def _chosen(messages: ParkedMessages, options: Namespace) -> Sequence[Parked]:
    return await (messages.list() if options.all else messages.find(options.numbers))


def _confirm(terminal: Terminal, options: Namespace, count: int) -> None:
    if options.yes or not count:
        return
    if not sys.stdin.isatty():
        raise WrongUseError("add --yes: what is dropped is gone, and nobody is here to be asked")
    if not terminal.confirmed(f"Remove {'it' if count == 1 else f'these {count:,}'} for good?"):
        raise FailedError("nothing was removed")


async def _each(
    work: Callable[[Progress, Waiting], Awaitable[None]], chosen: Sequence[Parked], terminal: Terminal
) -> int:
    """Have work done on messages, print each that is done, and return how many those are."""
    identifiers = {parked.number: parked.id for parked in chosen}
    finished, told = 0, False
    with terminal.progress("Messages", len(chosen)) as progress:

        def done(number: int) -> None:
            nonlocal finished
            finished += 1
            if terminal.as_json:
                terminal.json({"number": number, "id": identifiers[number]})
            else:
                terminal.line(str(number))
            progress.advance(progress.task_ids[0])

        def waiting(count: int) -> None:
            nonlocal told
            if not told:
                terminal.note(f"Waiting: someone else, or a run that was cut off, has locked what is left ({count:,}).")
            told = True

        await work(done, waiting)
    return finished
