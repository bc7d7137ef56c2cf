"""A database that is full already: alerts and people put into it as delivery and the API would have left them."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import batched
from types import TracebackType
from typing import Final, Self

from shared.alert import Alert
from shared.audience import Audience
from shared.azure.cosmos import CosmosAlerts, CosmosDatabase, CosmosPeople
from shared.card import StoredAlert, format_moment
from shared.inbox.profile import Profile
from shared.position import position_of

BODY: Final = "A body of usual length. " * 8

_RETENTION_SECONDS: Final = 90 * 86_400
_BATCH: Final = 100
"""Alerts in one transaction."""
_AT_ONCE: Final = 32
"""People who are written side by side."""


class Filling:
    """Writes what is usually there already. Use it as an asynchronous context manager.

    Args:
        settings: the application's, which name the database.
    """

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._database = CosmosDatabase(settings["COSMOS_ENDPOINT"], "belfry", settings["COSMOS_KEY"])
        self._alerts = CosmosAlerts(self._database, _RETENTION_SECONDS, lambda: datetime.now(UTC))
        self._people = CosmosPeople(self._database, _RETENTION_SECONDS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._database.close()

    async def alerts(self, audience: str, count: int, *, threads: bool = False) -> list[str]:
        """Give an audience this many alerts, one for each of the last seconds.

        Args:
            audience: as alerts name it.
            count: how many.
            threads: whether each is the first of a thread, by which a later one replaces it.

        Returns:
            Their cards, the newest first.
        """
        to = Audience.parse(audience)
        now = datetime.now(UTC)
        stored = [
            _stored(to, f"{to}-{number}", now - timedelta(seconds=count - number), threads=threads)
            for number in range(count)
        ]
        for some in batched(stored, _BATCH, strict=False):
            await self._alerts.create(to, some)
        return [alert.card for alert in reversed(stored)]

    async def people(self, users: Iterable[str]) -> None:
        """Make people known, as if each of them had been here before."""
        profile = Profile(read_up_to=format_moment(datetime.now(UTC)))
        for some in batched(users, _AT_ONCE, strict=False):
            await asyncio.gather(*(self._people.save_profile(user, profile, None) for user in some))


def _stored(audience: Audience, card: str, at: datetime, *, threads: bool) -> StoredAlert:
    alert = Alert(to=(str(audience),), thread=card if threads else None, title=f"Alert {card}", body=BODY)
    return StoredAlert(alert, card, audience, position_of(at, 0), at, seen=(card,), elsewhere=threads)
