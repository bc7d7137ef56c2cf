"""The parameters of a request: query or form fields, each at most once (RFC 6749 §3.1 and §3.2)."""

from collections.abc import Iterable, Mapping
from typing import Self

from emulators.identity.errors import InvalidRequestError


class Parameters:
    """Named strings.

    Args:
        values: each name's value.
        repeated: names that stood there more than once; whoever reads one of them refuses the request.
    """

    def __init__(self, values: Mapping[str, str], repeated: frozenset[str] = frozenset()) -> None:
        self._values = dict(values)
        self._repeated = repeated

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """Parameters from the pairs of a query or a form, in their order."""
        values: dict[str, str] = {}
        repeated: set[str] = set()
        for name, value in pairs:
            if name in values:
                repeated.add(name)
            values[name] = value
        return cls(values, frozenset(repeated))

    def raw(self, name: str) -> str | None:
        """The value, which may be empty; None where the parameter is absent.

        Raises:
            InvalidRequestError: the parameter is repeated.
        """
        if name in self._repeated:
            raise InvalidRequestError(f"The parameter '{name}' may stand only once.")
        return self._values.get(name)

    def get(self, name: str) -> str | None:
        """The value; None where the parameter is absent or empty, which OAuth treats alike.

        Raises:
            InvalidRequestError: the parameter is repeated.
        """
        return self.raw(name) or None

    def require(self, name: str) -> str:
        """The value of a parameter that must be there.

        Raises:
            InvalidRequestError: the parameter is absent, empty or repeated.
        """
        value = self.get(name)
        if value is None:
            raise InvalidRequestError(f"The parameter '{name}' is missing.")
        return value
