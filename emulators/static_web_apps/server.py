"""The socket shell: HTTP in; files, the back end's answers and errors out."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

from emulators.process import Options, address
from emulators.static_web_apps.backend import Backend
from emulators.static_web_apps.configuration import ConfigurationError
from emulators.static_web_apps.folder import Folder
from emulators.static_web_apps.negotiation import is_known, takes_gzip
from emulators.static_web_apps.paths import BadPathError, decoded
from emulators.static_web_apps.site import Forward, Page, Site, Words

STOP_SECONDS: Final = 2.0
"""How long open requests may take to end when the service stops."""
_log = logging.getLogger(__name__)


class StaticWebAppsService:
    """The web app as a service of `emulators.process`.

    Args:
        options: where it listens; it keeps no state.
        folder: the files.
        api: the back end's address.
        api_seconds: how long it may take to answer.
        replace_authorization: put a token of this service where the client's stands, on the way to the back end.
    """

    def __init__(
        self, options: Options, folder: Folder, api: str, api_seconds: float, *, replace_authorization: bool
    ) -> None:
        self._options = options
        self._folder = folder
        self._backend = Backend(api, api_seconds, replace_authorization=replace_authorization)
        self._runner: web.ServerRunner | None = None

    async def start(self) -> str:
        """Listen; returns the app's URL."""
        if not self._folder.is_there:
            _log.warning(not_built(self._folder.root))
        # Bodies go on to the back end as they came, so they are not unpacked.
        server = web.Server(self._handle, access_log_format='"%r" %s %Tf s', auto_decompress=False)
        self._runner = web.ServerRunner(server, shutdown_timeout=STOP_SECONDS)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._options.host, self._options.port).start()
        return address(self._options.host, self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Finish the requests that were begun."""
        if self._runner:
            await self._runner.cleanup()
        await self._backend.close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            path = decoded(request.raw_path)
            site = self._folder.site()
        except BadPathError as error:
            return _words(HTTPStatus.BAD_REQUEST, str(error))
        except ConfigurationError as error:
            return _words(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        match site.answer(request.method, path):
            case Forward(other):
                return await self._backend.forward(request, other)
            case Page() as page:
                return self._page(request, site, page)
            case Words(status, headers):
                return self._spoken(HTTPStatus(status), headers)

    def _page(self, request: web.BaseRequest, site: Site, page: Page) -> web.Response:
        file = self._folder.file(page.path)
        if file is None:  # it went away since it was seen
            return self._spoken(HTTPStatus.NOT_FOUND, page.headers)
        headers = {**page.headers, hdrs.ETAG: file.tag, hdrs.VARY: hdrs.ACCEPT_ENCODING}
        if page.status == HTTPStatus.OK and is_known(file.tag, request.headers.get(hdrs.IF_NONE_MATCH, "")):
            return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        body = file.content
        if file.compressed is not None and takes_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
            body = file.compressed
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        headers.setdefault("content-type", site.media_type(page.path) or file.media_type)
        return web.Response(status=page.status, headers=headers, body=body)

    def _spoken(self, status: HTTPStatus, headers: Mapping[str, str]) -> web.Response:
        if status < HTTPStatus.BAD_REQUEST:
            return web.Response(status=status, headers=headers)
        if status is HTTPStatus.NOT_FOUND and not self._folder.is_there:
            return _words(HTTPStatus.SERVICE_UNAVAILABLE, not_built(self._folder.root))
        return _words(status, f"{status.value} {status.phrase}", headers)


def not_built(root: Path) -> str:
    """What is said when there is nothing to serve."""
    return f"The web client is not built: there is no folder {root}. `make web` builds it."


def _words(status: HTTPStatus, text: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=text + "\n", headers={**(headers or {}), "cache-control": "no-store"})
