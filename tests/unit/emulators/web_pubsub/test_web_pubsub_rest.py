import itertools
import json
from collections import Counter
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.web_pubsub import handshake
from emulators.web_pubsub.connection import JSON_SUBPROTOCOL, RELIABLE_SUBPROTOCOL, Kind
from emulators.web_pubsub.effects import Send
from emulators.web_pubsub.errors import BadRequestError, NotServedError
from emulators.web_pubsub.hubs import Hubs
from emulators.web_pubsub.operations import Operations
from emulators.web_pubsub.rest import Request, Response
from emulators.web_pubsub.routing import Rest
from emulators.web_pubsub.tokens import ACCESS_KEY, ClientClaims, Credentials

ENDPOINT = "http://localhost:8080"


class Service:
    """The REST side without a socket."""

    def __init__(self) -> None:
        self.credentials = Credentials(ACCESS_KEY, lambda: 0)
        self.hubs = Hubs(
            clock=lambda: 0,
            new_id=(f"c{number:03}" for number in itertools.count(1)).__next__,
            reconnection_token=str,
        )
        self.counts: Counter[str] = Counter()
        self._rest = Rest(Operations(self.hubs, self.credentials), self.credentials, self.counts)

    def call(self, method: str, target: str, body: bytes | None = b"", **headers: str) -> Response:
        """A call with a good token."""
        token = jwt.encode({"aud": ENDPOINT + target, "exp": 60}, ACCESS_KEY, algorithm="HS256")
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._rest.handle(Request(method, ENDPOINT, target, {"authorization": f"Bearer {token}"} | names, body))

    def connect(self, user: str, *groups: str) -> None:
        """A client of the hub `hub`."""
        self.hubs.connect("hub", ClientClaims(user, groups=groups), JSON_SUBPROTOCOL)


@pytest.fixture
def service() -> Service:
    """A service without connections."""
    return Service()


@given(st.integers(0, 12), st.integers(1, 5), st.none() | st.integers(1, 14))
def test_pages_hold_every_member_once(members: int, size: int, top: int | None) -> None:
    """Following the links from page to page yields the members in order, none twice, none missing, not over `top`."""
    service = Service()
    for number in range(members):
        service.connect(f"user{number}", "a b")
    target = f"/api/hubs/hub/groups/a%20b/connections?maxpagesize={size}" + (f"&top={top}" if top else "")
    listed: list[str] = []
    pages = 0
    while target:
        response = service.call("GET", target)
        assert response.status is HTTPStatus.OK
        page: Any = response.document
        assert len(page["value"]) <= size
        listed += [member["connectionId"] for member in page["value"]]
        pages += 1
        link = page["nextLink"]
        target = urlsplit(link)._replace(scheme="", netloc="").geturl() if link else ""
    wanted = members if top is None else min(top, members)
    assert listed == [f"c{number:03}" for number in range(1, wanted + 1)]
    assert pages == max(1, -(-wanted // size))


def test_a_page_belongs_to_its_group(service: Service) -> None:
    """A continuation token of another group, or one that was made up, is refused."""
    for user in ("ada", "bob"):
        service.connect(user, "a", "b")
    page: Any = service.call("GET", "/api/hubs/hub/groups/a/connections?maxpagesize=1").document
    query = urlsplit(page["nextLink"]).query
    assert service.call("GET", f"/api/hubs/hub/groups/a/connections?{query}").status is HTTPStatus.OK
    for target in (f"groups/b/connections?{query}", "groups/a/connections?continuationToken=%C3%A4"):
        assert service.call("GET", f"/api/hubs/hub/{target}").status is HTTPStatus.BAD_REQUEST


def test_a_filter_that_fails_late_reaches_nobody(service: Service) -> None:
    """Either all that are meant receive a message or none."""
    service.hubs.connect("hub", ClientClaims(), JSON_SUBPROTOCOL)
    service.connect("ada")
    target = "/api/hubs/hub/:send?filter=not%20(length(userId)%20gt%20'a')"
    response = service.call("POST", target, b"x", content_type="text/plain")
    assert response.status is HTTPStatus.BAD_REQUEST
    assert list(response.effects) == []


def test_calls_are_counted_by_operation(service: Service) -> None:
    """The statistics tell operations apart, refused calls included."""
    service.call("HEAD", "/api/hubs/hub/users/ada")
    service.call("HEAD", "/api/hubs/hub/users/bob")
    service.call("POST", "/api/hubs/hub/:send", b"{", content_type="application/json")
    assert service.counts == {"user_exists": 2, "send_to_all": 1}


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("connections/x", "Warning.Connection.NotExisted"),
        ("groups/x", "Warning.Group.NotExisted"),
        ("users/x", "Warning.User.NotExisted"),
        ("permissions/sendToGroup/connections/x?targetName=a", "Info.Connection.NotExisted"),
    ],
)
def test_what_does_not_exist_has_a_code(service: Service, target: str, code: str) -> None:
    """The answer to HEAD has no body: the header says what is missing."""
    response = service.call("HEAD", f"/api/hubs/hub/{target}")
    assert (response.status, response.headers["x-ms-error-code"]) == (HTTPStatus.NOT_FOUND, code)


