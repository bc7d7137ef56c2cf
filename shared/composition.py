"""The composition root: what is put together from what, once per worker, at first use."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property

from azure.identity.aio import DefaultAzureCredential

from shared.api.openapi import Description
from shared.api.operations import Health, Inboxes, People, Producers
from shared.azure.cosmos import CosmosAlerts, CosmosDatabase, CosmosFeed, CosmosPeople
from shared.azure.notification_hubs import NotificationHub
from shared.azure.openid import OpenIdKeys
from shared.azure.pushes import HubPushes
from shared.azure.service_bus import ServiceBus
from shared.azure.web_pubsub import WebPubSub
from shared.card import from_document
from shared.delivery.channels.live import LiveChannel
from shared.delivery.channels.push import PushChannel
from shared.delivery.deliver import Deliver
from shared.identity import Authenticator
from shared.inbox.acting import PeopleActs
from shared.inbox.catching_up import CatchingUp
from shared.inbox.changes import Feeds
from shared.inbox.feeds import SharedFeeds
from shared.inbox.heads import SharedHeads
from shared.inbox.marking import Marking
from shared.inbox.membership import TopicAccess
from shared.inbox.settling_in import SettlingIn
from shared.inbox.visiting import Reception
from shared.push.badges import Badges
from shared.push.devices import Devices
from shared.push.sending import Pushing
from shared.settings import Settings
from shared.telemetry import Telemetry

_DAY = 86_400


def _now() -> datetime:
    return datetime.now(UTC)


class Belfry:
    """The application. Its clients are opened at first use and live as long as the worker.

    Args:
        settings: what the deployment decides.
        clock: the time, with a time zone.
    """

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = _now) -> None:
        self._settings = settings
        self._clock = clock
        # The SDKs log every request with its headers: at the rate of alerts that is noise, and on Azure a cost.
        logging.getLogger("azure").setLevel(logging.WARNING)

    @cached_property
    def deliver(self) -> Deliver:
        """What the queue `alerts` triggers."""
        live = LiveChannel(self._web_pubsub)
        push = [PushChannel(self._pushing, self._web_pubsub, self._clock)] if self._pushing else []
        return Deliver(
            self._alerts, [live, *push], self._service_bus, self._clock, PeopleActs(self._people), self._telemetry
        )

    @cached_property
    def producers(self) -> Producers:
        """For those who send."""
        return Producers(self._authenticator, self._service_bus, self._telemetry)

    @cached_property
    def inboxes(self) -> Inboxes:
        """For those who read."""
        reading = CatchingUp(
            self._reception,
            self._alerts,
            SharedHeads(self._alerts),
            Feeds(
                groups=SharedFeeds(CosmosFeed(self._database, "alerts")),
                own=CosmosFeed(self._database, "alerts"),
                people=CosmosFeed(self._database, "people"),
            ),
            from_document,
            self._people.sync_key,
        )
        return Inboxes(self._authenticator, reading, Marking(self._reception, self._alerts), self._pushing)

    @cached_property
    def people(self) -> People:
        """For those who decide what they want to see."""
        settling = SettlingIn(self._reception, self._alerts)
        devices = Devices(self._reception, self._people, self._pushes) if self._pushes else None
        return People(self._authenticator, self._reception, settling, devices, self._settings.vapid_public_key)

    @cached_property
    def health(self) -> Health:
        """For those who watch."""
        checks = {
            "cosmosDb": self._database.check,
            "serviceBus": self._service_bus.check,
            "webPubSub": self._web_pubsub.check,
        }
        if self._pushes:
            checks["notificationHubs"] = self._pushes.check
        return Health(checks)

    @cached_property
    def description(self) -> Description:
        """For those who build."""
        return Description(self._settings.auth_issuer)

    async def close(self) -> None:
        """Close the clients that were opened, for whoever has an end: a worker's are open as long as its process."""
        opened = (
            self.__dict__.get(name) for name in ("_database", "_service_bus", "_web_pubsub", "_pushes", "_credential")
        )
        for client in filter(None, opened):
            await client.close()

    @cached_property
    def _telemetry(self) -> Telemetry:
        return Telemetry()

    @cached_property
    def _reception(self) -> Reception:
        return Reception(self._people, self._access, self._web_pubsub, self._clock)

    @cached_property
    def _access(self) -> TopicAccess:
        return TopicAccess(self._settings.topic_access)

    @cached_property
    def _authenticator(self) -> Authenticator:
        settings = self._settings
        return Authenticator(
            OpenIdKeys(settings.auth_issuer),
            issuer=settings.auth_issuer,
            audience=settings.auth_audience,
            user_claim=settings.auth_user_claim,
            roles_claim=settings.auth_roles_claim,
        )

    @cached_property
    def _credential(self) -> DefaultAzureCredential:
        return DefaultAzureCredential(managed_identity_client_id=self._settings.identity_client_id)

    @cached_property
    def _database(self) -> CosmosDatabase:
        settings = self._settings
        credential = settings.cosmos_key or self._credential
        return CosmosDatabase(settings.cosmos_endpoint, settings.cosmos_database, credential)

    @cached_property
    def _alerts(self) -> CosmosAlerts:
        return CosmosAlerts(self._database, self._settings.retention_days * _DAY, self._clock)

    @cached_property
    def _people(self) -> CosmosPeople:
        return CosmosPeople(self._database, self._settings.retention_days * _DAY)

    @cached_property
    def _service_bus(self) -> ServiceBus:
        settings = self._settings
        if settings.service_bus_namespace:
            return ServiceBus(settings.service_bus_namespace, self._credential)
        return ServiceBus(settings.service_bus_connection or "")

    @cached_property
    def _web_pubsub(self) -> WebPubSub:
        settings = self._settings
        if settings.web_pubsub_endpoint:
            return WebPubSub(settings.web_pubsub_endpoint, settings.web_pubsub_hub, self._credential)
        return WebPubSub.from_connection_string(settings.web_pubsub_connection or "", settings.web_pubsub_hub)

    @cached_property
    def _pushes(self) -> HubPushes | None:
        settings = self._settings
        if not settings.notification_hubs_connection:
            return None
        hub = NotificationHub.from_connection_string(
            settings.notification_hubs_connection, settings.notification_hubs_hub
        )
        return HubPushes(hub)

    @cached_property
    def _pushing(self) -> Pushing | None:
        if not self._pushes:
            return None
        badges = Badges(self._people, self._alerts, self._access, self._clock)
        return Pushing(self._pushes, self._people, self._people, badges)
