"""What the tests know of the service on this machine."""

from typing import Any, Protocol

from emulators.notification_hubs.access import ACCESS_KEY, KEY_NAME

HUB = "belfry"


class Received(Protocol):
    """Asks the local service what a device was sent."""

    async def __call__(self, installation_id: str, count: int = 0) -> list[dict[str, Any]]:
        """Its notifications, the newest first, once so many were sent on to its platform."""


def connection_string_of(url: str, key: str = ACCESS_KEY) -> str:
    """The connection string of a service on this machine."""
    endpoint = url.replace("http://", "sb://")
    return f"Endpoint={endpoint};SharedAccessKeyName={KEY_NAME};SharedAccessKey={key};UseDevelopmentEmulator=true;"
