"""`python -m scripts.erase_person USER`: erases a person as they would themselves by `DELETE /me`.

For operators. Settings are read from the environment, as the application reads them; services are reached by
connection string, or as whoever is signed in (`az login`). What it needs and what it leaves: docs/operations.md.
"""

import argparse
import asyncio
import os
import re
import sys

from shared.audience import USER
from shared.composition import Belfry
from shared.errors import BelfryError
from shared.identity import Person
from shared.settings import load_settings


async def erase(user: str) -> None:
    """Erase a person; to repeat it is harmless. Raises `BelfryError` when it could not be done to the end."""
    settings = load_settings(os.environ)
    if not settings.notification_hubs_connection:
        print(
            "NOTIFICATION_HUBS_CONNECTION is not set: devices stay registered there for up to 90 days.", file=sys.stderr
        )
    belfry = Belfry(settings)
    try:
        await belfry.people.forget(Person(user, frozenset()))
    finally:
        await belfry.close()


def main() -> int:
    """Erase whom the command line names; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.erase_person", description="Erase a person.")
    parser.add_argument("user", metavar="USER", help="their id, as in their token")
    user: str = parser.parse_args().user
    if not re.fullmatch(USER, user):
        parser.error("this is not a user's id")
    try:
        asyncio.run(erase(user))
    except BelfryError as error:
        print(f"Not all is erased, run it again: {error}", file=sys.stderr)
        return 1
    print(f"{user} is erased.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
