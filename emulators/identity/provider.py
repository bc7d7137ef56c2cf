"""The provider itself, without a socket: requests as parameters in, documents and redirects out."""

import hashlib
import hmac
import re
import sqlite3
import uuid
from dataclasses import dataclass
from typing import Any

from jwt.utils import base64url_encode

from emulators.identity import authorization
from emulators.identity.authorization import AuthorizationRequest
from emulators.identity.errors import (
    AccessDeniedError,
    InvalidClientError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidTokenError,
    UnsupportedGrantTypeError,
    UntrustedRequestError,
)
from emulators.identity.grants import Consent, Grants, Kind
from emulators.identity.keys import ALGORITHM, Clock, KeyRing
from emulators.identity.parameters import Parameters
from emulators.identity.people import People
from emulators.identity.redirects import ResponseMode, is_allowed, with_answer
from emulators.identity.tokens import ACCESS_SECONDS, Tokens, TokenType

SCRIPT_CLIENT = "script"
"""The `client_id` of tokens that were asked for without a sign-in."""

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_AUDIENCE = re.compile(r"[\x21-\x7e]{1,256}")
_SECONDS = re.compile(r"-?[0-9]{1,8}")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the provider is told at its start."""

    issuer: str
    """The URL that clients use, without a trailing slash."""
    audience: str
    """The API that access tokens are for."""
    redirect_uris: frozenset[str]
    """Where people may be sent besides this machine."""
    people: People


class Provider:
    """One issuer.

    Args:
        configuration: does not change while it runs.
        database: of `emulators.identity.database`.
        clock: seconds since 1970.
    """

    def __init__(self, configuration: Configuration, database: sqlite3.Connection, clock: Clock) -> None:
        self.configuration = configuration
        self._clock = clock
        self._keys = KeyRing(database, clock)
        self._grants = Grants(database, clock)
        self._tokens = Tokens(configuration.issuer, self._keys, clock)

    def discovery(self) -> dict[str, Any]:
        """The provider's metadata (OpenID Connect Discovery §3)."""
        issuer = self.configuration.issuer
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/keys",
            "end_session_endpoint": f"{issuer}/logout",
            "response_types_supported": ["code"],
            "response_modes_supported": [mode.value for mode in ResponseMode],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "scopes_supported": list(authorization.SCOPES),
            "claims_supported": [
                "sub",
                "oid",
                "name",
                "roles",
                "iss",
                "aud",
                "iat",
                "exp",
                "auth_time",
                "nonce",
                "sid",
            ],
            "authorization_response_iss_parameter_supported": True,
            "request_parameter_supported": False,
            "request_uri_parameter_supported": False,
        }

    def key_set(self) -> dict[str, Any]:
        """The public keys, newest first (RFC 7517)."""
        return self._keys.document()

    def rotate(self) -> dict[str, str]:
        """Sign with a new key from now on; what the old ones signed stays valid."""
        return {"kid": self._keys.rotate().kid}

    def authorization(self, parameters: Parameters) -> AuthorizationRequest:
        """Check a request to sign somebody in.

        Raises:
            UntrustedRequestError: nobody may be sent back to where the request says.
            RefusedAuthorizationError: the client has to be told what is wrong.
        """
        return authorization.parse(parameters, self.configuration.issuer, self.configuration.redirect_uris)

    def sign_in(self, request: AuthorizationRequest, parameters: Parameters) -> str:
        """Sign in whom the page's form says (`user`, and `roles` if it is somebody else); returns where to redirect.

        Raises:
            InvalidRequestError: nobody can have this id or these roles.
        """
        try:
            person = self.configuration.people.resolve(parameters.require("user"), parameters.raw("roles"))
        except ValueError as error:
            raise InvalidRequestError(str(error)) from error
        consent = Consent(
            id=str(uuid.uuid4()),
            person=person,
            client_id=request.client_id,
            redirect_uri=request.address.redirect_uri,
            scope=request.scope,
            nonce=request.nonce,
            code_challenge=request.code_challenge,
            authenticated_at=int(self._clock()),
        )
        return request.address.location({"code": self._grants.begin(consent)})

    @staticmethod
    def cancel(request: AuthorizationRequest) -> str:
        """Where to redirect somebody who does not want to sign in."""
        return request.address.location(AccessDeniedError("The person did not sign in.").document())

    def token(self, parameters: Parameters) -> dict[str, Any]:
        """Answer the token endpoint: a code, a refresh token, or the form `user` and `roles` of scripts.

        Raises:
            OAuthError: which says what is wrong.
        """
        if parameters.get("client_secret") or parameters.get("client_assertion"):
            raise InvalidClientError("Clients are public here: they have no secret, and prove themselves by PKCE.")
        match parameters.get("grant_type"):
            case "authorization_code":
                return self._redeem_code(parameters)
            case "refresh_token":
                return self._refresh(parameters)
            case None if parameters.get("user"):
                return self._script_token(parameters)
            case None:
                raise InvalidRequestError("The parameter 'grant_type' is missing; or, for a script, 'user'.")
            case other:
                raise UnsupportedGrantTypeError(f"The grant type '{other}' is not supported.")

    def user_information(self, access_token: str | None) -> dict[str, Any]:
        """The claims about whom an access token belongs to (OpenID Connect Core §5.3).

        Raises:
            InvalidTokenError: it is none of ours, or has expired.
        """
        if access_token is None:
            raise InvalidTokenError("The request has no bearer token.")
        claims = self._tokens.read(access_token, TokenType.ACCESS)
        return {name: claims[name] for name in ("sub", "oid", "name", "roles")}

    def end_session(self, parameters: Parameters) -> str | None:
        """Sign out (OpenID Connect RP-Initiated Logout): forget the session's refresh tokens.

        Returns:
            Where to redirect; None where the client did not say.

        Raises:
            UntrustedRequestError: nobody may be sent there, or the hint is not one of our ID tokens.
        """
        try:
            hint, target = parameters.get("id_token_hint"), parameters.get("post_logout_redirect_uri")
            state = parameters.get("state")
            session = self._tokens.read(hint, TokenType.ID, expired=True)["sid"] if hint else None
        except (InvalidRequestError, InvalidTokenError) as error:
            raise UntrustedRequestError(str(error)) from error
        if target is not None and not is_allowed(target, self.configuration.redirect_uris):
            raise UntrustedRequestError(
                f"The post_logout_redirect_uri '{target}' is neither on this machine nor registered."
            )
        if session:
            self._grants.withdraw(session)
        return target and with_answer(target, {"state": state} if state else {})

    def _redeem_code(self, parameters: Parameters) -> dict[str, Any]:
        verifier = parameters.require("code_verifier")
        redirect_uri = parameters.require("redirect_uri")
        client_id = parameters.require("client_id")
        consent = self._grants.redeem(Kind.CODE, parameters.require("code"))
        if client_id != consent.client_id:
            raise InvalidGrantError("The code was issued to another client.")
        if redirect_uri != consent.redirect_uri:
            raise InvalidGrantError("The redirect_uri is not the one that the code was sent to.")
        if not _VERIFIER.fullmatch(verifier) or not hmac.compare_digest(_challenge(verifier), consent.code_challenge):
            raise InvalidGrantError("The code_verifier does not match the code_challenge.")
        return self._token_response(consent, nonce=consent.nonce)

    def _refresh(self, parameters: Parameters) -> dict[str, Any]:
        client_id = parameters.require("client_id")
        consent = self._grants.redeem(Kind.REFRESH, parameters.require("refresh_token"))
        if client_id != consent.client_id:
            raise InvalidGrantError("The refresh token was issued to another client.")
        return self._token_response(consent, nonce=None)  # the nonce belongs to the sign-in alone (Core §12.2)

    def _token_response(self, consent: Consent, *, nonce: str | None) -> dict[str, Any]:
        scope = " ".join(consent.scope)
        access_token = self._tokens.access(
            consent.person, audience=self.configuration.audience, client_id=consent.client_id, scope=scope
        )
        response: dict[str, Any] = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": ACCESS_SECONDS,
            "scope": scope,
        }
        if "openid" in consent.scope:
            response["id_token"] = self._tokens.identity(consent, access_token, nonce=nonce)
        if "offline_access" in consent.scope:
            response["refresh_token"] = self._grants.issue_refresh_token(consent)
        return response

    def _script_token(self, parameters: Parameters) -> dict[str, Any]:
        try:
            person = self.configuration.people.resolve(
                parameters.require("user"), parameters.raw("roles"), parameters.get("name")
            )
        except ValueError as error:
            raise InvalidRequestError(str(error)) from error
        seconds = parameters.get("expires_in") or str(ACCESS_SECONDS)
        if not _SECONDS.fullmatch(seconds):
            raise InvalidRequestError("The parameter 'expires_in' is a number of seconds, of at most eight digits.")
        audience = parameters.get("audience") or self.configuration.audience
        if not _AUDIENCE.fullmatch(audience):
            raise InvalidRequestError("An audience has 1 to 256 printable ASCII characters, without spaces.")
        token = self._tokens.access(person, audience=audience, client_id=SCRIPT_CLIENT, seconds=int(seconds))
        return {"access_token": token, "token_type": "Bearer", "expires_in": int(seconds)}


def _challenge(verifier: str) -> str:
    return base64url_encode(hashlib.sha256(verifier.encode()).digest()).decode()
