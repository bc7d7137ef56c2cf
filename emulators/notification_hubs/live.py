"""Who is watching the devices, and what changed since they looked."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

QUIET_SECONDS = 0.1
"""How long changes are collected, so that a send to thousands of devices is a few events."""


class Watchers:
    """Everyone who watches. Each has a set of the devices that changed, so a slow one costs no more than a fast one."""

    def __init__(self) -> None:
        self._changed: dict[asyncio.Event, set[int]] = {}
        self._ended = False

    def notify(self, device: int) -> None:
        """Tell everyone that there is something new about a device."""
        for woken, changed in self._changed.items():
            changed.add(device)
            woken.set()

    def end(self) -> None:
        """Send everyone home."""
        self._ended = True
        for woken in self._changed:
            woken.set()

    @contextmanager
    def watching(self) -> Iterator[AsyncIterator[set[int]]]:
        """Watch during the block; the iterator gives the numbers of devices that changed, from the block's begin on."""
        woken = asyncio.Event()
        self._changed[woken] = set()
        try:
            yield self._changes(woken)
        finally:
            del self._changed[woken]

    async def _changes(self, woken: asyncio.Event) -> AsyncIterator[set[int]]:
        while not self._ended:
            await woken.wait()
            await asyncio.sleep(QUIET_SECONDS)
            woken.clear()
            changed, self._changed[woken] = self._changed[woken], set()
            yield changed
