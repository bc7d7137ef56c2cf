"""Whether people have acted on what was for them alone, for those who must know before they ring again."""

from shared.card import StoredAlert, format_moment
from shared.inbox.people import PeopleStore
from shared.inbox.state import state_of


class PeopleActs:
    """What people have done, by their marks and by how far they have read.

    Args:
        people: what is known about people.
    """

    def __init__(self, people: PeopleStore) -> None:
        self._people = people

    async def has_acted(self, user: str, alert: StoredAlert) -> bool:
        """Whether a person has read an alert, or put it away."""
        known = await self._people.mark(user, alert.card)
        profile = (await self._people.profile(user)).profile
        state = state_of(alert.position, format_moment(alert.at), known[0] if known else None, profile.read_up_to)
        return state.read or state.archived
