"""`POST /alerts`: alerts from producers that speak HTTP."""

import uuid
from collections.abc import Callable
from typing import Final

from msgspec import Raw, structs

from shared.alert import MAXIMUM_BYTES, Alert
from shared.api.http import Request
from shared.api.problems import Code, ProblemError
from shared.errors import InvalidAlertError
from shared.wire import cloudevents
from shared.wire.json import decode
from shared.wire.message import Outgoing, outgoing

MAXIMUM_ALERTS: Final = 100

_JSON: Final = frozenset({"", "application/json", cloudevents.MEDIA_TYPE, cloudevents.BATCH_MEDIA_TYPE})


def read_alerts(request: Request) -> tuple[list[str], list[Outgoing]]:
    """The ids of the alerts in a request, and the messages that carry them: all, or none.

    The body is an alert, an array of up to 100, or CloudEvents: structured, batched, or in binary mode. It tells
    itself which, but for the media types of CloudEvents, which promise one event, or an array.

    Raises:
        ProblemError: names what is wrong, and with which alert.
    """
    if len(request.body) > MAXIMUM_ALERTS * MAXIMUM_BYTES:
        raise ProblemError(Code.TOO_LARGE, f"a request takes up to {MAXIMUM_ALERTS} alerts of {MAXIMUM_BYTES:,} bytes")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _JSON:
        raise ProblemError(Code.UNSUPPORTED_MEDIA_TYPE, f"{media_type!r} is neither JSON nor CloudEvents")
    if attributes := cloudevents.binary_attributes(request.headers):
        sent = [_checked(lambda: _message(*cloudevents.open_binary(_bounded(request.body), attributes)), "")]
    elif media_type == cloudevents.BATCH_MEDIA_TYPE or (
        media_type != cloudevents.MEDIA_TYPE and request.body.lstrip()[:1] == b"["
    ):
        sent = [_read_one(bytes(item), f"[{index}]") for index, item in enumerate(_items(request.body))]
    else:
        sent = [_read_one(request.body, "", media_type)]
    return [identifier for identifier, _ in sent], [message for _, message in sent]


def _items(body: bytes) -> list[Raw]:
    items = _checked(lambda: decode(body, list[Raw]), "")
    if not items:
        raise ProblemError(Code.INVALID_ALERT, "the array has no alert")
    if len(items) > MAXIMUM_ALERTS:
        raise ProblemError(Code.TOO_LARGE, f"{len(items)} alerts are more than the {MAXIMUM_ALERTS} of one request")
    return items


def _read_one(body: bytes, path: str, media_type: str | None = None) -> tuple[str, Outgoing]:
    def read() -> tuple[str, Outgoing]:
        if cloudevents.is_structured(_bounded(body), media_type):
            return _message(*cloudevents.open_event(body))
        return _message(decode(body, Alert), uuid.uuid4().hex)

    return _checked(read, path)


def _message(alert: Alert, fallback: str) -> tuple[str, Outgoing]:
    """The id of an alert, which is `fallback` if it names none, and the message that carries it."""
    identifier = alert.id or fallback
    return identifier, outgoing(structs.replace(alert, id=identifier), identifier)


def _bounded(body: bytes) -> bytes:
    if len(body) > MAXIMUM_BYTES:
        raise ProblemError(Code.TOO_LARGE, f"an alert has {len(body):,} bytes, more than {MAXIMUM_BYTES:,}")
    return body


def _checked[T](read: Callable[[], T], path: str) -> T:
    """What `read` gives; its errors name the alert at `path` in the request."""
    try:
        return read()
    except InvalidAlertError as error:
        field = ".".join(part for part in (path, error.field) if part)
        raise ProblemError(Code.INVALID_ALERT, f"{path}: {error}" if path else str(error), field=field) from error
