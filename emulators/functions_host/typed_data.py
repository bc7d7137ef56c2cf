"""Values as the host hands them to a language worker: the cases of the protocol's `TypedData` that are used here.

Source: FunctionRpc.proto of azure-functions-language-worker-protobuf.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A string."""

    value: str


@dataclass(frozen=True, slots=True)
class Json:
    """A value that is passed as its JSON text."""

    text: str


@dataclass(frozen=True, slots=True)
class Binary:
    """Bytes."""

    value: bytes


@dataclass(frozen=True, slots=True)
class Texts:
    """A collection of strings."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Binaries:
    """A collection of byte strings."""

    values: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Integers:
    """A collection of 64-bit integers."""

    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HttpCall:
    """An HTTP request, as an HTTP trigger sees it."""

    method: str
    url: str
    """Absolute, with the query."""
    headers: Mapping[str, str]
    """Names in lower case; repeated headers are joined with commas."""
    query: Mapping[str, str]
    """Repeated keys are joined with commas; keys without a value are absent."""
    params: Mapping[str, str]
    """What the route captured."""
    body: bytes


type TypedData = Text | Json | Binary | Texts | Binaries | Integers | HttpCall
