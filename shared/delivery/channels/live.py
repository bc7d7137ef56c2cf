"""The live channel: everyone connected sees the card at once."""

import asyncio
import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Protocol

from shared.audience import Audience
from shared.card import StoredAlert, to_card
from shared.errors import BelfryError

MAXIMUM_FRAME_BYTES = 900_000
"""Of the cards joined in one frame; the service takes messages of up to 1 MB."""


class Publisher(Protocol):
    """The service that holds the live connections."""

    async def publish(self, audience: Audience, frame: dict[str, Any]) -> None:
        """Send a frame to everyone of an audience who is connected.

        Raises:
            TransientError: the service did not take it.
            RefusedError: it never will.
        """


class LiveChannel:
    """One frame for each audience and batch, whatever the number of alerts and of people."""

    name = "live"

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def deliver(self, alerts: Sequence[StoredAlert]) -> list[BelfryError | None]:
        """See `Channel`."""
        outcomes: list[BelfryError | None] = [None] * len(alerts)
        in_order = sorted(range(len(alerts)), key=lambda index: (alerts[index].audience, alerts[index].position))

        async def audience(indexes: list[int]) -> None:
            # One frame after the other, so that the cards of an audience arrive in their order.
            cards = [to_card(alerts[index]) for index in indexes]
            for start, end in _frames(cards):
                frame: dict[str, Any] = {"type": "alerts", "alerts": cards[start:end]}
                # Beside the cards, not in them: a card is the same however a client got it.
                traceparents = [alerts[index].traceparent for index in indexes[start:end]]
                if any(traceparents):
                    frame["traceparents"] = traceparents
                try:
                    await self._publisher.publish(alerts[indexes[0]].audience, frame)
                except BelfryError as error:
                    for index in indexes[start:end]:
                        outcomes[index] = error

        groups = groupby(in_order, key=lambda index: alerts[index].audience)
        await asyncio.gather(*(audience(list(group)) for _, group in groups))
        return outcomes


def _frames(cards: Sequence[dict[str, Any]]) -> list[tuple[int, int]]:
    """The slices of `cards` that fit into one frame each."""
    slices: list[tuple[int, int]] = []
    start, size = 0, 0
    for index, card in enumerate(cards):
        # As the service's client writes it: with up to three bytes for each one of what is not ASCII.
        length = len(json.dumps(card))
        if index > start and size + length > MAXIMUM_FRAME_BYTES:
            slices.append((start, index))
            start, size = index, 0
        size += length
    if cards:
        slices.append((start, len(cards)))
    return slices
