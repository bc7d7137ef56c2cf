"""What the provider refuses, and in which words.

ProviderError
├── UntrustedRequestError             shown to the person: the address to send them back to cannot be trusted
├── InvalidTokenError                 RFC 6750: the bearer token of a request
└── OAuthError                        RFC 6749 §4.1.2.1 and §5.2: told to the client
    ├── InvalidRequestError
    ├── InvalidClientError
    ├── InvalidGrantError
    ├── UnsupportedGrantTypeError
    ├── UnsupportedResponseTypeError
    ├── AccessDeniedError
    ├── LoginRequiredError            OpenID Connect Core §3.1.2.6, as is the next
    └── RequestNotSupportedError
"""

import re
from http import HTTPStatus
from typing import ClassVar

_NOT_DESCRIBABLE = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")


class ProviderError(Exception):
    """The provider refuses; the message is a sentence for a developer."""

    @property
    def description(self) -> str:
        """The message in the characters that an `error_description` may have (RFC 6749 §5.2, RFC 6750 §3)."""
        return _NOT_DESCRIBABLE.sub("'", str(self))


class UntrustedRequestError(ProviderError):
    """The client or its redirect URI is not acceptable, so that nobody may be sent there."""


class InvalidTokenError(ProviderError):
    """The bearer token is missing, malformed, expired, or not one of this provider's access tokens."""

    code = "invalid_token"


class OAuthError(ProviderError):
    """An error with a code that the standards name."""

    code: ClassVar[str]
    status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST
    """Where the token endpoint says it; the authorization endpoint redirects with it instead."""

    def document(self) -> dict[str, str]:
        """The JSON body, or the query of the redirect."""
        return {"error": self.code, "error_description": self.description}


class InvalidRequestError(OAuthError):
    """A parameter is missing, repeated or malformed."""

    code = "invalid_request"


class InvalidClientError(OAuthError):
    """The client tried to authenticate, and all clients here are public ones."""

    code = "invalid_client"
    status = HTTPStatus.UNAUTHORIZED


class InvalidGrantError(OAuthError):
    """The code, its verifier or the refresh token is wrong, expired, used, or another client's."""

    code = "invalid_grant"


class UnsupportedGrantTypeError(OAuthError):
    """The token endpoint knows no such grant."""

    code = "unsupported_grant_type"


class UnsupportedResponseTypeError(OAuthError):
    """The authorization endpoint answers with a code and with nothing else."""

    code = "unsupported_response_type"


class AccessDeniedError(OAuthError):
    """The person did not want to sign in."""

    code = "access_denied"


class LoginRequiredError(OAuthError):
    """The client asked not to show the page, and there is no other way to sign in."""

    code = "login_required"


class RequestNotSupportedError(OAuthError):
    """Request objects are not understood."""

    code = "request_not_supported"
