"""Which path and method is which operation, and what is checked before any of them runs."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote

from emulators.web_pubsub import names
from emulators.web_pubsub.errors import (
    BadRequestError,
    MethodNotAllowedError,
    NotFoundError,
    UnauthorizedError,
    WebPubSubError,
)
from emulators.web_pubsub.operations import Operations
from emulators.web_pubsub.rest import Call, Query, Request, Response, failure
from emulators.web_pubsub.tokens import Credentials

API_VERSIONS = ("2021-10-01", "2022-11-01", "2023-07-01", "2024-01-01", "2024-12-01")

type Operation = Callable[[Operations, Call], Response]

_HUB = "/api/hubs/{hub}"
_CONNECTION = f"{_HUB}/connections/{{connection}}"
_GROUP = f"{_HUB}/groups/{{group}}"
_USER = f"{_HUB}/users/{{user}}"
_PERMISSION = f"{_HUB}/permissions/{{permission}}/connections/{{connection}}"

_OPERATIONS: dict[tuple[str, str], Operation] = {
    ("POST", f"{_HUB}/:addToGroups"): Operations.add_connections_to_groups,
    ("POST", f"{_HUB}/:closeConnections"): Operations.close_all_connections,
    ("POST", f"{_HUB}/:generateToken"): Operations.generate_client_token,
    ("POST", f"{_HUB}/:removeFromGroups"): Operations.remove_connections_from_groups,
    ("POST", f"{_HUB}/:send"): Operations.send_to_all,
    ("DELETE", _CONNECTION): Operations.close_connection,
    ("HEAD", _CONNECTION): Operations.connection_exists,
    ("POST", f"{_CONNECTION}/:send"): Operations.send_to_connection,
    ("DELETE", f"{_CONNECTION}/groups"): Operations.remove_connection_from_all_groups,
    ("HEAD", _GROUP): Operations.group_exists,
    ("POST", f"{_GROUP}/:closeConnections"): Operations.close_group_connections,
    ("POST", f"{_GROUP}/:send"): Operations.send_to_group,
    ("GET", f"{_GROUP}/connections"): Operations.list_connections_in_group,
    ("DELETE", f"{_GROUP}/connections/{{connection}}"): Operations.remove_connection_from_group,
    ("PUT", f"{_GROUP}/connections/{{connection}}"): Operations.add_connection_to_group,
    ("DELETE", _PERMISSION): Operations.revoke_permission,
    ("HEAD", _PERMISSION): Operations.check_permission,
    ("PUT", _PERMISSION): Operations.grant_permission,
    ("HEAD", _USER): Operations.user_exists,
    ("POST", f"{_USER}/:closeConnections"): Operations.close_user_connections,
    ("POST", f"{_USER}/:send"): Operations.send_to_user,
    ("DELETE", f"{_USER}/groups"): Operations.remove_user_from_all_groups,
    ("DELETE", f"{_USER}/groups/{{group}}"): Operations.remove_user_from_group,
    ("PUT", f"{_USER}/groups/{{group}}"): Operations.add_user_to_group,
}


@dataclass(frozen=True, slots=True)
class _Route:
    segments: tuple[str, ...]
    operations: dict[str, Operation]
    """By method."""

    def parts(self, segments: list[str]) -> dict[str, str] | None:
        """The variable parts of a path that takes this route; None if it does not."""
        if len(segments) != len(self.segments):
            return None
        parts: dict[str, str] = {}
        for template, segment in zip(self.segments, segments, strict=True):
            if template.startswith("{") and segment:
                parts[template[1:-1]] = segment
            elif template.lower() != segment.lower():
                return None
        return parts


def _routes() -> list[_Route]:
    routes: dict[str, _Route] = {}
    for (method, template), operation in _OPERATIONS.items():
        route = routes.setdefault(template, _Route(tuple(template.split("/")), {}))
        route.operations[method] = operation
    return list(routes.values())


_ROUTES = _routes()


class Rest:
    """The REST side of the service: a request in, a response with its effects out.

    Args:
        operations: what the calls do.
        credentials: whose signatures are good.
        counts: takes how often each operation was called.
    """

    def __init__(self, operations: Operations, credentials: Credentials, counts: Counter[str]) -> None:
        self._operations = operations
        self._credentials = credentials
        self._counts = counts

    def handle(self, request: Request) -> Response:
        """Carry out a request, or refuse it with the service's error shape."""
        try:
            if request.path == "/api/health":
                return _health(request)
            return self._handle(request)
        except WebPubSubError as error:
            return failure(error)

    def _handle(self, request: Request) -> Response:
        operation, parts = _found(request)
        self._counts[operation.__name__] += 1
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthorizedError("The request has no bearer token.", target="Authorization")
        self._credentials.check_request(token.strip(), request.url)
        query = Query(request.target)
        version = query.one("api-version")
        # The service lets a request without a version pass, although its specification asks for one.
        if version is not None and version not in API_VERSIONS:
            raise BadRequestError("The specified API version is not supported.", target="api-version")
        return operation(self._operations, Call(request, query, names.hub(parts.pop("hub")), parts))


def _health(request: Request) -> Response:
    if request.method not in {"GET", "HEAD"}:
        raise MethodNotAllowedError("Health can be read only.")
    return Response(HTTPStatus.OK)


def _found(request: Request) -> tuple[Operation, dict[str, str]]:
    segments = [unquote(segment) for segment in request.path.split("/")]
    for route in _ROUTES:
        parts = route.parts(segments)
        if parts is None:
            continue
        operation = route.operations.get(request.method)
        if operation is None:
            raise MethodNotAllowedError(f"The method {request.method} is not allowed here.", target="method")
        return operation, parts
    raise NotFoundError("There is no such operation.", target="path")
