"""What a Service Bus trigger hands to a function besides the body: the trigger metadata, as in Azure.

Three oddities are Azure's own and are kept, so that they are met here first:

- Times in `EnqueuedTimeUtc` and `ExpiresAtUtc` carry no zone: `func.ServiceBusMessage.enqueued_time_utc` is naive.
- In a batch, a list of strings loses its missing and empty entries: if only the second message has a correlation id,
  the *first* one shows it. `ApplicationProperties`, numbers and times keep their places.
- A single message whose body is passed as a string and is a JSON object overwrites the metadata with the object's
  top-level fields of the same name (`to`, `subject`, …).

Sources: ServiceBusTriggerBindingStrategy (Microsoft.Azure.WebJobs.Extensions.ServiceBus 5); GrpcMessageConversion-
Extensions, ScriptInvocationContextExtensions and Utility.ApplyBindingData (Azure/azure-functions-host 4).
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from .bindings import DataType
from .errors import BodyBindingError
from .typed_data import Binaries, Binary, Integers, Json, Text, Texts, TypedData

type PropertyValue = str | bytes | int | float | bool | Decimal | UUID | datetime | None

LATEST = "9999-12-31T23:59:59.9999999"
"""When a message without an end expires: .NET's latest date."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was received. None where the sender set nothing."""

    body: bytes
    sequence_number: int
    enqueued_at: datetime
    """Aware, in UTC; milliseconds."""
    delivery_count: int
    """1 on the first delivery."""
    lock_token: str
    message_id: str | None = None
    content_type: str | None = None
    correlation_id: str | None = None
    subject: str | None = None
    to: str | None = None
    reply_to: str | None = None
    reply_to_session_id: str | None = None
    session_id: str | None = None
    partition_key: str | None = None
    dead_letter_source: str | None = None
    time_to_live: timedelta | None = None
    application_properties: Mapping[str, PropertyValue] | None = None
    body_is_data: bool = True
    """Whether the body is an AMQP data section; only those can be bound."""


def _date(moment: datetime) -> str:
    """As Json.NET writes a DateTime without a zone: the fraction without its trailing zeros."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return text.rstrip("0").rstrip(".")


def _expires_at(message: Message) -> str:
    if message.time_to_live is None:
        return LATEST
    try:
        return _date(message.enqueued_at + message.time_to_live)
    except OverflowError:
        return LATEST


def _properties(message: Message) -> dict[str, object]:
    return {name: _property(value) for name, value in (message.application_properties or {}).items()}


def _property(value: PropertyValue) -> object:
    """As Json.NET writes the value that the .NET client decodes."""
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case UUID():
            return str(value)
        case datetime():
            return _date(value) + "Z"
        case Decimal():
            return float(value)
        case float() if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124  # is NaN
            return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
        case _:
            return value


_STRINGS: Mapping[str, Callable[[Message], str | None]] = {
    "DeadLetterSource": lambda message: message.dead_letter_source,
    "LockToken": lambda message: message.lock_token,
    "MessageId": lambda message: message.message_id,
    "ContentType": lambda message: message.content_type,
    "ReplyTo": lambda message: message.reply_to,
    "To": lambda message: message.to,
    "Subject": lambda message: message.subject,
    "Label": lambda message: message.subject,
    "CorrelationId": lambda message: message.correlation_id,
    "SessionId": lambda message: message.session_id,
    "ReplyToSessionId": lambda message: message.reply_to_session_id,
    "PartitionKey": lambda message: message.partition_key,
}
_DOCUMENTS: Mapping[str, Callable[[Message], object]] = {
    "DeliveryCount": lambda message: message.delivery_count,
    "ExpiresAtUtc": _expires_at,
    "ExpiresAt": lambda message: _expires_at(message) + "+00:00",
    "EnqueuedTimeUtc": lambda message: _date(message.enqueued_at),
    "EnqueuedTime": lambda message: _date(message.enqueued_at) + "+00:00",
    "ApplicationProperties": _properties,
    "UserProperties": _properties,
}


def one(message: Message, data_type: DataType) -> tuple[TypedData, dict[str, TypedData]]:
    """The trigger's value and metadata for a function that takes single messages.

    Raises:
        BodyBindingError: the body is not a data section.
    """
    body = _data(message)
    metadata: dict[str, TypedData] = {
        name: Text(value) for name, read in _STRINGS.items() if (value := read(message)) is not None
    }
    metadata |= {name: _json(read(message)) for name, read in _DOCUMENTS.items()}
    metadata["SequenceNumber"] = _json(message.sequence_number)
    if data_type in {DataType.BINARY, DataType.STREAM}:
        return Binary(body), metadata
    text = _text(body)
    _overwrite_with_body_fields(metadata, text)
    return Text(text), metadata


def many(messages: Sequence[Message], data_type: DataType) -> tuple[TypedData, dict[str, TypedData]]:
    """The trigger's value and metadata for a function that takes batches.

    Raises:
        BodyBindingError: a body is not a data section, or the function gave no data type and a body is not JSON.
    """
    metadata: dict[str, TypedData] = {
        f"{name}Array": Texts(tuple(value for message in messages if (value := read(message))))
        for name, read in _STRINGS.items()
    }
    metadata |= {f"{name}Array": _json([read(message) for message in messages]) for name, read in _DOCUMENTS.items()}
    metadata["SequenceNumberArray"] = Integers(tuple(message.sequence_number for message in messages))
    metadata["TransactionPartitionKeyArray"] = metadata["PartitionKeyArray"]
    return _bodies([_data(message) for message in messages], data_type), metadata


def _bodies(bodies: Sequence[bytes], data_type: DataType) -> TypedData:
    if data_type is DataType.BINARY:
        return Binaries(tuple(bodies))
    if data_type is DataType.STRING:
        return Texts(tuple(text for body in bodies if (text := _text(body))))
    documents = []
    for body in bodies:
        try:
            documents.append(json.loads(body))
        except ValueError as error:
            raise BodyBindingError(
                f"a message's body is not JSON ({error}); a function that takes batches of other bodies "
                "asks for them with data_type=func.DataType.BINARY"
            ) from None
    return _json(documents)


def _data(message: Message) -> bytes:
    if not message.body_is_data:
        raise BodyBindingError(
            f"the body of message {message.sequence_number} is an AMQP value or sequence; only data can be bound"
        )
    return message.body


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _overwrite_with_body_fields(metadata: dict[str, TypedData], text: str) -> None:
    stripped = text.strip()
    if not (stripped.startswith("{") and stripped.endswith("}")):
        return
    try:
        document = json.loads(stripped)
    except ValueError:
        return
    names = {name.lower(): name for name in (*_STRINGS, *_DOCUMENTS, "SequenceNumber")}
    for key, value in document.items():
        if value is None or isinstance(value, list):
            continue
        name = names.get(key.lower(), key)
        metadata[name] = (
            _json(value) if isinstance(value, dict) else Text(value if isinstance(value, str) else str(value))
        )


def _json(value: object) -> Json:
    return Json(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
