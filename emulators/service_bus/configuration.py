"""The queues, from a file in the configuration format of Microsoft's own emulator, so that one file serves both.

https://learn.microsoft.com/azure/service-bus-messaging/test-locally-with-service-bus-emulator
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from emulators.service_bus.errors import ConfigurationError

_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/~-]{0,258}[A-Za-z0-9])?")
_LONGEST_LOCK: Final = timedelta(minutes=5)
_LONGEST_HISTORY: Final = timedelta(days=7)
_MOST_DELIVERIES: Final = 2000
_MILLISECOND: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class QueueDescription:
    """One queue as it was configured. Durations are in milliseconds."""

    name: str
    lock_duration: int = 60_000
    max_delivery_count: int = 10
    default_time_to_live: int | None = None
    """None: messages live until they are received."""
    dead_letters_expired: bool = False
    """Whether an expired message is dead-lettered; else it is dropped."""
    duplicate_window: int | None = None
    """How long message ids are remembered; None: duplicates are not detected."""


class _Strict(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    """A misspelt key is an error, not a default."""


class _Properties(_Strict, frozen=True):
    dead_lettering_on_message_expiration: bool = False
    default_message_time_to_live: timedelta | None = None
    duplicate_detection_history_time_window: timedelta = timedelta(minutes=10)
    forward_dead_lettered_messages_to: str = ""
    forward_to: str = ""
    lock_duration: timedelta = timedelta(minutes=1)
    max_delivery_count: int = 10
    requires_duplicate_detection: bool = False
    requires_session: bool = False


class _Queue(_Strict, frozen=True):
    name: str
    properties: _Properties = _Properties()


class _Namespace(_Strict, frozen=True):
    name: str
    queues: list[_Queue] = []
    topics: list[msgspec.Raw] = []


class _Logging(_Strict, frozen=True):
    type: str = "Console"


class _UserConfig(_Strict, frozen=True):
    namespaces: list[_Namespace]
    logging: _Logging = _Logging()


class _File(_Strict, frozen=True):
    user_config: _UserConfig


def load(path: Path) -> tuple[QueueDescription, ...]:
    """The queues that the file at `path` describes.

    Raises:
        ConfigurationError: it cannot be read, or a key in it is wrong or asks for what is not served.
    """
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from error


def parse(content: bytes) -> tuple[QueueDescription, ...]:
    """The queues that a configuration file with this content describes.

    Raises:
        ConfigurationError: a key is wrong, named by its path, or asks for what is not served.
    """
    try:
        namespaces = msgspec.json.decode(content, type=_File).user_config.namespaces
    except msgspec.DecodeError as error:
        raise ConfigurationError(str(error)) from error
    if len(namespaces) != 1:
        raise ConfigurationError("UserConfig.Namespaces must hold one namespace.")
    if namespaces[0].topics:
        raise ConfigurationError("Topics are not served: UserConfig.Namespaces[0].Topics must be empty.")
    queues = tuple(_describe(queue) for queue in namespaces[0].queues)
    names = [queue.name.lower() for queue in queues]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"Queue {name!r} is there twice; case does not tell names apart.")
    return queues


def _describe(queue: _Queue) -> QueueDescription:
    properties = queue.properties

    def require(holds: object, key: str, must: str) -> None:
        if not holds:
            raise ConfigurationError(f"Queue {queue.name!r}: {key} {must}.")

    require(_NAME.fullmatch(queue.name), "Name", "must be 1 to 260 of letters, digits and . _ / ~ -")
    require(not properties.requires_session, "RequiresSession", "must be false: sessions are not served")
    require(not properties.forward_to, "ForwardTo", "must be empty: forwarding is not served")
    require(
        not properties.forward_dead_lettered_messages_to,
        "ForwardDeadLetteredMessagesTo",
        "must be empty: forwarding is not served",
    )
    require(timedelta(0) < properties.lock_duration <= _LONGEST_LOCK, "LockDuration", "must be above 0, at most PT5M")
    require(
        1 <= properties.max_delivery_count <= _MOST_DELIVERIES,
        "MaxDeliveryCount",
        f"must be from 1 to {_MOST_DELIVERIES}",
    )
    time_to_live = properties.default_message_time_to_live
    require(
        time_to_live is None or time_to_live > timedelta(0), "DefaultMessageTimeToLive", "must be a positive duration"
    )
    window = properties.duplicate_detection_history_time_window
    require(
        timedelta(0) < window <= _LONGEST_HISTORY, "DuplicateDetectionHistoryTimeWindow", "must be above 0, at most P7D"
    )
    return QueueDescription(
        name=queue.name,
        lock_duration=properties.lock_duration // _MILLISECOND,
        max_delivery_count=properties.max_delivery_count,
        default_time_to_live=None if time_to_live is None else time_to_live // _MILLISECOND,
        dead_letters_expired=properties.dead_lettering_on_message_expiration,
        duplicate_window=window // _MILLISECOND if properties.requires_duplicate_detection else None,
    )
