"""The operations of the HTTP API, in one table: what each takes, what it answers, and what can go wrong.

`openapi` makes the document of it. Tests hold it against the routes of `function_app`, against the parameters that the
operations know, and, request by request, against what a running system answers.
"""

from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta

from shared.alert import MAXIMUM_BYTES, Alert, Category, Id, Severity
from shared.api import examples
from shared.api.answers import (
    Accepted,
    AllRead,
    Connection,
    HealthReport,
    RegisteredDevice,
    RegisteredDevices,
    Subscription,
    Subscriptions,
)
from shared.api.endpoint import Answer, Body, Endpoint, Parameter
from shared.api.operations import SEND_ROLE, CardState, ReadUpTo
from shared.api.problems import Code
from shared.api.schemas import reference, schema_of
from shared.api.sending import MAXIMUM_ALERTS
from shared.audience import Name
from shared.inbox.catching_up import Changes, History, SyncToken
from shared.inbox.profile import Preferences
from shared.inbox.settling_in import Export
from shared.inbox.state import Mark
from shared.position import Position
from shared.push.devices import MAXIMUM_DEVICES, InstallationId, Registration
from shared.wire import cloudevents
from shared.wire.cloudevents import Event
from shared.wire.message import JSON

_BODY: Final = (Code.INVALID_BODY, Code.TOO_LARGE, Code.UNSUPPORTED_MEDIA_TYPE)

TAGS: Final[Mapping[str, str]] = {
    "producers": "For those who send.",
    "inbox": "For those who read: each sees what is theirs.",
    "person": "For those who decide what they want to see, and whether at all.",
    "service": "For those who watch, and those who build.",
}

_SYNC_LINKS: Final = {"listChanges": {"since": "$response.body#/sync"}}

_SEND: Final = Endpoint(
    name="sendAlerts",
    method="post",
    path="/alerts",
    tag="producers",
    summary="Send alerts",
    description=(
        f"One alert, an array of up to {MAXIMUM_ALERTS}, or CloudEvents whose `data` is an alert: one in structured "
        f"mode, a batch, or one in binary mode (the alert in the body, the event's attributes in `ce-` headers). All "
        f"of them are valid, or nothing is enqueued. An alert has up to {MAXIMUM_BYTES // 1024} KiB. An event's alert "
        "without an id gets one made of the event's `source` and `id`: sent twice, it is shown once."
    ),
    parameters=(
        Parameter(name="ce-specversion", place="header", schema={"const": "1.0"}, description="Makes it binary mode."),
        *(
            Parameter(name=name, place="header", schema={"type": "string"})
            for name in ("ce-id", "ce-source", "ce-type")
        ),
    ),
    body=Body(
        schemas={
            JSON: {
                "anyOf": [
                    reference(Alert),
                    reference(Event),
                    {
                        "type": "array",
                        "items": {"anyOf": [reference(Alert), reference(Event)]},
                        "minItems": 1,
                        "maxItems": MAXIMUM_ALERTS,
                    },
                ]
            },
            cloudevents.MEDIA_TYPE: reference(Event),
            cloudevents.BATCH_MEDIA_TYPE: schema_of(
                Annotated[list[Event], Meta(min_length=1, max_length=MAXIMUM_ALERTS)]
            ),
        },
        examples={
            JSON: {"alert": examples.ALERT, "thread": [examples.FIRING, examples.RESOLVED]},
            cloudevents.MEDIA_TYPE: {"event": examples.EVENT},
            cloudevents.BATCH_MEDIA_TYPE: {"events": [examples.EVENT]},
        },
    ),
    answers=(
        Answer(
            status=202,
            description="They are on their way.",
            schema=reference(Accepted),
            example={"accepted": [{"id": examples.ALERT["id"]}]},
        ),
    ),
    problems=(Code.INVALID_ALERT, *_BODY, Code.FORBIDDEN),
    roles=(SEND_ROLE,),
)

