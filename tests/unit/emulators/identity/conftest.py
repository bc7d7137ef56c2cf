"""A provider without a socket, whose time stands still until a test moves it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from emulators.identity import database
from emulators.identity.keys import KeyRing
from emulators.identity.people import People, Person
from emulators.identity.provider import Configuration, Provider

ISSUER = "http://localhost:8091"
REGISTERED = "https://app.example/signed-in"


@dataclass
class Clock:
    """Seconds since 1970, as the test says."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time of the provider."""
    return Clock()


@pytest.fixture(scope="session")
def database_with_key() -> Iterator[sqlite3.Connection]:
    """A database that has its signing key already, because making one takes long."""
    with closing(database.connect(":memory:")) as connection:
        KeyRing(connection, Clock())
        yield connection


@pytest.fixture
def connection(database_with_key: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """The database of one test."""
    with closing(database.connect(":memory:")) as copy:
        database_with_key.backup(copy)
        yield copy


@pytest.fixture
def configuration() -> Configuration:
    """Two people to pick from, and one address beyond this machine."""
    people = People({"Customers": [Person("ada", "Ada Lindqvist", ("customer",)), Person("yuki", "Yuki Tanabe")]})
    return Configuration(ISSUER, "belfry", frozenset({REGISTERED}), people)


@pytest.fixture
def provider(configuration: Configuration, connection: sqlite3.Connection, clock: Clock) -> Provider:
    """The provider of one test."""
    return Provider(configuration, connection, clock)
