import json
import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulators.notification_hubs.access import KEY_NAME, SharedAccessKey
from emulators.notification_hubs.operations import Operations
from emulators.notification_hubs.rest import Request, Response
from tests.unit.emulators.notification_hubs.house import HUB, House

KEY = SharedAccessKey()
HOST = "localhost:8090"
VERSION = "api-version=2020-06"
PHONE = {"installationId": "i1", "platform": "fcmv1", "pushChannel": "token", "tags": ["a"]}
MESSAGE = {"message": {"notification": {"title": "Oven"}}}
FCM = {"ServiceBusNotification-Format": "fcmv1"}


def token(expires: float) -> str:
    """A token for the whole namespace."""
    resource = quote(f"http://{HOST}", safe="")
    signature = quote(KEY.signature(resource, str(int(expires))), safe="")
    return f"SharedAccessSignature sr={resource}&sig={signature}&se={int(expires)}&skn={KEY_NAME}"


class Service:
    """The operations, called with a good token unless told otherwise."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.operations = Operations(house.hubs, KEY, lambda: house.now, lambda: "tracking")

    def __call__(self, method: str, target: str, body: object = b"", headers: dict[str, str] | None = None) -> Response:
        """The answer to a request."""
        sent = {"Authorization": token(self.house.now + 60), **(headers or {})}
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        lowered = {name.lower(): value for name, value in sent.items()}
        return self.operations.handle(Request(method, HOST, target, lowered, content))

    def send(self, body: object = MESSAGE, **headers: str) -> Response:
        """A send to phones; names of headers with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self("POST", f"/{HUB}/messages/?{VERSION}", body, FCM | named)


@pytest.fixture
def service(house: House) -> Service:
    """One that holds nothing yet."""
    return Service(house)


def refusal(response: Response) -> tuple[int, str]:
    """The status and the sentence of an error, whose shape is checked."""
    root = ET.fromstring(response.body)  # noqa: S314  # written by the service under test
    assert (root.tag, [child.tag for child in root]) == ("Error", ["Code", "Detail"])
    code, detail = (child.text or "" for child in root)
    assert int(code) == response.status
    assert response.content_type == "application/xml; charset=utf-8"
    sentence, _, tracking = detail.rpartition(".TrackingId:")
    assert tracking == "tracking,TimeStamp:2027-01-15T08:00:00Z"
    return response.status, sentence


def test_installations_over_rest(service: Service) -> None:
    """Statuses and headers as the official client expects them."""
    target = f"/{HUB}/installations/i1?{VERSION}"
    written = service("PUT", target, PHONE)
    assert (written.status, written.body) == (200, b"")
    assert written.headers["Content-Location"] == f"http://{HOST}{target}"
    read = service("GET", target)
    assert (read.status, read.content_type) == (200, "application/json; charset=utf-8")
    assert json.loads(read.body)["tags"] == ["a"]
    assert service("PATCH", target, [{"op": "add", "path": "/tags", "value": "b"}]).status == 200
    assert service("DELETE", target).status == service("DELETE", target).status == 204
    assert refusal(service("GET", target)) == (404, "Installation not found")
    assert refusal(service("PATCH", target, []))[0] == 404
    assert service.operations.counts == {
        "put_installation": 1,
        "get_installation": 1,
        "patch_installation": 1,
        "delete_installation": 2,
    }


def test_a_send_is_answered_with_its_id(service: Service) -> None:
    """201, a location whose last part is the notification's id, and ids to find it by."""
    service("PUT", f"/{HUB}/installations/i1?{VERSION}", PHONE)
    answer = service.send(ServiceBusNotification_Tags="a")
    assert answer.status == 201
    notification_id = service.house.notifications("i1")[0]["notificationId"]
    assert answer.headers["Location"] == f"http://{HOST}/{HUB}/messages/{notification_id}?{VERSION}"
    assert answer.headers["TrackingId"] == answer.headers["x-ms-correlation-request-id"] == "tracking"
    assert service.send(TrackingId="mine").headers["TrackingId"] == "mine"


@pytest.mark.parametrize("query", ["direct", "direct=true", "direct=True"])
def test_a_direct_send_over_rest(service: Service, query: str) -> None:
    """To the handle in its header, which it needs."""
    service("PUT", f"/{HUB}/installations/i1?{VERSION}", PHONE)
    target = f"/{HUB}/messages/?{VERSION}&{query}"
    handle = {"ServiceBusNotification-DeviceHandle": "token"}
    assert service("POST", target, MESSAGE, FCM | handle).status == 201
    assert service.house.titles("i1") == ["Oven"]
    assert refusal(service("POST", target, MESSAGE, FCM)) == (
        400,
        "The header ServiceBusNotification-DeviceHandle is missing",
    )


