"""Send alerts from synchronous code."""

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from azure.core.credentials import TokenCredential
from azure.servicebus import ServiceBusClient, ServiceBusMessageBatch

from belfry.preparing import AlertLike, prepare
from shared.azure.service_bus import ALERTS, to_service_bus
from shared.telemetry import Telemetry
from shared.wire.message import Outgoing


class AlertPublisher:
    """Puts alerts on the queue. Keep one for as long as you send; it may be used by one thread at a time.

    Args:
        namespace: the Service Bus namespace's host name, or a connection string where there is no credential.
        credential: an identity with the role Azure Service Bus Data Sender.
    """

    def __init__(self, namespace: str, credential: TokenCredential | None = None) -> None:
        self._client = (
            ServiceBusClient(namespace, credential)
            if credential
            else ServiceBusClient.from_connection_string(namespace)
        )
        self._sender = self._client.get_queue_sender(ALERTS)
        self._telemetry = Telemetry()

    @classmethod
    def from_connection_string(cls, connection_string: str) -> Self:
        """A publisher by connection string: for the local cloud, and where there is no identity."""
        return cls(connection_string)

    def send(self, alert: AlertLike) -> str:
        """Send one alert; once this returns it will not be lost.

        Returns:
            The alert's id.

        Raises:
            InvalidAlertError: the alert is not valid; names the field.
            azure.servicebus.exceptions.ServiceBusError: the queue did not take it. Sending it again with the same
                `id` is safe.
        """
        return self.send_many([alert])[0]

    def send_many(self, alerts: Iterable[AlertLike]) -> list[str]:
        """Send alerts in as few transfers as they fit into; all are checked before the first is sent.

        Returns:
            Their ids, in order.

        Raises:
            InvalidAlertError: one is not valid, and none was sent.
            azure.servicebus.exceptions.ServiceBusError: not all were taken. Sending all of them again with the same
                ids is safe.
        """
        identifiers, messages = prepare(alerts)
        with self._telemetry.sending(messages) as traced:
            self._send(traced)
        return identifiers

    def _send(self, messages: Iterable[Outgoing]) -> None:
        batch: ServiceBusMessageBatch | None = None
        for message in map(to_service_bus, messages):
            if batch is not None:
                try:
                    batch.add_message(message)
                except ValueError:  # full
                    self._sender.send_messages(batch)
                    batch = None
            if batch is None:
                batch = self._sender.create_message_batch()
                batch.add_message(message)
        if batch is not None:
            self._sender.send_messages(batch)

    def close(self) -> None:
        """Close the connection."""
        self._sender.close()
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
