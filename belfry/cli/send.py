"""`belfry send`: alerts from flags, files and standard input."""

import json
import re
import uuid
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any, Final

from msgspec import structs

from belfry.aio import AlertPublisher
from belfry.cli.failing import FailedError, WrongUseError
from belfry.cli.reading import Written, read_alerts
from belfry.cli.settings import find_target
from belfry.cli.terminal import Terminal
from shared.alert import Alert
from shared.errors import InvalidAlertError, TransientError
from shared.wire.json import convert

BATCH: Final = 500
"""Alerts that are handed to the queue at a time: a fraction of a second."""

_FLAGS: Final = (
    *("to", "title", "body", "severity", "category", "url", "thread", "id", "push"),
    *("deliver_at", "expires_at", "data", "retract"),
)
_FROM_NOW: Final = re.compile(r"\+(\d{1,6})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


async def run(options: Namespace) -> bool:
    """Send, and print the ids."""
    terminal = Terminal(as_json=options.json)
    written = _written(options)
    access = find_target(options).service_bus
    async with access.credential() as credential, AlertPublisher(access.address, credential) as publisher:
        await _send(publisher, written, terminal)
    return True


def _written(options: Namespace) -> Sequence[Written]:
    flags = {name: value for name in _FLAGS if (value := getattr(options, name)) not in (None, False)}
    if options.files and flags:
        flag = next(iter(flags)).replace("_", "-")
        raise WrongUseError(f"--{flag} describes one alert, and files bring their own: give one or the other")
    if options.files:
        return read_alerts(options.files)
    if not flags:
        raise WrongUseError("what is to be sent? Give files, - for standard input, or --to and --title")
    return [Written("", from_flags(flags, datetime.now(UTC)))]


def from_flags(flags: dict[str, Any], now: datetime) -> Alert:
    """The alert that flags describe.

    Args:
        flags: those that were given, by name.
        now: from when relative times count.

    Raises:
        WrongUseError: it is not valid; names the flag.
    """
    fields = dict(flags)
    for name, spelled in (("deliver_at", "deliverAt"), ("expires_at", "expiresAt")):
        if name in fields:
            fields[spelled] = _moment(fields.pop(name), now)
    if "data" in fields:
        try:
            fields["data"] = json.loads(fields["data"])
        except ValueError as error:
            raise WrongUseError(f"--data is not JSON: {error}") from error
    try:
        return convert({"to": (), **fields}, Alert)
    except InvalidAlertError as error:
        flag = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", re.split(r"[.\[]", error.field)[0]).lower()
        if flag == "to" and "to" not in fields:
            raise WrongUseError("--to is missing: who is to get it?") from error
        if flag == "title" and "title" not in fields:
            raise WrongUseError("--title is missing") from error
        what = str(error).removeprefix(f"`{error.field}`: ")
        raise WrongUseError(f"--{flag}: {what}" if flag else what) from error


def _moment(text: str, now: datetime) -> str:
    match = _FROM_NOW.fullmatch(text)
    return (now + timedelta(**{_UNITS[match[2]]: int(match[1])})).isoformat() if match else text


async def _send(publisher: AlertPublisher, written: Sequence[Written], terminal: Terminal) -> None:
    sent = 0
    with terminal.progress("Sending", len(written)) as progress:
        for batch in batched(written, BATCH, strict=False):
            # Ids are given here, so that those of a batch that failed can be told.
            alerts = [structs.replace(each.alert, id=each.alert.id or uuid.uuid4().hex) for each in batch]
            try:
                identifiers = await publisher.send_many(alerts)
            except TransientError as error:
                if len(written) == 1:
                    raise
                raise FailedError(_what_is_left(written, sent, error)) from error
            for identifier, each in zip(identifiers, batch, strict=True):
                if terminal.as_json:
                    terminal.json({"id": identifier, **({"from": each.place} if each.place else {})})
                else:
                    terminal.line(identifier)
            sent += len(batch)
            progress.advance(progress.task_ids[0], len(batch))


def _what_is_left(written: Sequence[Written], sent: int, error: TransientError) -> str:
    first = f"{sent:,} of {len(written):,} alerts were sent, and perhaps some more" if sent else "perhaps none was sent"
    how = (
        "send them all again: their ids keep them from coming twice"
        if all(each.alert.id for each in written[sent:])
        else f"send again from {written[sent].place} on; those without an `id` may come twice"
    )
    return f"{error}; {first}; {how}"
