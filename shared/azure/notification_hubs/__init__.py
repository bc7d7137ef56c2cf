"""A client of Azure Notification Hubs: the devices that a hub knows, and notifications to them.

    async with NotificationHub.from_connection_string(connection, "hub") as hub:
        await hub.put(Installation(installation_id="1", platform=Platform.APNS, push_channel=token, tags=("news",)))
        await hub.send(apple(b'{"aps": {"alert": "Hello"}}'), to=any_of(["news", "sports"]))

There is no official one for Python. This one is built on Azure Core's pipeline, and sends what the official one for
JavaScript sends. Templates, scheduled sends, batches of devices and telemetry are left out, and so are the platforms
besides FCM v1, APNs and Web Push.
"""

from shared.azure.notification_hubs.client import NotificationHub, Receipt
from shared.azure.notification_hubs.connection import Connection
from shared.azure.notification_hubs.errors import InstallationGoneError
from shared.azure.notification_hubs.installations import (
    BrowserChannel,
    Installation,
    Patch,
    Platform,
    PushChannel,
    add_tags,
    change_push_channel,
    change_user,
    remove_tags,
)
from shared.azure.notification_hubs.notifications import (
    ApplePriority,
    ApplePushType,
    Format,
    Notification,
    Urgency,
    apple,
    browser,
    fcm_v1,
)
from shared.azure.notification_hubs.tags import TagExpression, any_of, installation, tag, user

__all__ = [
    "ApplePriority",
    "ApplePushType",
    "BrowserChannel",
    "Connection",
    "Format",
    "Installation",
    "InstallationGoneError",
    "Notification",
    "NotificationHub",
    "Patch",
    "Platform",
    "PushChannel",
    "Receipt",
    "TagExpression",
    "Urgency",
    "add_tags",
    "any_of",
    "apple",
    "browser",
    "change_push_channel",
    "change_user",
    "fcm_v1",
    "installation",
    "remove_tags",
    "tag",
    "user",
]
