"""Provisioned throughput: refuse what is more than so many request units a second.

The charge of a request is known only afterwards, so a request is admitted while the account is not overdrawn, and may
overdraw it. Refused clients are told to come back one after the other: all at once, they would soon give up.
"""

from typing import Final

from emulators.cosmos.errors import TooManyRequestsError

_TYPICAL: Final = 6.0
"""Request units that one waiting request will probably take."""


class Throughput:
    """A token bucket that holds one second's worth.

    Args:
        units: request units a second.
        now: seconds of a clock.
    """

    def __init__(self, units: float, now: float) -> None:
        self._units = units
        self._left = units
        self._then = now
        self._last_turn = now

    def admit(self, now: float) -> None:
        """Let a request through.

        Raises:
            TooManyRequestsError: with the seconds until it is this client's turn.
        """
        passed = max(0.0, now - self._then)
        self._left = min(self._units, self._left + passed * self._units)
        self._then = now
        if self._left > 0:
            return
        free = now - self._left / self._units
        self._last_turn = max(self._last_turn, free) + _TYPICAL / self._units
        raise TooManyRequestsError(self._last_turn - now)

    def take(self, charge: float) -> None:
        """Book what a request cost."""
        self._left -= charge
