"""The change feed in latest-version mode: items in the order of their last change.

A position in the feed is the number of a change (LSN), sent as an ETag. It belongs to one container: one that was
deleted and made again has another `_rid`, which the clients' own tokens name.
"""

import re
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from emulators.cosmos import charge
from emulators.cosmos.catalogue import Container
from emulators.cosmos.database import Database
from emulators.cosmos.errors import BadRequestError
from emulators.cosmos.queries import feed_body, page_size, select
from emulators.cosmos.query.execution import RESPONSE_BYTES
from emulators.cosmos.reading import Reader
from emulators.cosmos.wire import Answer, Operation, Request

_LATEST: Final = frozenset(("incremental feed", "incremental", ""))
_NOW: Final = "*"
_ETAG = re.compile(r'"?(\d{1,18})"?')


def answer_changes(database: Database, container: Container, request: Request, lsn: int, now: int) -> Answer:
    """Answer one page of changes.

    `If-None-Match` names the last change that is known, or `*` for now; without it the feed starts at the beginning, or
    with what was written in the second of `If-Modified-Since`. Nothing new is 304. `lsn` is the container's last
    change; `now` is in seconds since 1970.

    Raises:
        BadRequestError: another mode is asked for, or the position is none of this container.
    """
    if request.headers.get("a-im", "").lower() not in _LATEST:
        raise BadRequestError("Only the latest-version mode of the change feed is served ('Incremental Feed').")
    known = request.headers.get("if-none-match")
    if known == _NOW:
        return _nothing(lsn)
    after = 0 if known is None else _position(known, lsn)
    limit = page_size(request)
    reader = Reader(database, container, select(container, request), now)
    changes = reader.changes(after, _since(request))
    results: list[bytes] = []
    size = 0
    # A page that is not full has seen all that there is: the next one need not look at the rest again.
    last = lsn
    full = False
    for change in changes:
        if full and change.lsn > last:
            break  # what was written in one batch is not torn apart, so a page may have more than was asked for
        results.append(_with_lsn(change.body, change.lsn))
        size += len(change.body)
        if len(results) >= limit or size >= RESPONSE_BYTES:
            full, last = True, change.lsn
    if not results:
        return _nothing(lsn)
    headers = {"etag": f'"{last}"', "x-ms-item-count": str(len(results))}
    units = charge.change_feed(len(results), size)
    return Answer(HTTPStatus.OK, Operation.CHANGE_FEED, feed_body(container, results), units, headers)


def _nothing(lsn: int) -> Answer:
    return Answer(
        HTTPStatus.NOT_MODIFIED, Operation.CHANGE_FEED, charge=charge.change_feed(0, 0), headers={"etag": f'"{lsn}"'}
    )


def _position(etag: str, lsn: int) -> int:
    match = _ETAG.fullmatch(etag.strip())
    if match is None:
        raise BadRequestError(f"The change feed position '{etag[:100]}' is not one of this service.")
    position = int(match[1])
    if position > lsn:
        # Going on from here would leave out what will be written before that number is reached.
        raise BadRequestError(f"The change feed position {position} is ahead of the container, which is at {lsn}.")
    return position


def _since(request: Request) -> int:
    text = request.headers.get("if-modified-since")
    if text is None:
        return 0
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, OverflowError):
        raise BadRequestError("The header If-Modified-Since is not a date as in RFC 7231.") from None


def _with_lsn(body: bytes, lsn: int) -> bytes:
    """A stored document ends in its system properties, so one more can be put behind them."""
    return b'%b,"_lsn":%d}' % (body[:-1], lsn)
