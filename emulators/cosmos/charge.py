"""Request units, near those of the service.

Fixed points that the service documents or was seen to charge: reading 1 KB 1 RU and 100 KB 10 RU; inserting 1 KB about
5.5 RU without an index and about 0.4 more for each indexed value (8 values: 9.1; 13 values: 10.5); a replacement about
twice an insertion; finding one item by its id 2.8; an empty page of the change feed 1. Between and beyond them the
figures are straight lines. Source: https://learn.microsoft.com/azure/cosmos-db/request-units
"""

import math
from typing import Final

from emulators.cosmos.query.execution import Work

_KILOBYTE: Final = 1024
_READ: Final = 1.0
_READ_KILOBYTE: Final = 0.09
_WRITE: Final = 5.5
_WRITE_KILOBYTE: Final = 0.5
_WRITE_TERM: Final = 0.4
_REPLACE: Final = 4.5
_QUERY: Final = 2.75
_QUERY_DOCUMENT: Final = 0.045
_QUERY_KILOBYTE: Final = 0.03
_QUERY_ENTRY: Final = 0.001
_FEED_ITEM: Final = 0.05

REFUSED: Final = 0.38
"""A request that found no room."""
METADATA: Final = 1.0
"""Reading or writing a database or a container."""


def read(size: int) -> float:
    """A point read of `size` bytes."""
    return _READ + _READ_KILOBYTE * (_kilobytes(size) - 1)


def miss() -> float:
    """A point operation that found nothing to work on, or was refused by a condition."""
    return _READ


def write(size: int, terms: int) -> float:
    """An insertion or deletion of a document of `size` bytes with `terms` indexed values."""
    return _WRITE + _WRITE_KILOBYTE * (_kilobytes(size) - 1) + _WRITE_TERM * terms


def replace(size: int, terms: int) -> float:
    """Writing a document over another one."""
    return write(size, terms) + _REPLACE


def query(work: Work) -> float:
    """One page of a query: what it read counts, whether it was returned or not."""
    documents = _QUERY_DOCUMENT * work.documents + _QUERY_KILOBYTE * work.size / _KILOBYTE
    return _QUERY + documents + _QUERY_ENTRY * work.entries


def change_feed(items: int, size: int) -> float:
    """One page of the change feed."""
    return _READ + _FEED_ITEM * items + _READ_KILOBYTE * size / _KILOBYTE


def _kilobytes(size: int) -> int:
    return max(1, math.ceil(size / _KILOBYTE))
