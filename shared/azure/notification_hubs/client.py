"""The client of a hub."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote, urlsplit

import msgspec
from azure.core import AsyncPipelineClient
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest import AsyncHttpResponse, HttpRequest
from msgspec import Struct

from shared.azure.calling import calling
from shared.azure.notification_hubs.connection import Connection
from shared.azure.notification_hubs.errors import SERVICE, InstallationGoneError, check
from shared.azure.notification_hubs.installations import (
    BrowserChannel,
    Installation,
    Patch,
    PushChannel,
    decode_installation,
)
from shared.azure.notification_hubs.notifications import Format, Notification
from shared.azure.notification_hubs.pipeline import pipeline_policies
from shared.azure.notification_hubs.tags import TagExpression, checked_id
from shared.errors import RefusedError

API_VERSION: Final = "2020-06"
CONNECT_SECONDS: Final = 3
READ_SECONDS: Final = 6

_JSON: Final = "application/json"
_GONE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


def _now() -> datetime:
    return datetime.now(UTC)


class Receipt(Struct, frozen=True):
    """What the service says of a send that it accepted. It says nothing of whether a device was reached."""

    notification_id: str | None
    """By which telemetry and the platforms' feedback name it; None below the tier Standard."""
    tracking_id: str | None
    """By which Azure's support finds the request."""


class NotificationHub:
    """A hub: the devices that it knows, and sends to them.

    Every call lasts 10 s at the most. What passes is tried once more within it, where that fits; a send can so reach a
    device twice, and the platforms' collapse ids make one notification of the two. Close it, or use it in
    `async with`.

    Every method raises:
        TransientError: the service could not be reached, did not answer in time, is busy, or does not accept the key
            or know the hub.
        RefusedError: it refuses the request as such; see `errors.REFUSED`.

    Args:
        connection: the namespace and its key.
        hub: the hub's name.
        clock: the time, with a time zone.
        transport: sends the requests; None: aiohttp.

    Source: the REST reference of Notification Hubs, and the requests of @azure/notification-hubs 2.1. The service knows
    keys only, no identities.
    """

    def __init__(
        self,
        connection: Connection,
        hub: str,
        *,
        clock: Callable[[], datetime] = _now,
        transport: AsyncHttpTransport[HttpRequest, AsyncHttpResponse] | None = None,
    ) -> None:
        self._url = connection.url + quote(hub, safe="")
        self._pipeline: AsyncPipelineClient[HttpRequest, AsyncHttpResponse] = AsyncPipelineClient(
            connection.url,
            policies=pipeline_policies(connection, clock),
            transport=transport,
            connection_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
        )

    @classmethod
    def from_connection_string(cls, connection: str, hub: str) -> Self:
        """A hub by connection string.

        Raises:
            SettingsError: see `Connection.parse`.
        """
        return cls(Connection.parse(connection), hub)

    async def put(self, installation: Installation) -> None:
        """Make a device known, or replace what is known of it; sends go by it within seconds."""
        async with calling(SERVICE):
            path = _path(installation.installation_id)
            check(await self._exchange("PUT", path, content=installation.encode()), HTTPStatus.OK)

    async def get(self, installation_id: str) -> Installation | None:
        """What is known of a device; None: nothing, or there is no such hub, which the service does not tell apart.

        Raises:
            ValueError: that is no id.
            RefusedError: also when it is of a platform that this client does not serve.
        """
        async with calling(SERVICE):
            response = await self._exchange("GET", _path(installation_id))
            if response.status_code in _GONE:
                return None
            check(response, HTTPStatus.OK)
        try:
            return decode_installation(response.content)
        except ValueError as error:
            raise RefusedError(f"{SERVICE} has an installation that is not served here: {error}") from error

    async def patch(self, installation_id: str, changes: Sequence[Patch]) -> None:
        """Change parts of what is known of a device; `installations` has the changes that there are.

        Raises:
            ValueError: that is no id.
            InstallationGoneError: nothing is known of it.
        """
        async with calling(SERVICE):
            response = await self._exchange("PATCH", _path(installation_id), content=msgspec.json.encode(changes))
            if response.status_code in _GONE:
                raise InstallationGoneError
            check(response, HTTPStatus.OK)

    async def delete(self, installation_id: str) -> None:
        """Forget a device, also one that is not known. Raises ValueError where that is no id."""
        async with calling(SERVICE):
            check(await self._exchange("DELETE", _path(installation_id)), HTTPStatus.NO_CONTENT)

    async def send(self, notification: Notification, to: TagExpression) -> Receipt:
        """Send to the devices of the notification's platform whose tags fulfil an expression."""
        return await self._notify(notification, {"ServiceBusNotification-Tags": str(to)})

    async def broadcast(self, notification: Notification) -> Receipt:
        """Send to all devices of the notification's platform."""
        return await self._notify(notification, {})

    async def send_direct(self, notification: Notification, to: PushChannel) -> Receipt:
        """Send to one device, known or not.

        Raises:
            ValueError: that is no address of the notification's platform.
            RefusedError: also when the platform does not know the address any more.
        """
        if isinstance(to, BrowserChannel) is not (notification.format is Format.BROWSER):
            raise ValueError(f"this is no push channel for the format {notification.format.value}")
        headers = (
            {"ServiceBusNotification-DeviceHandle": to.endpoint, "Auth": to.auth, "P256DH": to.p256dh}
            if isinstance(to, BrowserChannel)
            else {"ServiceBusNotification-DeviceHandle": to}
        )
        return await self._notify(notification, headers, direct=True)

    async def close(self) -> None:
        """Close the connections to the service."""
        await self._pipeline.close()

    async def __aenter__(self) -> Self:
        await self._pipeline.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _notify(self, notification: Notification, target: Mapping[str, str], *, direct: bool = False) -> Receipt:
        async with calling(SERVICE):
            response = await self._exchange(
                "POST",
                "/messages/",
                content=notification.payload,
                headers={
                    "Content-Type": "application/json;charset=utf-8",
                    "ServiceBusNotification-Format": notification.format.value,
                    **notification.headers,
                    **target,
                },
                parameters={"direct": "true"} if direct else {},
            )
            check(response, HTTPStatus.CREATED)
        return Receipt(_notification_id(response.headers.get("Location", "")), response.headers.get("TrackingId"))

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> AsyncHttpResponse:
        request = HttpRequest(
            method,
            self._url + path,
            params={"api-version": API_VERSION, **(parameters or {})},
            headers={"x-ms-version": API_VERSION, **({"Content-Type": _JSON} if content else {}), **(headers or {})},
            content=content,
        )
        return await self._pipeline.send_request(request)


def _path(installation_id: str) -> str:
    return f"/installations/{quote(checked_id(installation_id), safe='')}"


def _notification_id(location: str) -> str | None:
    """The id at the end of `https://<host>/<hub>/messages/<id>?api-version=…`."""
    _, found, notification_id = urlsplit(location).path.rpartition("/messages/")
    return notification_id if found and notification_id else None
