"""What the REST operations do, one method each, by the names of the data-plane specification (2024-12-01).

Sends, removals and closings succeed when their target does not exist: the service answers before it knows.
"""

import base64
import binascii
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import urlencode

import msgspec

from emulators.web_pubsub import names
from emulators.web_pubsub.connection import Connection
from emulators.web_pubsub.errors import BadRequestError, NotFoundError, NotServedError
from emulators.web_pubsub.filters import Filter
from emulators.web_pubsub.hubs import Hubs
from emulators.web_pubsub.messages import Publication
from emulators.web_pubsub.permissions import Permission, Permissions
from emulators.web_pubsub.rest import Call, Response
from emulators.web_pubsub.tokens import ClientClaims, Credentials

API_VERSION = "2024-12-01"
LARGEST_PAGE = 200
"""Connections in one page of a listing."""
DEFAULT_TOKEN_MINUTES = 60
_PERMISSIONS = {each.lower(): each for each in Permission}


class GroupsChange(msgspec.Struct, frozen=True):
    """Body of `:addToGroups` and `:removeFromGroups`."""

    groups: list[str]
    filter: str | None = None


class Operations:
    """The REST operations on hubs."""

    def __init__(self, hubs: Hubs, credentials: Credentials) -> None:
        self._hubs = hubs
        self._credentials = credentials

    def send_to_all(self, call: Call) -> Response:
        """Broadcast to a hub."""
        return self._send(call, self._hubs.hub(call.hub).everyone())

    def send_to_group(self, call: Call) -> Response:
        """Send to the members of a group; they see it as coming from the group."""
        return self._send(call, self._hubs.hub(call.hub).group(call.group), group=call.group)

    def send_to_user(self, call: Call) -> Response:
        """Send to every connection of a user."""
        return self._send(call, self._hubs.hub(call.hub).user(call.user))

    def send_to_connection(self, call: Call) -> Response:
        """Send to one connection."""
        return self._send(call, self._connections(call))

    def close_all_connections(self, call: Call) -> Response:
        """Close every connection of a hub."""
        return self._close(call, self._hubs.hub(call.hub).everyone())

    def close_group_connections(self, call: Call) -> Response:
        """Close the members of a group."""
        return self._close(call, self._hubs.hub(call.hub).group(call.group))

    def close_user_connections(self, call: Call) -> Response:
        """Close the connections of a user."""
        return self._close(call, self._hubs.hub(call.hub).user(call.user))

    def close_connection(self, call: Call) -> Response:
        """Close one connection."""
        return self._close(call, self._connections(call))

    def connection_exists(self, call: Call) -> Response:
        """Whether a connection exists; one that can still be recovered does."""
        return _exists(self._connections(call), "Connection")

    def group_exists(self, call: Call) -> Response:
        """Whether a group has a member."""
        return _exists(self._hubs.hub(call.hub).group(call.group), "Group")

    def user_exists(self, call: Call) -> Response:
        """Whether a user has a connection."""
        return _exists(self._hubs.hub(call.hub).user(call.user), "User")

    def add_connection_to_group(self, call: Call) -> Response:
        """Put a connection into a group."""
        self._hubs.join([self._connection(call, "Error.Connection.NotExisted")], [call.group])
        return Response(HTTPStatus.OK)

    def remove_connection_from_group(self, call: Call) -> Response:
        """Take a connection out of a group."""
        self._hubs.leave(self._connections(call), [call.group])
        return Response(HTTPStatus.NO_CONTENT)

    def remove_connection_from_all_groups(self, call: Call) -> Response:
        """Take a connection out of its groups."""
        return self._leave_all(self._connections(call))

    def add_user_to_group(self, call: Call) -> Response:
        """Put every connection that a user has now into a group."""
        connections = self._hubs.hub(call.hub).user(call.user)
        if not connections:
            raise NotFoundError(f"User `{call.user}` is not found.", target="User", code="Error.User.NotExisted")
        self._hubs.join(connections, [call.group])
        return Response(HTTPStatus.OK)

    def remove_user_from_group(self, call: Call) -> Response:
        """Take a user's connections out of a group."""
        self._hubs.leave(self._hubs.hub(call.hub).user(call.user), [call.group])
        return Response(HTTPStatus.NO_CONTENT)

    def remove_user_from_all_groups(self, call: Call) -> Response:
        """Take a user's connections out of their groups."""
        return self._leave_all(self._hubs.hub(call.hub).user(call.user))

    def add_connections_to_groups(self, call: Call) -> Response:
        """Put the connections that a filter selects into groups."""
        connections, groups = self._selected(call)
        self._hubs.join(connections, groups)
        return Response(HTTPStatus.OK)

    def remove_connections_from_groups(self, call: Call) -> Response:
        """Take the connections that a filter selects out of groups."""
        connections, groups = self._selected(call)
        self._hubs.leave(connections, groups)
        return Response(HTTPStatus.OK)

    def list_connections_in_group(self, call: Call) -> Response:
        """A page of a group's members, by connection id."""
        size = call.query.integer("maxpagesize", 1, LARGEST_PAGE) or LARGEST_PAGE
        top = call.query.integer("top", 1)
        after = _after(call)
        size = min(size, top or size)
        members = sorted(self._hubs.hub(call.hub).group(call.group), key=lambda each: each.id)
        rest = [member for member in members if member.id > after]
        page, more = rest[:size], len(rest) > size and (top is None or top > size)
        return Response(
            HTTPStatus.OK,
            {
                "value": [{"connectionId": member.id, "userId": member.user} for member in page],
                "nextLink": _next_link(call, size, top and top - size, page[-1].id) if more else None,
            },
        )

    def grant_permission(self, call: Call) -> Response:
        """Let a connection do something to one group."""
        permission, group = _permission(call)
        connection = self._connection(call, "Info.Connection.NotExisted")
        connection.permissions[permission].grant(group)
        return Response(HTTPStatus.OK)

    def revoke_permission(self, call: Call) -> Response:
        """Forbid a connection to do something to one group; it stays in the groups that it is in."""
        permission, group = _permission(call)
        for connection in self._connections(call):
            connection.permissions[permission].revoke(group)
        return Response(HTTPStatus.NO_CONTENT)

    def check_permission(self, call: Call) -> Response:
        """Whether a connection may do something to one group."""
        permission, group = _permission(call)
        connection = self._connection(call, "Info.Connection.NotExisted")
        held: Permissions = connection.permissions[permission]
        if not held.allows(group):
            raise NotFoundError("The connection does not have the permission.", code="Info.Connection.NotExisted")
        return Response(HTTPStatus.OK)

    def generate_client_token(self, call: Call) -> Response:
        """Issue a client token; the service itself wants a Microsoft Entra token here, this one takes the access key.

        That is the one liberty: an identity cannot be proved to a service without a network.
        """
        client_type = (call.query.one("clientType") or "Default").lower()
        if client_type != "default":
            raise NotServedError(f"Clients of the type {client_type} are not served here.", target="clientType")
        minutes = call.query.integer("minutesToExpire", 1) or DEFAULT_TOKEN_MINUTES
        claims = ClientClaims(
            user=call.query.one("userId"),
            roles=tuple(call.query.all("role")),
            groups=tuple(names.group(group) for group in call.query.all("group")),
        )
        token = self._credentials.issue_client(call.request.endpoint, call.hub, claims, minutes)
        return Response(HTTPStatus.OK, {"token": token})

    def _send(self, call: Call, connections: Iterable[Connection], group: str | None = None) -> Response:
        condition = Filter(call.query.one("filter") or "")
        excluded = set(call.query.all("excluded"))
        publication = Publication(call.data(), group=group, expires=self._hubs.expires(call.ttl()))
        # The filter is asked about all of them first: one that fails on the last must not have reached the first.
        meant = [each for each in connections if each.id not in excluded and condition.matches(each)]
        return Response(HTTPStatus.ACCEPTED, effects=self._hubs.publish(meant, publication))

    def _close(self, call: Call, connections: Iterable[Connection]) -> Response:
        excluded = set(call.query.all("excluded"))
        meant = [connection for connection in connections if connection.id not in excluded]
        return Response(HTTPStatus.NO_CONTENT, effects=self._hubs.close(meant, call.query.one("reason") or ""))

    def _connections(self, call: Call) -> list[Connection]:
        """The connection in the path, if it exists."""
        connection = self._hubs.hub(call.hub).get(call.connection)
        return [] if connection is None else [connection]

    def _connection(self, call: Call, code: str) -> Connection:
        connections = self._connections(call)
        if not connections:
            raise NotFoundError(f"Connection `{call.connection}` is not found.", target="Connection", code=code)
        return connections[0]

    def _selected(self, call: Call) -> tuple[list[Connection], list[str]]:
        change = call.document(GroupsChange)
        groups = [names.group(group, target="groups") for group in change.groups]
        if not groups:
            raise BadRequestError("A nonempty list of valid group names is required.", target="groups")
        condition = Filter(change.filter or "")
        return [each for each in self._hubs.hub(call.hub).everyone() if condition.matches(each)], groups

    def _leave_all(self, connections: Iterable[Connection]) -> Response:
        for connection in connections:
            self._hubs.leave([connection], list(connection.groups))
        return Response(HTTPStatus.NO_CONTENT)


