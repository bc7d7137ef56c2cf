"""CloudEvents 1.0: an alert as the `data` of an event, so that any emitter can be a producer.

Structured mode carries the event as JSON in the body; binary mode carries the alert in the body and the event's
attributes beside it, as application properties (AMQP) or headers (HTTP).
Source: CloudEvents specification 1.0.2, its JSON event format, and its AMQP and HTTP protocol bindings.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from shared.alert import Alert
from shared.errors import InvalidAlertError
from shared.wire.json import decode

MEDIA_TYPE = "application/cloudevents+json"
BATCH_MEDIA_TYPE = "application/cloudevents-batch+json"
_PREFIXES = ("cloudEvents:", "cloudEvents_", "ce-")
"""Of the attributes in binary mode: AMQP's two, and HTTP's."""

_Attribute = Annotated[str, Meta(min_length=1, max_length=1024)]


class Event(Struct, frozen=True):
    """The envelope of a structured event; extension attributes pass unread."""

    specversion: Literal["1.0"]
    id: _Attribute
    source: _Attribute
    type: _Attribute
    datacontenttype: str | None = None
    data: Raw | UnsetType = UNSET
    data_base64: str | UnsetType = UNSET


class _Probe(Struct):
    specversion: Any = UNSET


def is_structured(body: bytes, content_type: str | None) -> bool:
    """Whether a body is a structured event: by its media type, or by the attribute that no alert has."""
    if _media_type(content_type) == MEDIA_TYPE:
        return True
    try:
        return msgspec.json.decode(body, type=_Probe).specversion is not UNSET
    except (msgspec.MsgspecError, RecursionError):
        return False


def open_event(body: bytes) -> tuple[Alert, str]:
    """The alert in a structured event, and the id it has if it names none.

    Raises:
        InvalidAlertError: the envelope or the alert is not valid; names the field.
    """
    event = decode(body, Event)
    if event.datacontenttype is not None and not _is_json(event.datacontenttype):
        raise InvalidAlertError("`datacontenttype`: must be JSON", "datacontenttype")
    if isinstance(event.data, Raw):
        data = bytes(event.data)
    elif isinstance(event.data_base64, str):
        try:
            data = base64.b64decode(event.data_base64, validate=True)
        except ValueError as error:  # binascii.Error is one; characters beyond ASCII raise another
            raise InvalidAlertError(f"`data_base64`: {error}", "data_base64") from error
    else:
        raise InvalidAlertError("Object missing required field `data`", "data")
    return _decode_data(data), event_id(event.source, event.id)


def binary_attributes(properties: Mapping[str, object]) -> dict[str, str]:
    """The attributes of a binary-mode event among application properties or headers; empty when there is none."""
    attributes = {
        name[len(prefix) :].lower(): str(value)
        for name, value in properties.items()
        for prefix in _PREFIXES
        if name.lower().startswith(prefix.lower())
    }
    return attributes if "specversion" in attributes else {}


def open_binary(body: bytes, attributes: Mapping[str, str]) -> tuple[Alert, str]:
    """The alert in a binary-mode event, and the id it has if it names none; raises as `open_event`."""
    if attributes["specversion"] != "1.0":
        raise InvalidAlertError("`specversion`: must be 1.0", "specversion")
    for name in ("id", "source", "type"):
        value = attributes.get(name)
        if not value:
            raise InvalidAlertError(f"Object missing required field `{name}`", name)
        if not _is_text(value):
            raise InvalidAlertError(f"`{name}`: not UTF-8", name)
    return _decode_data(body), event_id(attributes["source"], attributes["id"])


def event_id(source: str, identifier: str) -> str:
    """An alert id for an event: CloudEvents makes only the pair of source and id unique."""
    return "ce-" + hashlib.sha256(f"{source}\n{identifier}".encode()).hexdigest()[:40]


def _decode_data(data: bytes) -> Alert:
    try:
        return decode(data, Alert)
    except InvalidAlertError as error:
        path = f"data.{error.field}" if error.field else "data"
        raise InvalidAlertError(f"in `data`: {error}", path) from error


def _is_text(value: str) -> bool:
    """Whether a header or a property had bytes that are characters; others come as lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _media_type(content_type: str | None) -> str:
    return (content_type or "").partition(";")[0].strip().lower()


def _is_json(content_type: str) -> bool:
    media_type = _media_type(content_type)
    return media_type in ("application/json", "text/json") or media_type.endswith("+json")
