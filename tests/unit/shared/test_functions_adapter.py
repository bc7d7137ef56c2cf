import azure.functions as func

from shared.api.http import json_response, no_content
from shared.azure.functions import from_response, to_request


def test_a_request_keeps_what_it_says() -> None:
    """Method, query, route and body as they are; headers by lower-case names."""
    request = to_request(
        func.HttpRequest(
            method="PATCH",
            url="/api/alerts/a",
            headers={"Authorization": "Bearer x", "Content-TYPE": "application/json"},
            params={"limit": "5"},
            route_params={"card": "a"},
            body=b'{"read": true}',
        )
    )
    assert request.method == "PATCH"
    assert request.headers == {"authorization": "Bearer x", "content-type": "application/json"}
    assert (request.query, request.params, request.body) == ({"limit": "5"}, {"card": "a"}, b'{"read": true}')


def test_a_response_keeps_what_it_says() -> None:
    """Status, body, media type and headers."""
    response = from_response(json_response({"a": 1}, 202, headers={"Retry-After": "5"}))
    assert (response.status_code, response.get_body(), response.mimetype) == (202, b'{"a":1}', "application/json")
    assert response.headers["Retry-After"] == "5"
    assert response.headers["Cache-Control"] == "no-store"


def test_a_response_without_content_has_none() -> None:
    """204 with an empty body."""
    response = from_response(no_content())
    assert (response.status_code, response.get_body()) == (204, b"")
