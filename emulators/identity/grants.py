"""What a person consented to, and the tickets that redeem it: codes and refresh tokens, each good for one use."""

import hashlib
import secrets
import sqlite3
from enum import StrEnum

import msgspec

from emulators.identity.errors import InvalidGrantError
from emulators.identity.keys import Clock
from emulators.identity.people import Person


class Kind(StrEnum):
    """What a ticket is."""

    CODE = "code"
    REFRESH = "refresh"


LIFETIME_SECONDS = {Kind.CODE: 60, Kind.REFRESH: 24 * 3600}


class Consent(msgspec.Struct, frozen=True):
    """One sign-in of one person in one client."""

    id: str
    """Names the session; the claim `sid`."""
    person: Person
    client_id: str
    redirect_uri: str
    scope: tuple[str, ...]
    nonce: str | None
    code_challenge: str
    """Of the method S256 (RFC 7636)."""
    authenticated_at: int
    """Seconds since 1970."""


class Grants:
    """All that can still be redeemed. Only digests of tickets are kept.

    Args:
        database: of `emulators.identity.database`.
        clock: decides what has expired.
    """

    def __init__(self, database: sqlite3.Connection, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, consent: Consent) -> str:
        """Keep a consent; returns its code."""
        self._forget_expired()
        with self._database:
            self._database.execute("BEGIN")
            self._database.execute("INSERT INTO consent VALUES (?, ?)", (consent.id, msgspec.json.encode(consent)))
            return self._issue(Kind.CODE, consent.id)

    def issue_refresh_token(self, consent: Consent) -> str:
        """A new refresh token for a consent."""
        return self._issue(Kind.REFRESH, consent.id)

    def redeem(self, kind: Kind, ticket: str) -> Consent:
        """The consent behind a ticket, which is thereby used up.

        Raises:
            InvalidGrantError: unknown, expired, or used before. In the last case somebody may have stolen it, and the
                whole consent is withdrawn (RFC 6749 §4.1.2, RFC 9700 §4.14.2).
        """
        row = self._database.execute(
            "SELECT id, value, expires_at, spent FROM ticket JOIN consent ON id = consent"
            " WHERE digest = ? AND kind = ?",
            (_digest(ticket), kind),
        ).fetchone()
        if row is None:
            raise InvalidGrantError(f"The {kind} is unknown, or was withdrawn.")
        consent_id, value, expires_at, spent = row
        if spent:
            self.withdraw(consent_id)
            raise InvalidGrantError(f"The {kind} was used before; all that it led to is withdrawn.")
        if expires_at <= self._clock():
            raise InvalidGrantError(f"The {kind} has expired.")
        self._database.execute("UPDATE ticket SET spent = 1 WHERE digest = ?", (_digest(ticket),))
        return msgspec.json.decode(value, type=Consent)

    def withdraw(self, consent_id: str) -> None:
        """Forget a consent and all its tickets."""
        self._database.execute("DELETE FROM consent WHERE id = ?", (consent_id,))

    def _issue(self, kind: Kind, consent_id: str) -> str:
        ticket = secrets.token_urlsafe(32)
        self._database.execute(
            "INSERT INTO ticket (digest, consent, kind, expires_at) VALUES (?, ?, ?, ?)",
            (_digest(ticket), consent_id, kind, self._clock() + LIFETIME_SECONDS[kind]),
        )
        return ticket

    def _forget_expired(self) -> None:
        self._database.execute("DELETE FROM ticket WHERE expires_at <= ?", (self._clock(),))
        self._database.execute("DELETE FROM consent WHERE id NOT IN (SELECT consent FROM ticket)")


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
