"""The authorization request of a client, and the answer it is redirected with (OpenID Connect Core §3.1.2)."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from emulators.identity.errors import (
    InvalidRequestError,
    LoginRequiredError,
    OAuthError,
    ProviderError,
    RequestNotSupportedError,
    UnsupportedResponseTypeError,
    UntrustedRequestError,
)
from emulators.identity.parameters import Parameters
from emulators.identity.redirects import ResponseMode, is_allowed, with_answer

SCOPES = ("openid", "profile", "offline_access")
"""What can be granted; other values are ignored, as OpenID Connect asks."""

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""A SHA-256 digest in base64url, without padding."""
_CLIENT = re.compile(r"[\x21-\x7e]{1,128}")
_CARRIED = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "response_mode",
    "code_challenge",
    "code_challenge_method",
    "login_hint",
)


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """Where, and in which form, a client gets its answer."""

    redirect_uri: str
    state: str | None
    mode: ResponseMode
    issuer: str

    def location(self, answer: Mapping[str, str]) -> str:
        """The redirect that carries `answer`, the client's state, and who answers (RFC 9207)."""
        state = {} if self.state is None else {"state": self.state}
        return with_answer(self.redirect_uri, {**answer, **state, "iss": self.issuer}, self.mode)


class RefusedAuthorizationError(ProviderError):
    """The request is wrong, and the client can be told so.

    Args:
        error: what is wrong.
        address: whom to tell.
    """

    def __init__(self, error: OAuthError, address: ReturnAddress) -> None:
        super().__init__(str(error))
        self.location = address.location(error.document())
        """Where to send the person with the refusal."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A valid request to sign somebody in."""

    client_id: str
    address: ReturnAddress
    scope: tuple[str, ...]
    nonce: str | None
    code_challenge: str
    login_hint: str | None
    fields: Mapping[str, str]
    """The parameters again, for the form of the page."""


def parse(parameters: Parameters, issuer: str, registered: Collection[str]) -> AuthorizationRequest:
    """Check an authorization request.

    Args:
        parameters: of the query, or of the page's form.
        issuer: who answers.
        registered: redirect URIs beyond this machine.

    Raises:
        UntrustedRequestError: nobody may be sent back to where the request says.
        RefusedAuthorizationError: the client has to be told what is wrong.
    """
    try:
        client_id = parameters.require("client_id")
        redirect_uri = parameters.require("redirect_uri")
    except InvalidRequestError as error:
        raise UntrustedRequestError(str(error)) from error
    if not _CLIENT.fullmatch(client_id):
        raise UntrustedRequestError("The client_id has 1 to 128 printable ASCII characters, without spaces.")
    if not is_allowed(redirect_uri, registered):
        raise UntrustedRequestError(f"The redirect_uri '{redirect_uri}' is neither on this machine nor registered.")
    # Until these two are known to be sound, a refusal uses what everyone understands: the query, and no state.
    address = ReturnAddress(redirect_uri, None, ResponseMode.QUERY, issuer)
    try:
        address = ReturnAddress(redirect_uri, parameters.get("state"), _response_mode(parameters), issuer)
        return _parse_rest(parameters, client_id, address)
    except OAuthError as error:
        raise RefusedAuthorizationError(error, address) from error


def _response_mode(parameters: Parameters) -> ResponseMode:
    mode = parameters.get("response_mode") or ResponseMode.QUERY
    try:
        return ResponseMode(mode)
    except ValueError:
        raise InvalidRequestError(f"The response_mode is 'query' or 'fragment', not '{mode}'.") from None


def _parse_rest(parameters: Parameters, client_id: str, address: ReturnAddress) -> AuthorizationRequest:
    if parameters.get("request") or parameters.get("request_uri"):
        raise RequestNotSupportedError("Request objects are not supported; send the parameters themselves.")
    response_type = parameters.require("response_type")
    if response_type != "code":
        raise UnsupportedResponseTypeError(f"The response_type is 'code', not '{response_type}'.")
    challenge = parameters.require("code_challenge")
    if parameters.get("code_challenge_method") != "S256":
        raise InvalidRequestError("The code_challenge_method is 'S256', and has to be said.")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequestError("The code_challenge is the SHA-256 of the verifier: 43 characters of base64url.")
    if parameters.get("prompt") == "none":
        raise LoginRequiredError("Nobody stays signed in here: the page has to be shown.")
    asked = (parameters.get("scope") or "").split()
    return AuthorizationRequest(
        client_id=client_id,
        address=address,
        scope=tuple(scope for scope in SCOPES if scope in asked),
        nonce=parameters.get("nonce"),
        code_challenge=challenge,
        login_hint=parameters.get("login_hint"),
        fields={name: value for name in _CARRIED if (value := parameters.get(name))},
    )
