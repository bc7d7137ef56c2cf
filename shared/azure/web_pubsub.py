"""Web PubSub: the live connections."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, Self

from azure.core.credentials import AzureKeyCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ResourceNotFoundError
from azure.messaging.webpubsubservice.aio import WebPubSubServiceClient

from shared.audience import Audience, Kind
from shared.azure.calling import calling
from shared.errors import SettingsError

SERVICE: Final = "Web PubSub"


class WebPubSub:
    """A hub of live connections: a `Publisher`, and the place where clients get their address.

    Args:
        endpoint: the service's URL.
        hub: the hub's name.
        credential: the access key (local only), or a token credential.
    """

    def __init__(self, endpoint: str, hub: str, credential: AzureKeyCredential | AsyncTokenCredential) -> None:
        # One short retry: within a trigger, the queue owns the long waits.
        self._client = WebPubSubServiceClient(
            endpoint, hub, credential, retry_total=1, retry_backoff_factor=0.2, connection_timeout=3, read_timeout=6
        )

    @classmethod
    def from_connection_string(cls, connection: str, hub: str) -> Self:
        """A hub by connection string (local only).

        Raises:
            SettingsError: it has no endpoint or no key.
        """
        parts = dict(part.split("=", 1) for part in connection.split(";") if "=" in part)
        if not parts.get("Endpoint") or not parts.get("AccessKey"):
            raise SettingsError("WEB_PUBSUB_CONNECTION must have an Endpoint and an AccessKey")
        return cls(parts["Endpoint"], hub, AzureKeyCredential(parts["AccessKey"]))

    async def publish(self, audience: Audience, frame: dict[str, Any]) -> None:
        """See `Publisher`. Succeeds, too, when nobody is connected."""
        json = "application/json"
        async with calling(SERVICE):
            match audience.kind:
                case Kind.USER:
                    await self._client.send_to_user(audience.name, frame, content_type=json)
                case Kind.ROLE | Kind.TOPIC:
                    await self._client.send_to_group(str(audience), frame, content_type=json)
                case Kind.EVERYONE:
                    await self._client.send_to_all(frame, content_type=json)

    async def join(self, user: str, audience: Audience) -> None:
        """Put a person's open connections into an audience's group; new ones bring it in their token."""
        if audience.group:
            async with calling(SERVICE):
                with suppress(ResourceNotFoundError):  # not connected now
                    await self._client.add_user_to_group(audience.group, user)

    async def leave(self, user: str, audience: Audience) -> None:
        """Take a person's open connections out of an audience's group."""
        if audience.group:
            async with calling(SERVICE):
                await self._client.remove_user_from_group(audience.group, user)

    async def client_url(self, user: str, audiences: Iterable[Audience], lifetime: timedelta) -> str:
        """An address, with a token in it, at which a person's client connects; it may only listen.

        Args:
            user: the person.
            audiences: whose groups the connection is put into.
            lifetime: how long the address can be used to connect; a connection outlives it.
        """
        async with calling(SERVICE):
            token = await self._client.get_client_access_token(
                user_id=user,
                groups=[audience.group for audience in audiences if audience.group],
                roles=[],
                minutes_to_expire=int(lifetime / timedelta(minutes=1)),
            )
        url: str = token["url"]
        return url

    async def connected(self, user: str) -> bool:
        """See `Presence`. Holds for up to half a minute after a connection broke, which may be recovered so long."""
        async with calling(SERVICE):
            return bool(await self._client.user_exists(user))

    async def check(self) -> None:
        """Ask for a user who does not exist; raises `BelfryError` when the service does not answer."""
        async with calling(SERVICE, seconds=3):
            await self._client.user_exists("belfry-health")

    async def close(self) -> None:
        """Close the connections to the service."""
        await self._client.close()