def test_the_name_of_a_hub_has_no_case(service: Service) -> None:
    """As all names of entities in a namespace."""
    service("PUT", f"/Belfry/installations/i1?{VERSION}", PHONE)
    assert service("GET", f"/belfry/installations/i1?{VERSION}").status == 200


@pytest.mark.parametrize(
    ("method", "target", "status", "sentence"),
    [
        ("GET", f"/?{VERSION}", 404, "No notification hub exists at '/'"),
        ("GET", f"/-x/installations/i?{VERSION}", 404, "No notification hub exists at '/-x/installations/i'"),
        ("GET", f"/belfry?{VERSION}", 404, "There is no resource at '/belfry'"),
        ("GET", f"/belfry/installations?{VERSION}", 404, "There is no resource at '/belfry/installations'"),
        ("GET", "/belfry/installations/i", 400, "The api-version '' is not served; it is 2020-06"),
        ("GET", "/belfry/installations/i?api-version=2015-01", 400, "The api-version '2015-01' is not served; "),
        ("GET", f"/belfry/installations/%20?{VERSION}", 400, "' ' is not an installation id"),
        ("POST", f"/belfry/installations/i?{VERSION}", 405, "The method POST is not allowed here"),
        ("GET", f"/belfry/messages?{VERSION}", 405, "The method GET is not allowed here"),
        ("POST", f"/belfry/messages/$batch?direct&{VERSION}", 400, "The resource 'messages/$batch' is not served here"),
        ("GET", f"/belfry/registrations/?{VERSION}", 400, "The resource 'registrations' is not served here"),
        ("POST", f"/belfry/schedulednotifications?{VERSION}", 400, "The resource 'schedulednotifications' is not"),
    ],
)
def test_what_is_not_there_is_said(service: Service, method: str, target: str, status: int, sentence: str) -> None:
    """In the shape of the service, with a sentence that names it."""
    told = refusal(service(method, target))
    assert told[0] == status
    assert told[1].startswith(sentence)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (MESSAGE, {"ServiceBusNotification-Format": "template"}, 400),
        (MESSAGE, {"ServiceBusNotification-Format": ""}, 400),
        (MESSAGE, {"ServiceBusNotification-Tags": "a b"}, 400),
        (MESSAGE, {"ServiceBusNotification-Tags": ""}, 400),
        (b"", {}, 400),
        (b"{", {}, 400),
        (b"x" * 4097, {}, 413),
        (None, {}, 413),
        (MESSAGE, {"Authorization": ""}, 401),
    ],
)
def test_a_send_that_is_wrong_is_refused(service: Service, body: object, headers: dict[str, str], status: int) -> None:
    """And nobody gets anything."""
    service("PUT", f"/{HUB}/installations/i1?{VERSION}", PHONE)
    named: dict[str, Any] = {name.replace("-", "_"): value for name, value in headers.items()}
    assert refusal(service.send(body, **named))[0] == status
    assert service.house.titles("i1") == []


@pytest.mark.parametrize("parameter", ["test", "test=true"])
def test_test_sends_are_refused_by_name(service: Service, parameter: str) -> None:
    """Test sends, which answer with what became of them."""
    assert "is not served here" in refusal(service("POST", f"/{HUB}/messages?{VERSION}&{parameter}", MESSAGE, FCM))[1]


def test_an_error_is_xml_whatever_it_quotes(service: Service) -> None:
    """What a client sent stands in the sentence, and does not break the document."""
    status, sentence = refusal(service.send(ServiceBusNotification_Tags="(<a>&&b)"))
    assert status == 400
    assert sentence.startswith("An invalid tag(s) '<a>' was supplied. Valid tag characters are alphanumeric, _, @")


@given(
    st.sampled_from(["GET", "PUT", "PATCH", "DELETE", "POST", "HEAD"]),
    st.lists(st.sampled_from(["belfry", "installations", "messages", "i1", "$batch", "%00", "%2F", "", "ü", "_x"])),
    st.sampled_from([VERSION, f"{VERSION}&direct", ""]),
    st.sampled_from([PHONE, MESSAGE, b"", b"\xff", [], None]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_request_is_answered(service: Service, method: str, parts: list[str], query: str, body: object) -> None:
    """Whatever the method, the path and the body, with an answer of the service or its error."""
    response = service(method, f"/{'/'.join(parts)}?{query}", body, FCM)
    if response.status >= 400:
        refusal(response)
    else:
        assert response.status in {200, 201, 204}
