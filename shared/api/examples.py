"""What requests and answers look like, for the OpenAPI document. Tests hold each against the code and its schema."""

from typing import Any, Final

type Example = dict[str, Any]

AT: Final = "2026-11-20T06:00:00.123Z"
_POSITION: Final = "1795154400000-0000000000000000042"

ALERT: Final[Example] = {
    "id": "order-42-shipped",
    "to": ["user:ada"],
    "title": "Your order is on its way",
    "body": "It left the house at 9:41.",
    "severity": "success",
    "category": "orders",
    "url": "/orders/42",
    "actions": [{"id": "track", "title": "Track it", "url": "/orders/42/track"}],
    "data": {"order": 42},
}
FIRING: Final[Example] = {
    "id": "disk-7-firing",
    "thread": "disk-7",
    "to": ["role:back-office", "topic:outages"],
    "title": "Disk 7 is full",
    "severity": "critical",
    "push": "always",
}
RESOLVED: Final[Example] = FIRING | {"id": "disk-7-resolved", "title": "Disk 7 has space again", "severity": "success"}
EVENT: Final[Example] = {
    "specversion": "1.0",
    "id": "17",
    "source": "/shop/orders",
    "type": "com.example.order.shipped",
    "data": {name: value for name, value in ALERT.items() if name != "id"},
}
CARD: Final[Example] = ALERT | {
    "card": ALERT["id"],
    "audience": "user:ada",
    "position": _POSITION,
    "at": AT,
    "read": False,
    "archived": False,
}
MARK: Final[Example] = {
    "card": ALERT["id"],
    "position": _POSITION,
    "version": 1,
    "read": True,
    "archived": False,
}
_AUDIENCES: Final = {"user:ada": None, "everyone": None, "topic:offers": AT}
_SYNC: Final = "MXuZ5Vd3Yh0mJ7cQ2a8eRkB42gAA"
HISTORY: Final[Example] = {
    "alerts": [CARD],
    "next": None,
    "unread": 1,
    "sync": _SYNC,
    "marks": [],
    "readUpTo": "",
    "audiences": _AUDIENCES,
    "gone": [{"card": "disk-7", "position": _POSITION, "retracted": True}],
}
CHANGES: Final[Example] = {
    "alerts": [CARD, {"card": "disk-7", "position": _POSITION, "retracted": True}],
    "marks": [MARK],
    "readUpTo": AT,
    "unread": 0,
    "sync": _SYNC,
    "audiences": _AUDIENCES,
    "more": False,
}
CONNECTION: Final[Example] = {
    "url": "wss://example.webpubsub.azure.com/client/hubs/belfry?access_token=eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
    "user": "ada",
    "audiences": ["user:ada", "role:back-office", "everyone"],
    "expiresAt": "2026-11-20T07:00:00.000Z",
}
SUBSCRIPTION: Final[Example] = {"topic": "offers", "since": AT}
PREFERENCES: Final[Example] = {
    "mutedCategories": ["marketing"],
    "mutedTopics": [],
    "minimumSeverity": "warning",
    "quietHours": {"start": "22:00", "end": "07:00", "timeZone": "Europe/Warsaw", "days": []},
    "criticalAlways": True,
}
PHONE: Final[Example] = {"platform": "fcmv1", "pushChannel": "dGhpcyBpcyBub3QgYSB0b2tlbg"}
BROWSER: Final[Example] = {
    "platform": "browser",
    "pushChannel": {
        "endpoint": "https://push.example.com/send/42",
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
APPLICATION_SERVER_KEY: Final = (
    "BBDpg7x-nQl1-SS1PUBKNh_eyMLbbZXZfZEEYxUcz3vCcHacBoW7tlOPWPwzrITVpfVFcGjZMn98fyBB3M1_Uxs"
)
DEVICE: Final[Example] = {"installation": "phone-1", "platform": "fcmv1", "registeredAt": AT, "renewedAt": AT}
EXPORT: Final[Example] = {
    "user": "ada",
    "exportedAt": "2026-11-20T06:05:00Z",
    "profile": {
        "id": "profile",
        "user": "ada",
        "kind": "profile",
        "subscriptions": {"offers": AT},
        "preferences": PREFERENCES,
        "readUpTo": AT,
    },
    "marks": [MARK | {"id": f"mark:{ALERT['id']}", "user": "ada", "kind": "mark", "at": AT, "audience": "user:ada"}],
    "devices": [DEVICE | PHONE | {"id": "device:phone-1", "user": "ada", "kind": "device", "tags": []}],
    "alerts": [CARD],
}
HEALTHY: Final[Example] = {
    "status": "ok",
    "backends": {
        "cosmosDb": {"answers": True, "milliseconds": 2.4},
        "serviceBus": {"answers": True, "milliseconds": 5.1},
        "webPubSub": {"answers": True, "milliseconds": 1.8},
    },
}
DEGRADED: Final[Example] = {"status": "degraded", "backends": HEALTHY["backends"] | {"webPubSub": {"answers": False}}}
