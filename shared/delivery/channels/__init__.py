"""Channels: the ways to tell people of an alert. A new one is one new file here, named in `shared.composition`."""

from collections.abc import Sequence
from typing import Protocol

from shared.card import StoredAlert
from shared.errors import BelfryError


class Channel(Protocol):
    """A way to tell people of alerts that are in their inbox."""

    @property
    def name(self) -> str:
        """Lower-case letters; stands in messages that are tried again, so it never changes."""

    async def deliver(self, alerts: Sequence[StoredAlert]) -> list[BelfryError | None]:
        """Tell the audience of each alert.

        Returns:
            For each alert, in the order given, what went wrong: a `TransientError` is tried again, for this channel
            only; a `PermanentError` is parked. None: it was told.
        """
