"""What was done since the start, for operators and benchmarks."""

from collections import Counter
from typing import Any

from emulators.cosmos.wire import Operation


class Statistics:
    """Operations by kind, and the sum of their charges in request units."""

    def __init__(self) -> None:
        self._operations: Counter[Operation] = Counter()
        self._charge = 0.0

    def count(self, operation: Operation) -> None:
        """One more operation that was answered."""
        self._operations[operation] += 1

    def charge(self, units: float) -> None:
        """Add a charge, of an answer or of a refusal."""
        self._charge += units

    def shown(self) -> dict[str, Any]:
        """`{"operations": {"create": 3, …}, "requestCharge": 17.2}`."""
        return {
            "operations": {operation.value: count for operation, count in self._operations.items()},
            "requestCharge": round(self._charge, 2),
        }

    def reset(self) -> None:
        """Begin at zero."""
        self._operations.clear()
        self._charge = 0.0
