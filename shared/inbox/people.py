"""Where what is known about people is kept."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

from msgspec import Struct

from shared.inbox.profile import Profile
from shared.inbox.state import Mark

PROFILE_ID = "profile"
MARK_PREFIX = "mark:"
DEVICE_PREFIX = "device:"


class KeptMark(Mark, frozen=True, kw_only=True):
    """A mark, and what is needed to count by it without reading the card."""

    at: str
    """When the marked revision was stored."""
    audience: str
    """One through which the person sees it."""

    def told(self) -> Mark:
        """What clients get of it."""
        return Mark(self.card, self.position, self.version, self.read, self.archived)


class KeptProfile(Struct, frozen=True):
    """A profile, and the version that a replacement must name; None: there is none yet."""

    profile: Profile
    version: str | None


class PeopleStore(Protocol):
    """One partition for each person. All raise `TransientError` when it does not answer."""

    async def profile(self, user: str) -> KeptProfile:
        """The person's profile; of someone unknown an empty one."""

    async def save_profile(self, user: str, profile: Profile, version: str | None) -> bool:
        """Put it in the place of this version; False when that is no longer the version."""

    async def mark(self, user: str, card: str) -> tuple[KeptMark, str] | None:
        """The person's mark for a card, and its version."""

    async def save_mark(self, user: str, mark: KeptMark, version: str | None) -> bool:
        """Put it in the place of this version; False when that is no longer the version."""

    async def marks(self, user: str, cards: Sequence[str]) -> dict[str, KeptMark]:
        """The person's marks for some cards, by card."""

    async def open_marks(self, user: str, read_up_to: str) -> list[KeptMark]:
        """The marks that decide about the unread count: for cards stored since, and those marked as unread."""

    def everything(self, user: str) -> AsyncIterator[dict[str, Any]]:
        """All documents about the person."""

    async def erase(self, user: str) -> int:
        """Delete all documents about the person; returns how many there were."""
