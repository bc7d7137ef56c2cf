"""The change feed of one partition: everything that was written to it, in commit order.

The SDK hands out continuation tokens of some 470 characters, and keeps the last one where concurrent calls overwrite
it. What changes in them is the log sequence number alone, so that is what is kept here: it goes out as the condition
of the request, and comes back as its entity tag.
"""

from typing import Any, Final, Literal

from azure.core.pipeline import PipelineRequest
from azure.core.rest import HttpRequest
from azure.cosmos.exceptions import CosmosHttpResponseError

from shared.azure.calling import calling
from shared.azure.cosmos.database import SERVICE, CosmosDatabase
from shared.inbox.feeds import Feed, FeedGoneError, FeedPage

_BAD_REQUEST: Final = 400
_GONE: Final = 410


class CosmosFeed(Feed):
    """The change feeds of a container.

    Args:
        database: where the container is.
        container: its name.
    """

    def __init__(self, database: CosmosDatabase, container: str) -> None:
        self._database = database
        self._container = container
        self._identity: str | None = None

    async def identity(self) -> str:
        """See `Feed`: a container that was made anew counts anew."""
        if self._identity is None:
            async with calling(SERVICE):
                properties = await (await self._database.container(self._container)).read()
            self._identity = str(properties["_rid"])
        return self._identity

    async def now(self, partition: str) -> int:
        """See `Feed`."""
        return (await self._read(partition, None, 1)).position

    async def after(self, partition: str, position: int, limit: int) -> FeedPage:
        """See `Feed`."""
        return await self._read(partition, position, limit)

    async def _read(self, partition: str, position: int | None, limit: int) -> FeedPage:
        tag = ""

        def condition(request: PipelineRequest[HttpRequest]) -> None:
            headers = request.http_request.headers
            if position is not None and "A-IM" in headers:
                headers["If-None-Match"] = f'"{position}"'

        def remember(headers: Any, *_: object) -> None:
            nonlocal tag
            tag = headers.get("etag") or tag

        start: Literal["Now", "Beginning"] = "Now" if position is None else "Beginning"
        async with calling(SERVICE):
            container = await self._database.container(self._container)
            pages = container.query_items_change_feed(
                partition_key=partition,
                start_time=start,
                max_item_count=limit,
                raw_request_hook=condition,
                response_hook=remember,
            ).by_page()
            try:
                page = await anext(pages, None)
                items = [item async for item in page] if page is not None else []
            except CosmosHttpResponseError as error:
                if error.status_code in (_BAD_REQUEST, _GONE):
                    raise FeedGoneError from error
                raise
        reached = int(tag.strip('"')) if tag else position or 0
        # Not `==`: the service does not cut a transaction, and gives more than it was asked for.
        return FeedPage(items, reached, more=len(items) >= limit)