def _exists(found: list[Connection], what: str) -> Response:
    if not found:
        raise NotFoundError(f"{what} does not exist.", target=what, code=f"Warning.{what}.NotExisted")
    return Response(HTTPStatus.OK)


def _permission(call: Call) -> tuple[Permission, str]:
    name = call.parts["permission"]
    if name.lower() not in _PERMISSIONS:
        raise BadRequestError(f"Unknown permission '{name}'.", target="permission")
    return _PERMISSIONS[name.lower()], names.group(call.query.one("targetName") or "", target="targetName")


def _next_link(call: Call, size: int, top: int | None, last: str) -> str:
    token = base64.urlsafe_b64encode(f"{call.hub}\n{call.group}\n{last}".encode()).decode()
    query = {"api-version": API_VERSION, "maxpagesize": size, "continuationToken": token}
    if top is not None:
        query["top"] = top
    return f"{call.request.endpoint}{call.request.path}?{urlencode(query)}"


def _after(call: Call) -> str:
    """The connection id after which a page begins; empty for the first."""
    token = call.query.one("continuationToken")
    if token is None:
        return ""
    try:
        decoded = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    opening = f"{call.hub}\n{call.group}\n"
    if not decoded.startswith(opening):
        raise BadRequestError("Invalid continuationToken.", target="continuationToken")
    return decoded.removeprefix(opening)
