"""Who watches: two customers, and two of the back office."""

from dataclasses import dataclass
from typing import Final

from demo.shop import BACK_OFFICE, CUSTOMERS, EVERYONE


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with an inbox."""

    user: str
    """Their user id."""
    roles: tuple[str, ...] = ()

    @property
    def audiences(self) -> frozenset[str]:
        """The audiences that they belong to, as alerts name them."""
        return frozenset((f"user:{self.user}", *(f"role:{role}" for role in self.roles), EVERYONE))


IN_BROWSERS: Final = "ada"
"""The customer whom the shop's stage suggests to whoever tries it. Nobody else connects as them: their phone is to ring
when their page is offline."""
PEOPLE: Final = (
    *(Person(user) for user in CUSTOMERS if user != IN_BROWSERS),
    *(Person(user, (BACK_OFFICE.removeprefix("role:"),)) for user in ("nora", "tomas")),
)
"""Those whose clients are in this process."""
