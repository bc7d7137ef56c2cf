"""Who can sign in: the people of the page, and anyone else by id."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

import msgspec

DEFAULT_FILE = Path(__file__).with_name("people.json")

_USER = re.compile(r"[A-Za-z0-9._@+|:~-]{1,128}")
_ROLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NAME_LENGTH = 200


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who signs in; what tokens say of them.

    Raises:
        ValueError: an id, a role or a name that no token may carry.
    """

    id: str
    """`[A-Za-z0-9._@+|:~-]{1,128}`; the claims `sub` and `oid`."""
    name: str
    """1 to 200 printable characters."""
    roles: tuple[str, ...] = ()
    """Each `[A-Za-z0-9._-]{1,64}`, in order, none twice."""

    def __post_init__(self) -> None:
        if not _USER.fullmatch(self.id):
            raise ValueError("A user id has 1 to 128 of the characters A-Z a-z 0-9 . _ @ + | : ~ - and no others.")
        for role in self.roles:
            if not _ROLE.fullmatch(role):
                raise ValueError(
                    f"A role has 1 to 64 of the characters A-Z a-z 0-9 . _ - and no others: '{role}' is none."
                )
        if len(set(self.roles)) < len(self.roles):
            raise ValueError("A role stands only once.")
        if not 1 <= len(self.name) <= _NAME_LENGTH or not self.name.isprintable():
            raise ValueError(f"A name has 1 to {_NAME_LENGTH} printable characters.")


def parse_roles(text: str) -> tuple[str, ...]:
    """Role names from a comma-separated list; spaces around them and repetitions do not count."""
    return tuple(dict.fromkeys(role for role in (part.strip() for part in text.split(",")) if role))


class People:
    """The people of the page, in their groups.

    Args:
        groups: each group's heading and its people, in the order of the page.

    Raises:
        ValueError: an id stands twice.
    """

    def __init__(self, groups: Mapping[str, Iterable[Person]]) -> None:
        self.groups = {heading: tuple(people) for heading, people in groups.items()}
        self._by_id = {person.id: person for person in self}
        if len(self._by_id) < sum(1 for _ in self):
            raise ValueError("Two people have the same id.")

    def __iter__(self) -> Iterator[Person]:
        return (person for people in self.groups.values() for person in people)

    @classmethod
    def read(cls, path: Path = DEFAULT_FILE) -> Self:
        """People from a JSON file: an object of groups, each a list of `{"id", "name", "roles"?}`.

        Raises:
            OSError: the file cannot be read.
            ValueError: it does not hold people; the message says where.
        """
        return cls(msgspec.json.decode(path.read_bytes(), type=dict[str, list[Person]]))

    def find(self, user: str) -> Person | None:
        """The person of the page with this id."""
        return self._by_id.get(user)

    def resolve(self, user: str, roles: str | None, name: str | None = None) -> Person:
        """A person by id: what is not given is taken from the page's entry, if it has one.

        Args:
            user: the id.
            roles: comma-separated; None: those of the page's entry, or none.
            name: None: that of the page's entry, or the id.

        Raises:
            ValueError: something that no token may carry; the message is a sentence.
        """
        known = self.find(user) or Person(user, user)
        return Person(user, name or known.name, known.roles if roles is None else parse_roles(roles))
