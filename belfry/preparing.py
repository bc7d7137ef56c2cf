"""What both publishers do before they send."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import to_builtins

from shared.alert import Alert
from shared.errors import InvalidAlertError
from shared.wire.json import convert
from shared.wire.message import Outgoing, outgoing

type AlertLike = Alert | Mapping[str, Any]
"""An alert, or its fields as they are written in JSON; times may be text or `datetime`."""


def prepare(alerts: Iterable[AlertLike]) -> tuple[list[str], list[Outgoing]]:
    """The ids of alerts, and the messages that carry them.

    Raises:
        InvalidAlertError: names the field, and which alert where there are several.
    """
    identifiers: list[str] = []
    messages: list[Outgoing] = []
    for index, like in enumerate(alerts):
        try:
            alert = convert(_plain(like), Alert)
            # Without an id of its own it gets one here, so that a send that is tried again stays one alert.
            identifier = alert.id or uuid.uuid4().hex
            messages.append(outgoing(alert, identifier))
        except InvalidAlertError as error:
            raise InvalidAlertError(f"alert {index}: {error}", error.field) from error
        identifiers.append(identifier)
    return identifiers, messages


def _plain(like: object) -> object:
    """What it is in JSON. An `Alert` is read like any other: constructing one checks neither lengths nor patterns."""
    match like:
        case Alert():
            return to_builtins(like)
        case Mapping():
            return dict(like)
        case _:
            return like  # refused like any other JSON that is no object