_INBOX: Final = (
    Endpoint(
        name="negotiate",
        method="post",
        path="/negotiate",
        tag="inbox",
        summary="Where a client connects",
        description=(
            "A WebSocket on which cards, marks and changes of audience arrive at once. Connect first, then load the "
            "history: nothing falls in between. Whenever it was lost, connect again and ask for the changes."
        ),
        answers=(
            Answer(
                description="An address with a token in it.",
                schema=reference(Connection),
                example=examples.CONNECTION,
            ),
        ),
    ),
    Endpoint(
        name="listAlerts",
        method="get",
        path="/alerts",
        tag="inbox",
        summary="The history, newest first",
        description="A page may be shorter than asked for: only `next` says whether it is the last.",
        parameters=(
            Parameter(
                name="limit",
                place="query",
                schema={"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
                description="Cards on a page.",
            ),
            Parameter(
                name="before",
                place="query",
                schema=schema_of(Position),
                description="`next` of the page before.",
            ),
            Parameter(
                name="unread",
                place="query",
                schema={"type": "boolean"},
                description="Only cards that are unread, or only those that are read.",
            ),
            Parameter(
                name="severity",
                place="query",
                schema={"type": "array", "items": reference(Severity), "minItems": 1},
                description="Only cards of these severities, with commas between them.",
            ),
            Parameter(
                name="category",
                place="query",
                schema=schema_of(Annotated[list[Category], Meta(min_length=1)]),
                description="Only cards of these categories, with commas between them.",
            ),
        ),
        answers=(
            Answer(
                description="A page.",
                schema=reference(History),
                example=examples.HISTORY,
                leads_to={**_SYNC_LINKS, "listAlerts": {"before": "$response.body#/next"}},
            ),
        ),
    ),
    Endpoint(
        name="listChanges",
        method="get",
        path="/alerts/changes",
        tag="inbox",
        summary="What came or changed since",
        description=(
            "Complete, or refused with `sync-expired`: then load the history again. Keyed by `card`, with the higher "
            "position winning, it may overlap with frames and with the history."
        ),
        parameters=(
            Parameter(
                name="since",
                place="query",
                schema=schema_of(SyncToken),
                description="`sync` of the last answer.",
                required=True,
            ),
        ),
        answers=(
            Answer(
                description="Everything since, or its first part.",
                schema=reference(Changes),
                example=examples.CHANGES,
                leads_to=_SYNC_LINKS,
            ),
        ),
        problems=(Code.SYNC_EXPIRED,),
    ),
    Endpoint(
        name="markCard",
        method="patch",
        path="/alerts/{card}",
        tag="inbox",
        summary="Mark a card as read, unread or archived",
        description="The person's other tabs and devices are told.",
        parameters=(Parameter(name="card", place="path", schema=schema_of(Id), required=True),),
        body=Body(schemas={JSON: reference(CardState)}, examples={JSON: {"read": {"read": True}}}),
        answers=(Answer(description="The mark.", schema=reference(Mark), example=examples.MARK),),
        problems=(*_BODY, Code.CARD_NOT_FOUND, Code.CARD_REVISED),
    ),
    Endpoint(
        name="markAll",
        method="post",
        path="/alerts/read",
        tag="inbox",
        summary="Mark everything as read",
        description="Everything that was stored up to a moment; without a body, all that the person can see.",
        body=Body(
            schemas={JSON: reference(ReadUpTo)},
            examples={JSON: {"moment": {"upTo": examples.AT}, "everything": {}}},
            required=False,
        ),
        answers=(
            Answer(
                description="The moment up to which everything is read. It never goes back.",
                schema=reference(AllRead),
                example={"readUpTo": examples.AT},
            ),
        ),
        problems=_BODY,
    ),
)

_INSTALLATION: Final = Parameter(
    name="installation",
    place="path",
    schema=schema_of(InstallationId),
    description="The app's id for this device: one for each installation, and always the same.",
    required=True,
)
_TOPIC: Final = Parameter(name="topic", place="path", schema=schema_of(Name), required=True)

_PERSON: Final = (
    Endpoint(
        name="listSubscriptions",
        method="get",
        path="/subscriptions",
        tag="person",
        summary="The person's topics",
        answers=(
            Answer(
                description="Those that are open to them now.",
                schema=reference(Subscriptions),
                example={"subscriptions": [examples.SUBSCRIPTION]},
            ),
        ),
    ),
    Endpoint(
        name="subscribe",
        method="put",
        path="/subscriptions/{topic}",
        tag="person",
        summary="Subscribe to a topic",
        description="From now on; a repeat changes nothing.",
        parameters=(_TOPIC,),
        answers=(
            Answer(description="The subscription.", schema=reference(Subscription), example=examples.SUBSCRIPTION),
        ),
        problems=(Code.TOPIC_CLOSED, Code.TOO_MANY_SUBSCRIPTIONS, Code.TOO_MANY_TAGS),
    ),
    Endpoint(
        name="unsubscribe",
        method="delete",
        path="/subscriptions/{topic}",
        tag="person",
        summary="End a subscription",
        parameters=(_TOPIC,),
        answers=(Answer(status=204, description="There is none any more."),),
    ),
    Endpoint(
        name="readPreferences",
        method="get",
        path="/preferences",
        tag="person",
        summary="What the person wants to be pushed",
        answers=(Answer(description="The preferences.", schema=reference(Preferences), example=examples.PREFERENCES),),
    ),
    Endpoint(
        name="writePreferences",
        method="put",
        path="/preferences",
        tag="person",
        summary="Replace the preferences",
        description="What is left out has its default again.",
        body=Body(schemas={JSON: reference(Preferences)}, examples={JSON: {"quiet": examples.PREFERENCES}}),
        answers=(Answer(description="The preferences.", schema=reference(Preferences), example=examples.PREFERENCES),),
        problems=(*_BODY, Code.TOO_MANY_TAGS),
    ),
    Endpoint(
        name="listDevices",
        method="get",
        path="/devices",
        tag="person",
        summary="The person's devices",
        description=(
            "Those that are pushed to, the last registered first; one that its platform has rejected is forgotten, and "
            "has to be registered again. And the key that a browser subscribes with before it is registered, too: when "
            "that has changed, subscribe and register again."
        ),
        answers=(
            Answer(
                description="All of them.",
                schema=reference(RegisteredDevices),
                example={
                    "devices": [examples.DEVICE],
                    "applicationServerKey": examples.APPLICATION_SERVER_KEY,
                },
            ),
        ),
        problems=(Code.PUSH_OFF,),
    ),
    Endpoint(
        name="registerDevice",
        method="put",
        path="/devices/{installation}",
        tag="person",
        summary="Register a device, or renew it",
        description=(
            "At each start of the app is a good time: a device that is not renewed for 90 days is forgotten, and of "
            f"more than {MAXIMUM_DEVICES} of a person those that were renewed the longest ago."
        ),
        parameters=(_INSTALLATION,),
        body=Body(
            schemas={JSON: reference(Registration)},
            examples={JSON: {"phone": examples.PHONE, "browser": examples.BROWSER}},
        ),
        answers=(Answer(description="The device.", schema=reference(RegisteredDevice), example=examples.DEVICE),),
        problems=(*_BODY, Code.TOO_MANY_TAGS, Code.PUSH_OFF),
    ),
    Endpoint(
        name="removeDevice",
        method="delete",
        path="/devices/{installation}",
        tag="person",
        summary="Remove a device",
        parameters=(_INSTALLATION,),
        answers=(Answer(status=204, description="It is pushed to no more."),),
        problems=(Code.PUSH_OFF,),
    ),
    Endpoint(
        name="exportPerson",
        method="get",
        path="/me/export",
        tag="person",
        summary="Everything that is kept about the person",
        answers=(Answer(description="All of it.", schema=reference(Export), example=examples.EXPORT),),
    ),
    Endpoint(
        name="erasePerson",
        method="delete",
        path="/me",
        tag="person",
        summary="Erase it all",
        answers=(Answer(status=204, description="Nothing is left."),),
    ),
)

_SERVICE: Final = (
    Endpoint(
        name="health",
        method="get",
        path="/health",
        tag="service",
        summary="Which backends answer",
        answers=(
            Answer(description="All of them.", schema=reference(HealthReport), example=examples.HEALTHY),
            Answer(
                status=503, description="Not all of them.", schema=reference(HealthReport), example=examples.DEGRADED
            ),
        ),
        problems=(Code.INTERNAL,),
        public=True,
    ),
    Endpoint(
        name="describe",
        method="get",
        path="/openapi.json",
        tag="service",
        summary="This document",
        answers=(
            Answer(
                description="OpenAPI 3.1.",
                schema={"type": "object", "required": ["openapi", "info", "paths"]},
                headers={"ETag": "Changes with the document.", "Cache-Control": "It may be kept for an hour."},
            ),
            Answer(status=304, description="It is still the one that `If-None-Match` names."),
        ),
        problems=(Code.INTERNAL,),
        public=True,
    ),
)

ENDPOINTS: Final[tuple[Endpoint, ...]] = (_SEND, *_INBOX, *_PERSON, *_SERVICE)
