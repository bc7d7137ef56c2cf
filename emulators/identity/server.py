"""The socket shell: HTTP in, the provider's documents, redirects and pages out."""

import logging
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, closing
from http import HTTPStatus
from typing import Any

from aiohttp import hdrs, web

from emulators.identity import database, page
from emulators.identity.authorization import RefusedAuthorizationError
from emulators.identity.errors import (
    InvalidClientError,
    InvalidRequestError,
    InvalidTokenError,
    OAuthError,
    UntrustedRequestError,
)
from emulators.identity.parameters import Parameters
from emulators.identity.people import People
from emulators.identity.provider import Configuration, Provider
from emulators.identity.redirects import is_allowed_origin
from emulators.process import Options

_log = logging.getLogger(__name__)

_NOT_STORED: dict[str, str] = {hdrs.CACHE_CONTROL: "no-store"}
_PAGE_HEADERS: dict[str, str] = {
    **_NOT_STORED,
    # The page holds nothing but its own words and colours; --hue is an inline style.
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class IdentityService:
    """The provider as a service of `emulators.process`.

    Args:
        options: where it listens and keeps its state.
        issuer: the URL that clients use; None: `http://localhost:<port>`.
        audience: the API that access tokens are for.
        redirect_uris: where people may be sent besides this machine.
        people: who can be picked.
    """

    def __init__(
        self, options: Options, *, issuer: str | None, audience: str, redirect_uris: frozenset[str], people: People
    ) -> None:
        self._options = options
        self._issuer = issuer
        self._audience = audience
        self._redirect_uris = redirect_uris
        self._people = people
        self._to_close = AsyncExitStack()

    async def start(self) -> str:
        """Listen; returns the issuer's URL."""
        family = socket.AF_INET6 if ":" in self._options.host else socket.AF_INET
        listener = socket.create_server((self._options.host, self._options.port), family=family)
        address = f"http://localhost:{listener.getsockname()[1]}"
        configuration = Configuration(self._issuer or address, self._audience, self._redirect_uris, self._people)
        connection = self._to_close.enter_context(closing(database.connect(self._options.database("identity"))))
        provider = Provider(configuration, connection, time.time)
        runner = web.AppRunner(application(provider), access_log_format='"%r" %s %Tf s')
        self._to_close.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        return address

    async def stop(self) -> None:
        """Finish the requests that were begun, and close the database."""
        await self._to_close.aclose()


def application(provider: Provider) -> web.Application:
    """All routes of a provider."""
    routes = _Routes(provider)
    built = web.Application(middlewares=[routes.errors])
    built.on_response_prepare.append(routes.allow_origin)
    built.add_routes(
        [
            web.get("/", routes.home),
            web.get("/.well-known/openid-configuration", routes.discovery),
            web.get("/keys", routes.keys),
            web.get("/authorize", routes.authorize),
            web.post("/authorize", routes.sign_in),
            web.get("/style.css", routes.style),
            web.post("/token", routes.token),
            web.get("/userinfo", routes.user_information),
            web.post("/userinfo", routes.user_information),
            web.get("/logout", routes.end_session),
            web.post("/logout", routes.end_session),
            web.post("/_rotate", routes.rotate),
            web.options("/{path:.*}", routes.preflight),
        ]
    )
    return built


class _Routes:
    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def home(self, _: web.Request) -> web.Response:
        issuer = self._provider.configuration.issuer
        text = (
            "Apps send people here to sign in, and back. What apps need to know of this provider is at "
            f"{issuer}/.well-known/openid-configuration; a script gets a token by: curl -d user=ada {issuer}/token"
        )
        return _html(page.notice("Nobody signs in by themselves", text))

    async def discovery(self, _: web.Request) -> web.Response:
        return web.json_response(self._provider.discovery())

    async def keys(self, _: web.Request) -> web.Response:
        return web.json_response(self._provider.key_set())

    async def rotate(self, _: web.Request) -> web.Response:
        return web.json_response(self._provider.rotate())

    async def style(self, _: web.Request) -> web.Response:
        return web.Response(text=page.STYLE, content_type="text/css")

    async def authorize(self, request: web.Request) -> web.Response:
        checked = self._provider.authorization(Parameters.of(request.query.items()))
        return _html(page.sign_in(checked, self._provider.configuration.people, {}))

    async def sign_in(self, request: web.Request) -> web.Response:
        form = await _form(request)
        checked = self._provider.authorization(form)
        if form.get("cancel"):
            return _redirect(self._provider.cancel(checked))
        try:
            location = self._provider.sign_in(checked, form)
        except InvalidRequestError as error:
            tried = {name: form.get(name) or "" for name in ("user", "roles")}
            people = self._provider.configuration.people
            return _html(page.sign_in(checked, people, tried, str(error)), HTTPStatus.BAD_REQUEST)
        return _redirect(location)

    async def token(self, request: web.Request) -> web.Response:
        if hdrs.AUTHORIZATION in request.headers:
            raise InvalidClientError("Clients are public here: they have no secret, and prove themselves by PKCE.")
        return web.json_response(self._provider.token(await _form(request)), headers=_NOT_STORED)

    async def user_information(self, request: web.Request) -> web.Response:
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        access_token = token.strip() if scheme.lower() == "bearer" else None
        return web.json_response(self._provider.user_information(access_token), headers=_NOT_STORED)

    async def end_session(self, request: web.Request) -> web.Response:
        given = Parameters.of(request.query.items()) if request.method == hdrs.METH_GET else await _form(request)
        location = self._provider.end_session(given)
        if location is None:
            return _html(page.notice("You are signed out", "You can close this page."))
        return _redirect(location)

    async def preflight(self, _: web.Request) -> web.Response:
        return web.Response(
            status=HTTPStatus.NO_CONTENT,
            headers={
                hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, POST",
                hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "authorization, content-type",
                hdrs.ACCESS_CONTROL_MAX_AGE: "3600",
            },
        )

    async def allow_origin(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers.add(hdrs.VARY, hdrs.ORIGIN)
        origin = request.headers.get(hdrs.ORIGIN)
        if origin and is_allowed_origin(origin, self._provider.configuration.redirect_uris):
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin

    @web.middleware
    async def errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except RefusedAuthorizationError as error:
            _log.info("refused: %s", error)
            return _redirect(error.location)
        except UntrustedRequestError as error:
            _log.info("refused: %s", error)
            return _html(page.notice("This sign-in cannot go on", str(error)), HTTPStatus.BAD_REQUEST)
        except InvalidTokenError as error:
            challenge = f'Bearer error="{error.code}", error_description="{error.description}"'
            return web.Response(status=HTTPStatus.UNAUTHORIZED, headers={hdrs.WWW_AUTHENTICATE: challenge})
        except OAuthError as error:
            _log.info("refused: %s", error)
            headers = dict(_NOT_STORED)
            if error.status is HTTPStatus.UNAUTHORIZED:
                headers[hdrs.WWW_AUTHENTICATE] = 'Basic realm="token"'
            return web.json_response(error.document(), status=error.status, headers=headers)


async def _form(request: web.Request) -> Parameters:
    if request.content_type != "application/x-www-form-urlencoded":
        raise InvalidRequestError("The body is a form: application/x-www-form-urlencoded.")
    try:
        fields: list[tuple[str, Any]] = list((await request.post()).items())
    except (UnicodeDecodeError, LookupError) as error:
        raise InvalidRequestError("The form is not in UTF-8, nor in the charset that it names.") from error
    return Parameters.of(fields)


def _html(text: str, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(text=text, content_type="text/html", status=status, headers=_PAGE_HEADERS)


def _redirect(location: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={**_NOT_STORED, hdrs.LOCATION: location})
