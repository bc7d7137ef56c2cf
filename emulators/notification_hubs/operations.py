"""The REST operations of a hub, api-version 2020-06: installations and sends.

Source: "Notification Hubs REST API Methods", and the requests of the official JavaScript package.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPMethod, HTTPStatus

import msgspec

from emulators.notification_hubs import apns, fcm, web_push
from emulators.notification_hubs.access import SharedAccessKey
from emulators.notification_hubs.errors import (
    BadRequestError,
    MethodNotAllowedError,
    NotFoundError,
    NotificationHubsError,
    NotServedError,
)
from emulators.notification_hubs.hubs import Hubs
from emulators.notification_hubs.installations import BrowserChannel, PushChannel, check_id
from emulators.notification_hubs.notifications import Format, Notification, check_size, read_format
from emulators.notification_hubs.rest import Request, Response, failure

API_VERSION = "2020-06"
HUB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,259}")

_JSON = "application/json; charset=utf-8"
_ELSEWHERE = {"registrations", "registrationids", "schedulednotifications", "jobs", "feedbackcontainer", "messages"}
"""Resources of the service, or parts of them, that are refused by name."""
_FORWARDED: Mapping[Format, frozenset[str]] = {
    Format.APPLE: apns.HEADERS,
    Format.ANDROID: frozenset(),
    Format.BROWSER: web_push.HEADERS,
}

type Handler = Callable[[Request, str], Response]


class Operations:
    """Answers requests.

    Args:
        hubs: the state.
        key: the one that tokens are signed with.
        clock: seconds since 1970.
        new_tracking_id: ids by which an answer is found in logs.
    """

    def __init__(
        self, hubs: Hubs, key: SharedAccessKey, clock: Callable[[], float], new_tracking_id: Callable[[], str]
    ) -> None:
        self._hubs = hubs
        self._key = key
        self._clock = clock
        self._new_tracking_id = new_tracking_id
        self.counts: Counter[str] = Counter()
        """How often each operation was done."""

    def handle(self, request: Request) -> Response:
        """The answer to a request; every answer carries an id to find it by."""
        tracking_id = request.header("TrackingId") or self._new_tracking_id()
        try:
            response = self._handle(request)
        except NotificationHubsError as error:
            response = failure(error, tracking_id, datetime.fromtimestamp(self._clock(), UTC))
        tracked = {"TrackingId": tracking_id, "x-ms-correlation-request-id": tracking_id, **response.headers}
        return Response(response.status, response.body, response.content_type, tracked)

    def _handle(self, request: Request) -> Response:
        hub, *rest = request.parts
        self._key.check(request.header("Authorization"), request.host, request.path, self._clock())
        if not HUB_NAME.fullmatch(hub):
            raise NotFoundError(f"No notification hub exists at '{request.path}'")
        if (version := request.query.get("api-version")) != API_VERSION:
            raise BadRequestError(f"The api-version '{version or ''}' is not served; it is {API_VERSION}")
        match rest:
            case ["installations", installation_id]:
                name, handler = self._installation_operation(request.method)
                response = handler(request, check_id(installation_id))
            case ["messages"]:
                if request.method != HTTPMethod.POST:
                    raise MethodNotAllowedError(f"The method {request.method} is not allowed here")
                name, response = "send", self._send(request)
            case [resource, *_] if resource.lower() in _ELSEWHERE:
                raise NotServedError(f"The resource '{'/'.join(rest)}' is not served here")
            case _:
                raise NotFoundError(f"There is no resource at '{request.path}'")
        self.counts[name] += 1
        return response

    def _installation_operation(self, method: str) -> tuple[str, Handler]:
        match method:
            case HTTPMethod.GET:
                return "get_installation", self._get
            case HTTPMethod.PUT:
                return "put_installation", self._put
            case HTTPMethod.PATCH:
                return "patch_installation", self._patch
            case HTTPMethod.DELETE:
                return "delete_installation", self._delete
        raise MethodNotAllowedError(f"The method {method} is not allowed here")

    def _get(self, request: Request, installation_id: str) -> Response:
        document = self._hubs.get(_hub(request), installation_id).document()
        return Response(HTTPStatus.OK, msgspec.json.encode(document), _JSON, _location(request))

    def _put(self, request: Request, installation_id: str) -> Response:
        self._hubs.put(_hub(request), installation_id, request.content)
        return Response(HTTPStatus.OK, headers=_location(request))

    def _patch(self, request: Request, installation_id: str) -> Response:
        self._hubs.patch(_hub(request), installation_id, request.content)
        return Response(HTTPStatus.OK, headers=_location(request))

    def _delete(self, request: Request, installation_id: str) -> Response:
        self._hubs.delete(_hub(request), installation_id)
        return Response(HTTPStatus.NO_CONTENT)

    def _send(self, request: Request) -> Response:
        if _switched_on(request, "test"):
            raise NotServedError("A test send is not served here")
        hub, notification = _hub(request), _notification(request)
        if _switched_on(request, "direct"):
            notification_id = self._hubs.send_directly(hub, notification, _device_handle(request, notification.format))
        else:
            tags = request.headers.get("servicebusnotification-tags")
            notification_id = self._hubs.send(hub, notification, tags)
        location = f"http://{request.host}/{hub}/messages/{notification_id}?api-version={API_VERSION}"
        return Response(HTTPStatus.CREATED, headers={"Location": location})


def _hub(request: Request) -> str:
    """The hub in the path; names of hubs differ by more than case."""
    return request.parts[0].lower()


def _switched_on(request: Request, parameter: str) -> bool:
    """Whether a parameter is there, with any value but `false`, or with none."""
    return request.query.get(parameter, "false").lower() != "false"


def _location(request: Request) -> dict[str, str]:
    return {"Content-Location": f"http://{request.host}{request.target}"}


def _notification(request: Request) -> Notification:
    """The notification in the headers and the body of a send."""
    name = read_format(request.header("ServiceBusNotification-Format"))
    check_size(request.content)
    headers = {header: value for header, value in request.headers.items() if header in _FORWARDED[name]}
    match name:
        case Format.APPLE:
            appearance = apns.appearance(request.content, headers)
        case Format.ANDROID:
            appearance = fcm.appearance(request.content)
        case Format.BROWSER:
            appearance = web_push.appearance(request.content, headers)
    return Notification(name, request.content, headers, appearance)


def _device_handle(request: Request, name: Format) -> PushChannel:
    """The device of a direct send."""
    handle = request.header("ServiceBusNotification-DeviceHandle")
    if not handle:
        raise BadRequestError("The header ServiceBusNotification-DeviceHandle is missing")
    if name is Format.BROWSER:
        return BrowserChannel(handle, request.header("P256DH"), request.header("Auth"))
    return handle
