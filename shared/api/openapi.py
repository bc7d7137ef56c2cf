"""`GET /openapi.json`: this API, described (OpenAPI 3.1), from the table of operations and the types of the code."""

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

from shared.api.endpoint import Answer, Endpoint, Parameter
from shared.api.endpoints import ENDPOINTS, TAGS
from shared.api.http import Request, Response
from shared.api.problems import MEDIA_TYPE, Code, Problem, ProblemError
from shared.api.schemas import components, reference
from shared.wire.json import decode, encode
from shared.wire.message import JSON

VERSION: Final = "0.1.0"
"""Of the API; the same as of the package."""
_KEPT_SECONDS: Final = 3600
_BEARER: Final = "bearer"
_OPEN_ID: Final = "openIdConnect"
_DESCRIPTION: Final = """\
Gets every alert to its people: at once when they are online, as a push when they are not, and in their inbox either
way.

Whatever goes wrong is answered with a problem document (RFC 9457), whose `code` never changes. A path or a method that
does not exist is answered with 404 and no body, by the platform."""
_PROBLEM_HEADERS: Final = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "A challenge that names the scheme (RFC 6750)."},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "Seconds after which to try again."},
}

type Document = dict[str, Any]


class Description:
    """Answers with the document, which is made at first use.

    Args:
        issuer: of the tokens; an OpenID Connect issuer's URL.
    """

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    async def describe(self, request: Request) -> Response:
        """`GET /openapi.json`: it is the same for everyone, and may be kept on the way."""
        body, tag = _encoded(self._issuer)
        headers = {
            "Cache-Control": f"public, max-age={_KEPT_SECONDS}",
            "ETag": tag,
            "X-Content-Type-Options": "nosniff",
        }
        # A proxy that compresses makes tags weak; either kind will do here (RFC 9110, 13.1.2).
        known = {item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")}
        if known & {tag, "*"}:
            return Response(HTTPStatus.NOT_MODIFIED, b"", headers)
        return Response(HTTPStatus.OK, body, {"Content-Type": JSON, **headers})


@cache
def _encoded(issuer: str) -> tuple[bytes, str]:
    body = encode(document(issuer))
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def document(issuer: str) -> Document:
    """The OpenAPI document of this API for tokens of `issuer`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Belfry",
            "version": VERSION,
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/api"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": _paths(ENDPOINTS),
        "components": {
            "schemas": components(),
            "responses": {codes[0].code: _problem(codes) for codes in _groups(ENDPOINTS) if len(codes) == 1},
            "securitySchemes": {
                _OPEN_ID: {
                    "type": "openIdConnect",
                    "openIdConnectUrl": f"{issuer.rstrip('/')}/.well-known/openid-configuration",
                },
                _BEARER: {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": (
                        f"An access token of {issuer}, however it was come by. Where something on the way replaces "
                        "`Authorization` (Azure Static Web Apps does), send it as `X-Authorization`: it is preferred."
                    ),
                },
            },
        },
    }


def _paths(endpoints: Iterable[Endpoint]) -> Document:
    paths: Document = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method] = _operation(endpoint)
    return paths


def _operation(endpoint: Endpoint) -> Document:
    operation: Document = {
        "operationId": endpoint.name,
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "responses": _responses(endpoint),
        "security": [] if endpoint.public else [{scheme: list(endpoint.roles)} for scheme in (_OPEN_ID, _BEARER)],
    }
    if endpoint.description:
        operation["description"] = endpoint.description
    if endpoint.parameters:
        operation["parameters"] = [_parameter(parameter) for parameter in endpoint.parameters]
    if endpoint.body:
        operation["requestBody"] = {
            "required": endpoint.body.required,
            "content": {
                media_type: {
                    "schema": schema,
                    "examples": {name: {"value": it} for name, it in endpoint.body.examples[media_type].items()},
                }
                for media_type, schema in endpoint.body.schemas.items()
            },
        }
    return operation


def _parameter(parameter: Parameter) -> Document:
    described: Document = {"name": parameter.name, "in": parameter.place, "schema": parameter.schema}
    if parameter.description:
        described["description"] = parameter.description
    if parameter.required:
        described["required"] = True
    if parameter.schema.get("type") == "array":
        described["explode"] = False
    return described


def _responses(endpoint: Endpoint) -> Document:
    responses = {str(answer.status): _answer(answer) for answer in endpoint.answers}
    for codes in _groups([endpoint]):
        shared = {"$ref": f"#/components/responses/{codes[0].code}"}
        responses[str(codes[0].status.value)] = shared if len(codes) == 1 else _problem(codes)
    return dict(sorted(responses.items()))


def _groups(endpoints: Iterable[Endpoint]) -> Iterator[list[Code]]:
    """The problems of operations, those together that share a status in one of them."""
    for endpoint in endpoints:
        for _, codes in groupby(endpoint.every_problem, key=lambda code: code.status):
            yield list(codes)


def _answer(answer: Answer) -> Document:
    described: Document = {"description": answer.description}
    if answer.schema is not None:
        described["content"] = {JSON: {"schema": answer.schema}}
    if answer.example is not None:
        described["content"][JSON]["example"] = answer.example
    if answer.headers:
        described["headers"] = _headers(answer.headers.items())
    if answer.leads_to:
        described["links"] = {
            name: {"operationId": name, "parameters": parameters} for name, parameters in answer.leads_to.items()
        }
    return described


def _problem(codes: list[Code]) -> Document:
    """The answer with a status that these codes share."""
    described: Document = {
        "description": " ".join(f"`{code.code}`: {code.title}" for code in codes),
        "content": {
            MEDIA_TYPE: {
                "schema": reference(Problem) | {"properties": {"code": {"enum": [code.code for code in codes]}}},
                "examples": {
                    code.code: {"value": decode(ProblemError(code).response().body, dict[str, Any])} for code in codes
                },
            }
        },
    }
    if headers := _PROBLEM_HEADERS.get(codes[0].status):
        described["headers"] = _headers(headers.items())
    return described


def _headers(descriptions: Iterable[tuple[str, str]]) -> Document:
    return {
        name: {"description": description, "required": True, "schema": {"type": "string"}}
        for name, description in descriptions
    }
