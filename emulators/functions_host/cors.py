"""Which other origins may call the app from a browser, and the headers that tell the browser so.

As ASP.NET Core answers for `local.settings.json: Host.CORS`: any method and any header is allowed, so a preflight is
told back what it asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ANY = "*"


@dataclass(frozen=True, slots=True)
class Policy:
    """The allowed origins."""

    origins: frozenset[str]
    """`scheme://host[:port]`, or `*`."""
    credentials: bool
    """Whether cookies and authorization headers may be sent along."""

    def allows(self, origin: str) -> bool:
        """Whether a page of this origin may call."""
        return ANY in self.origins or origin in self.origins

    def response_headers(self, origin: str) -> Mapping[str, str]:
        """The headers to add to a response to a request of `origin`; none if it is not allowed."""
        if not self.allows(origin):
            return {}
        headers = {"Access-Control-Allow-Origin": ANY if ANY in self.origins else origin}
        if len(self.origins) > 1 and ANY not in self.origins:
            headers["Vary"] = "Origin"
        if self.credentials:
            headers["Access-Control-Allow-Credentials"] = "true"
        return headers

    def preflight_headers(self, origin: str, method: str, headers: str) -> Mapping[str, str]:
        """The headers of the answer to a preflight that asks for `method` and `headers`."""
        if not self.allows(origin):
            return {}
        answer = {**self.response_headers(origin), "Access-Control-Allow-Methods": method}
        if headers:
            answer["Access-Control-Allow-Headers"] = headers
        return answer
