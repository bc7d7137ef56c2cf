"""Which names the service takes for hubs, groups, events and permissions (the patterns of its specification)."""

import re

from emulators.web_pubsub.errors import BadRequestError

HUB = re.compile(r"[A-Za-z][A-Za-z0-9_`,.\[\]]{0,127}")
EVENT = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}")
MAXIMUM_GROUP_LENGTH = 1024


def hub(name: str) -> str:
    """The hub `name` in lower case, as the service keeps it.

    Raises:
        BadRequestError: it is not the name of a hub.
    """
    if not HUB.fullmatch(name):
        raise BadRequestError("Invalid hub name.", target="hub")
    return name.lower()


def group(name: str, *, target: str = "group") -> str:
    """The group `name`, unchanged: groups differ by case.

    Raises:
        BadRequestError: it is empty, blank, or longer than 1,024 characters.
    """
    if not is_group(name):
        raise BadRequestError("Invalid group name.", target=target)
    return name


def is_group(name: str) -> bool:
    """Whether `name` can be that of a group."""
    return bool(name.strip()) and len(name) <= MAXIMUM_GROUP_LENGTH


def is_event(name: str) -> bool:
    """Whether `name` can be that of a custom event."""
    return EVENT.fullmatch(name) is not None
