import json
from typing import Any

import pytest

from emulators.static_web_apps.configuration import read
from emulators.static_web_apps.site import DEFAULT_HEADERS, Answer, Forward, Page, Site, Words

FILES = {
    "/index.html",
    "/customer.html",
    "/help/index.html",
    "/404.html",
    "/assets/a.js",
    "/shop.json",
    "/staticwebapp.config.json",
    "/.auth/me",
}


def answer(path: str, method: str = "GET", **rules: Any) -> Answer:
    """What a site with these rules answers."""
    return Site(read(json.dumps(rules).encode()), FILES.__contains__).answer(method, path)


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/", "/index.html"),
        ("/index.html", "/index.html"),
        ("/customer", "/customer.html"),
        ("/customer/", "/customer.html"),
        ("/help", "/help/index.html"),
        ("/help/", "/help/index.html"),
        ("/assets/a.js", "/assets/a.js"),
    ],
)
def test_a_path_leads_to_its_file(path: str, file: str) -> None:
    """By its name, as a folder's page, or as the page of that name; with the headers that Azure sends."""
    assert answer(path) == Page(file, 200, DEFAULT_HEADERS)


@pytest.mark.parametrize("path", ["/nowhere", "/assets/b.js", "/assets", "/staticwebapp.config.json", "/.auth/me"])
def test_what_is_no_file_is_not_found(path: str) -> None:
    """Nor are the rules themselves served, nor a sign-in that is not here."""
    assert answer(path) == Words(404, DEFAULT_HEADERS)


@pytest.mark.parametrize("path", ["/api/alerts", "/API/alerts", "/api/"])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "OPTIONS"])
def test_the_api_is_passed_on(path: str, method: str) -> None:
    """All methods, and before any file or fallback."""
    assert answer(path, method, navigationFallback={"rewrite": "/index.html"}) == Forward()


def test_a_rewrite_may_lead_to_the_api() -> None:
    """It goes by where it leads, not by where it came from."""
    rules: dict[str, Any] = {
        "routes": [{"route": "/health", "rewrite": "/api/health"}, {"route": "/api/old", "rewrite": "/customer.html"}]
    }
    assert answer("/health", **rules) == Forward("/api/health")
    assert answer("/api/old", **rules) == Page("/customer.html", 200, DEFAULT_HEADERS)


def test_only_reading_is_allowed_for_files() -> None:
    """Other methods are for the API; OPTIONS says which there are."""
    assert answer("/", "HEAD") == Page("/index.html", 200, DEFAULT_HEADERS)
    allowed = {**DEFAULT_HEADERS, "allow": "GET, HEAD, OPTIONS"}
    assert answer("/", "OPTIONS") == Words(204, allowed)
    assert answer("/", "POST") == Words(405, allowed)


def test_the_first_route_that_matches_counts() -> None:
    """In the order of the file, by path and method."""
    rules: dict[str, Any] = {
        "routes": [
            {"route": "/orders/*", "methods": ["HEAD"], "rewrite": "/index.html"},
            {"route": "/orders/*", "rewrite": "/customer.html"},
            {"route": "/orders/1", "rewrite": "/index.html"},
        ]
    }
    assert answer("/orders/1", "HEAD", **rules) == Page("/index.html", 200, DEFAULT_HEADERS)
    assert answer("/orders/1", **rules) == Page("/customer.html", 200, DEFAULT_HEADERS)


def test_a_redirect_says_where_to() -> None:
    """302 unless the route says 301; one that leads to itself is no rule."""
    headers = {**DEFAULT_HEADERS, "location": "/customer"}
    assert answer("/shop", routes=[{"route": "/shop", "redirect": "/customer"}]) == Words(302, headers)
    moved = {"route": "/*", "redirect": "/customer", "statusCode": 301}
    assert answer("/shop", routes=[moved]) == Words(301, headers)
    assert answer("/customer", routes=[moved]) == Page("/customer.html", 301, DEFAULT_HEADERS)


def test_headers_of_a_route_go_over_global_ones() -> None:
    """The union of both; an empty value takes a header away; names are the same in any case."""
    rules: dict[str, Any] = {
        "globalHeaders": {"Cache-Control": "no-cache", "X-XSS-Protection": "", "X-Own": "global"},
        "routes": [{"route": "/assets/*", "headers": {"CACHE-CONTROL": "immutable", "X-Route": "yes", "x-own": ""}}],
    }
    page, asset = answer("/", **rules), answer("/assets/a.js", **rules)
    assert isinstance(page, Page)
    assert isinstance(asset, Page)
    assert (page.headers["cache-control"], page.headers["x-own"]) == ("no-cache", "global")
    assert (asset.headers["cache-control"], asset.headers["x-route"]) == ("immutable", "yes")
    assert "x-xss-protection" not in page.headers.keys() | asset.headers.keys()
    assert "x-own" not in asset.headers


def test_an_app_routes_the_paths_that_no_file_has() -> None:
    """The fallback's file answers with 200; a file that is there comes first; what is excluded is not found."""
    rules: dict[str, Any] = {"navigationFallback": {"rewrite": "index.html", "exclude": ["/assets/*", "*.{js,css}"]}}
    assert answer("/orders/1001", **rules) == Page("/index.html", 200, DEFAULT_HEADERS)
    assert answer("/customer", **rules) == Page("/customer.html", 200, DEFAULT_HEADERS)
    assert answer("/assets/a.js", **rules) == Page("/assets/a.js", 200, DEFAULT_HEADERS)
    for missing in ("/assets/b", "/b.js", "/staticwebapp.config.json", "/.auth/login/github"):
        assert answer(missing, **rules) == Words(404, DEFAULT_HEADERS)


def test_an_error_may_have_a_page_or_lead_elsewhere() -> None:
    """The status stays the error's unless the override says another."""
    assert answer("/x", responseOverrides={"404": {"rewrite": "/404.html"}}) == Page("/404.html", 404, DEFAULT_HEADERS)
    soft = {"404": {"rewrite": "/404.html", "statusCode": 200}}
    assert answer("/x", responseOverrides=soft) == Page("/404.html", 200, DEFAULT_HEADERS)
    elsewhere = {"404": {"redirect": "/"}}
    assert answer("/x", responseOverrides=elsewhere) == Words(302, {**DEFAULT_HEADERS, "location": "/"})
    assert answer("/x", responseOverrides={"404": {"rewrite": "/gone.html"}}) == Words(404, DEFAULT_HEADERS)


def test_a_route_may_refuse() -> None:
    """401, 403 and 404 are errors with their overrides, also for the API."""
    rules: dict[str, Any] = {
        "routes": [{"route": "/api/health", "statusCode": 404}, {"route": "/help*", "statusCode": 403}],
        "responseOverrides": {"403": {"redirect": "/customer"}},
    }
    assert answer("/api/health", **rules) == Words(404, DEFAULT_HEADERS)
    assert answer("/help", **rules) == Words(302, {**DEFAULT_HEADERS, "location": "/customer"})


def test_media_types_can_be_given() -> None:
    """By extension."""
    site = Site(read(b'{"mimeTypes": {".json": "text/json"}}'), FILES.__contains__)
    assert [site.media_type(path) for path in ("/shop.json", "/SHOP.JSON", "/json", "/a.json/b")] == [
        "text/json",
        "text/json",
        None,
        None,
    ]