def test_a_body_without_a_type_is_bytes(service: Service) -> None:
    """Without Content-Type a message is binary; without a length it is refused."""
    service.connect("ada")
    response = service.call("POST", "/api/hubs/hub/:send", b"\x00")
    (effect,) = response.effects
    assert isinstance(effect, Send)
    assert json.loads(effect.content)["dataType"] == "binary"
    assert service.call("POST", "/api/hubs/hub/:send", None).status is HTTPStatus.BAD_REQUEST


def test_a_version_is_given_once(service: Service) -> None:
    """Two versions are one too many; none is taken for the newest."""
    version = "api-version=2024-12-01"
    assert service.call("HEAD", f"/api/hubs/hub/users/a?{version}&{version}").status is HTTPStatus.BAD_REQUEST
    assert service.call("HEAD", "/api/hubs/hub/users/a").status is HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        ("", None),
        (JSON_SUBPROTOCOL, JSON_SUBPROTOCOL),
        (f"acme, {RELIABLE_SUBPROTOCOL}, {JSON_SUBPROTOCOL}", RELIABLE_SUBPROTOCOL),
        (f"protobuf.webpubsub.azure.v1, {JSON_SUBPROTOCOL}", JSON_SUBPROTOCOL),
        ("acme", "acme"),
        ("acme, other", None),
    ],
)
def test_subprotocols_are_agreed_on(offered: str, agreed: str | None) -> None:
    """A subprotocol of the service comes first; a client's own is confirmed if it is the only one."""
    headers = {"Upgrade": "websocket", "Sec-WebSocket-Protocol": offered}
    wish = handshake.read(hub="Hub", endpoint=ENDPOINT, query={}, headers=headers)
    assert (wish.hub, wish.subprotocol) == ("hub", agreed)
    assert (Kind.of(agreed) is Kind.RAW) == (agreed in {None, "acme"})


def test_wishes_that_cannot_be_met() -> None:
    """What is no WebSocket, or asks for what is not served, is refused before any token is looked at."""
    upgrade = {"Upgrade": "WebSocket"}
    with pytest.raises(BadRequestError):
        handshake.read(hub="hub", endpoint=ENDPOINT, query={}, headers={})
    headers = upgrade | {"Sec-WebSocket-Protocol": "protobuf.reliable.webpubsub.azure.v1"}
    with pytest.raises(NotServedError):
        handshake.read(hub="hub", endpoint=ENDPOINT, query={}, headers=headers)
    with pytest.raises(BadRequestError):
        handshake.read(hub="hub", endpoint=ENDPOINT, query={"webpubsub_mode": "sendToGroup"}, headers=upgrade)
