"""How a client gets its WebSocket: what it asks for, whether it may, and the connection it is given."""

from collections.abc import Mapping
from dataclasses import dataclass

from emulators.web_pubsub import names
from emulators.web_pubsub.connection import JSON_SUBPROTOCOL, RELIABLE_SUBPROTOCOL, Socket
from emulators.web_pubsub.effects import Effect
from emulators.web_pubsub.errors import BadRequestError, NotServedError, UnauthorizedError
from emulators.web_pubsub.hubs import Hubs
from emulators.web_pubsub.tokens import ClientClaims, Credentials


@dataclass(frozen=True, slots=True)
class Recovery:
    """A client wants its broken connection back."""

    connection_id: str
    token: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for."""

    hub: str
    endpoint: str
    """`http(s)://host` as the client has it."""
    subprotocol: str | None
    raw_group: str | None
    access_token: str | None
    recovery: Recovery | None


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a client is given once the WebSocket is open."""

    hub: str
    subprotocol: str | None
    raw_group: str | None
    claims: ClientClaims | None
    """Of a new connection."""
    recover: str | None
    """Connection id to recover; None with no claims either: it cannot be recovered."""


def read(*, hub: str, endpoint: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Wish:
    """What the client asks for.

    Args:
        hub: from the path, or from the query.
        endpoint: `http(s)://host`.
        query: of the URL.
        headers: of the request, found in any case.

    Raises:
        BadRequestError: this is no WebSocket request, the hub's name or the mode is wrong.
        NotServedError: it asks for a subprotocol of the service that is not served here.
    """
    if headers.get("Upgrade", "").lower() != "websocket":
        raise BadRequestError("Clients connect with a WebSocket.", target="Upgrade")
    scheme, _, bearer = headers.get("Authorization", "").partition(" ")
    subprotocol = _subprotocol(headers.get("Sec-WebSocket-Protocol", ""))
    connection_id = query.get("awps_connection_id")
    return Wish(
        hub=names.hub(hub),
        endpoint=endpoint,
        subprotocol=subprotocol,
        raw_group=None if subprotocol in {JSON_SUBPROTOCOL, RELIABLE_SUBPROTOCOL} else _raw_group(query),
        access_token=query.get("access_token") or (bearer.strip() if scheme.lower() == "bearer" else None),
        recovery=Recovery(connection_id, query.get("awps_reconnection_token", "")) if connection_id else None,
    )


def admit(wish: Wish, credentials: Credentials) -> Admitted:
    """Check the token. A recovery that fails is still admitted: its WebSocket opens to be closed with 1008.

    Raises:
        UnauthorizedError: the token does not open this hub.
        BadRequestError: the token names a group that cannot be.
    """
    if wish.recovery:
        good = credentials.recovers(wish.recovery.token, wish.recovery.connection_id)
        return Admitted(wish.hub, wish.subprotocol, None, None, wish.recovery.connection_id if good else None)
    if not wish.access_token:
        raise UnauthorizedError("The client has no access token.", target="access_token")
    claims = credentials.check_client(wish.access_token, wish.endpoint, wish.hub)
    for group in claims.groups:
        names.group(group, target="webpubsub.group")
    return Admitted(wish.hub, wish.subprotocol, wish.raw_group, claims, None)


def open_socket(admitted: Admitted, hubs: Hubs) -> tuple[Socket, list[Effect]] | None:
    """Connect or recover; None if there is nothing to recover."""
    if admitted.claims is not None:
        return hubs.connect(admitted.hub, admitted.claims, admitted.subprotocol, admitted.raw_group)
    if admitted.recover is None or admitted.subprotocol != RELIABLE_SUBPROTOCOL:
        return None
    return hubs.recover(admitted.hub, admitted.recover)


def _subprotocol(header: str) -> str | None:
    """The subprotocol that is agreed on.

    The first that is served, in whatever place the client named it. Otherwise the client is a simple WebSocket client
    and its own single subprotocol is confirmed, without which browsers hang up; among several only an event handler
    could choose.
    """
    offered = [name.strip() for name in header.split(",") if name.strip()]
    for name in offered:
        if name in {JSON_SUBPROTOCOL, RELIABLE_SUBPROTOCOL}:
            return name
    for name in offered:
        if name.endswith(".webpubsub.azure.v1"):
            raise NotServedError(f"The subprotocol {name} is not served here.", target="Sec-WebSocket-Protocol")
    return offered[0] if len(offered) == 1 else None


def _raw_group(query: Mapping[str, str]) -> str | None:
    """Where a simple WebSocket client publishes, in the mode `sendToGroup`."""
    mode = query.get("webpubsub_mode", "sendEvent").lower()
    if mode == "sendevent":
        return None
    if mode != "sendtogroup":
        raise BadRequestError("The mode is sendEvent or sendToGroup.", target="webpubsub_mode")
    return names.group(query.get("group", ""))
