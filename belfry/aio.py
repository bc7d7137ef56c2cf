"""Send alerts from asyncio."""

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from azure.core.credentials_async import AsyncTokenCredential

from belfry.preparing import AlertLike, prepare
from shared.azure.service_bus import ALERTS, ServiceBus
from shared.telemetry import Telemetry

__all__ = ["AlertPublisher"]


class AlertPublisher:
    """Puts alerts on the queue. Keep one for as long as you send; any number of tasks may share it.

    Args:
        namespace: the Service Bus namespace's host name, or a connection string where there is no credential.
        credential: an identity with the role Azure Service Bus Data Sender.
    """

    def __init__(self, namespace: str, credential: AsyncTokenCredential | None = None) -> None:
        self._service_bus = ServiceBus(namespace, credential)
        self._telemetry = Telemetry()

    @classmethod
    def from_connection_string(cls, connection_string: str) -> Self:
        """A publisher by connection string: for the local cloud, and where there is no identity."""
        return cls(connection_string)

    async def send(self, alert: AlertLike) -> str:
        """Send one alert; once this returns it will not be lost.

        Returns:
            The alert's id.

        Raises:
            InvalidAlertError: the alert is not valid; names the field.
            TransientError: the queue did not take it. Sending it again with the same `id` is safe.
        """
        return (await self.send_many([alert]))[0]

    async def send_many(self, alerts: Iterable[AlertLike]) -> list[str]:
        """Send alerts in as few transfers as they fit into; all are checked before the first is sent.

        Returns:
            Their ids, in order.

        Raises:
            InvalidAlertError: one is not valid, and none was sent.
            TransientError: not all were taken. Sending all of them again with the same ids is safe.
        """
        identifiers, messages = prepare(alerts)
        with self._telemetry.sending(messages) as traced:
            await self._service_bus.send(ALERTS, traced)
        return identifiers

    async def close(self) -> None:
        """Close the connection."""
        await self._service_bus.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
