import importlib
import inspect
import json
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st

from shared.alert import Action, Alert
from shared.api import examples
from shared.api.endpoint import Endpoint
from shared.api.endpoints import ENDPOINTS
from shared.api.http import Request
from shared.api.openapi import VERSION, Description, document
from shared.api.operations import CardState, ReadUpTo
from shared.api.problems import Code
from shared.api.schemas import TYPES, components
from shared.api.sending import read_alerts
from shared.card import Card, Withdrawn, to_card
from shared.inbox.profile import Preferences
from shared.wire.json import decode
from tests.unit.shared.fakes import NOON, OFFICE, stored

PROJECT = Path(__file__).parents[3]
ISSUER = "https://login.example.com/tenant/"
DOCUMENT = document(ISSUER)
OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation for methods in DOCUMENT["paths"].values() for operation in methods.values()
}


def responses_of(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The responses of an operation by status, those that others share too."""
    return {
        status: DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
        if "$ref" in response
        else response
        for status, response in operation["responses"].items()
    }


def validator(schema: Any) -> jsonschema_rs.Validator:
    """A validator of JSON Schema 2020-12 for a schema that refers to the document's components."""
    whole = {**schema, "components": {"schemas": DOCUMENT["components"]["schemas"]}}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


@cache
def component(name: str) -> jsonschema_rs.Validator:
    """A validator of one of the components."""
    return validator({"$ref": f"#/components/schemas/{name}"})


def shown(content: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Media type, schema and value of each example in a content object."""
    for media_type, described in content.items():
        if "example" in described:
            yield media_type, described["schema"], described["example"]
        for example in described.get("examples", {}).values():
            yield media_type, described["schema"], example["value"]


def test_the_document_is_openapi() -> None:
    """It is valid by the schema that the OpenAPI Initiative publishes for 3.1."""
    schemathesis.openapi.from_dict(DOCUMENT).validate()
    assert DOCUMENT["openapi"].startswith("3.1.")


def test_every_schema_is_one() -> None:
    """Each component, parameter, body and answer has a JSON Schema 2020-12 whose references and patterns hold."""
    for schema in DOCUMENT["components"]["schemas"].values():
        validator(schema)
    for operation in OPERATIONS.values():
        for parameter in operation.get("parameters", ()):
            validator(parameter["schema"])
        for carrier in [operation.get("requestBody", {}), *responses_of(operation).values()]:
            for described in carrier.get("content", {}).values():
                validator(described["schema"])


@pytest.fixture(scope="module")
def routes() -> set[tuple[str, str, str]]:
    """Name, method and path of every HTTP function of the app."""
    settings = json.loads((PROJECT / "local.settings.sample.json").read_text())["Values"]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        functions = importlib.import_module("function_app").app.get_functions()
    triggers = [(function.get_function_name(), function.get_trigger().get_dict_repr()) for function in functions]
    return {
        (name, method.value, f"/{trigger['route']}")
        for name, trigger in triggers
        if trigger["type"] == "httpTrigger"
        for method in trigger["methods"]
    }


def test_it_has_the_routes_of_the_app(routes: set[tuple[str, str, str]]) -> None:
    """Every function of function_app.py with its method and route, by its own name; and no other."""
    described = {
        (re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", endpoint.name), endpoint.method.upper(), endpoint.path)
        for endpoint in ENDPOINTS
    }
    assert described == routes


def test_the_server_is_where_the_app_is() -> None:
    """The route prefix of host.json."""
    prefix = json.loads((PROJECT / "host.json").read_text())["extensions"]["http"]["routePrefix"]
    assert [server["url"] for server in DOCUMENT["servers"]] == [f"/{prefix}"]


def test_names_are_distinct() -> None:
    """Generators name a client's methods after the operations."""
    assert len(OPERATIONS) == len(ENDPOINTS)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_parameters_of_the_route_are_declared(endpoint: Endpoint) -> None:
    """What stands in braces is a parameter, and required."""
    declared = {parameter.name for parameter in endpoint.parameters if parameter.place == "path"}
    assert declared == set(re.findall(r"\{(\w+)\}", endpoint.path))
    assert all(parameter.required for parameter in endpoint.parameters if parameter.place == "path")


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_links_lead_to_operations_that_take_them(endpoint: Endpoint) -> None:
    """A link names an operation, and parameters that it has."""
    for answer in endpoint.answers:
        for name, parameters in answer.leads_to.items():
            [target] = [other for other in ENDPOINTS if other.name == name]
            assert parameters.keys() <= {parameter.name for parameter in target.parameters}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_example_is_valid(name: str) -> None:
    """Of requests, of answers and of problems."""
    operation = OPERATIONS[name]
    carriers = [operation.get("requestBody", {}), *responses_of(operation).values()]
    for carrier in carriers:
        for _, schema, value in shown(carrier.get("content", {})):
            validator(schema).validate(value)


def test_examples_of_requests_are_taken() -> None:
    """The code takes what the document shows."""
    for media_type, _, value in shown(OPERATIONS["sendAlerts"]["requestBody"]["content"]):
        request = Request("POST", {"content-type": media_type}, body=json.dumps(value).encode())
        assert read_alerts(request)[0]
    for name, kind in (("markCard", CardState), ("markAll", ReadUpTo), ("writePreferences", Preferences)):
        for _, _, value in shown(OPERATIONS[name]["requestBody"]["content"]):
            decode(json.dumps(value).encode(), kind)


def test_every_code_can_happen_somewhere() -> None:
    """No problem is documented for no operation, each status names its codes, and an operation has each status once."""
    named = set()
    for endpoint in ENDPOINTS:
        assert not {answer.status for answer in endpoint.answers} & {code.status for code in endpoint.every_problem}
    for operation in OPERATIONS.values():
        for status, response in responses_of(operation).items():
            problem = response.get("content", {}).get("application/problem+json")
            if problem:
                codes = problem["schema"]["properties"]["code"]["enum"]
                assert {code.status for code in Code if code.code in codes} == {int(status)}
                named |= set(codes)
    assert named == {code.code for code in Code}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_security_is_said(endpoint: Endpoint) -> None:
    """An operation is public, or names the schemes; 401 goes with them."""
    operation = OPERATIONS[endpoint.name]
    schemes = [name for requirement in operation["security"] for name in requirement]
    assert schemes == ([] if endpoint.public else list(DOCUMENT["components"]["securitySchemes"]))
    assert ("401" in operation["responses"]) is not endpoint.public
    discovery = DOCUMENT["components"]["securitySchemes"]["openIdConnect"]["openIdConnectUrl"]
    assert discovery == "https://login.example.com/tenant/.well-known/openid-configuration"


def test_the_version_is_that_of_the_package() -> None:
    """One version, in two places."""
    assert tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"] == VERSION


def test_whatever_has_fields_says_what_they_are() -> None:
    """Every object among the components is one of the types, and every docstring of a field is in the document."""
    found = components()
    objects = {name for name, schema in found.items() if schema.get("type") == "object"}
    assert objects == {kind.__name__ for kind in TYPES}
    described = json.dumps(found)
    for docstring in ("A later alert of the same thread replaces the card", "Counts what was said about this card"):
        assert docstring in described


def test_patterns_have_nothing_that_only_python_needs() -> None:
    """Other languages' validators take them as they are."""
    text = json.dumps(DOCUMENT)
    assert "(?!\\\\n)" not in text
    assert "\\\\ud800" not in text


ALERTS: list[tuple[dict[str, Any], bool]] = [
    ({"to": ["everyone"], "title": "x"}, True),
    ({"to": ["everyone"], "title": "x", "retract": False}, True),
    ({"to": ["everyone"], "id": "a", "retract": True}, True),
    ({"to": ["everyone"], "id": "a", "retract": True, "title": "x"}, True),
    ({"to": ["everyone"], "title": None}, False),
    ({"to": ["everyone"]}, False),
    ({"to": ["everyone"], "retract": True}, False),
    ({"to": ["everyone"], "title": "x", "retract": True}, False),
    ({"to": ["everyone"], "id": None, "retract": True}, False),
    ({"to": [], "title": "x"}, False),
    ({"to": ["everyone"] * 101, "title": "x"}, False),
    ({"to": ["user:"], "title": "x"}, False),
    ({"to": ["everyone"], "title": "x\n"}, False),
    ({"to": ["everyone"], "title": "x", "url": "//host"}, False),
    ({"to": ["everyone"], "title": "x", "url": "https://host/path"}, True),
    ({"to": ["everyone"], "title": "x", "tilte": "x"}, False),
    ({"to": ["everyone"], "title": "x", "deliverAt": "tomorrow"}, False),
    ({"to": ["everyone"], "title": "x", "deliverAt": "2026-11-20T06:00:00Z"}, True),
]


@pytest.mark.parametrize(("alert", "valid"), ALERTS, ids=lambda value: str(value)[:60])
def test_schema_and_code_agree_on_alerts(alert: dict[str, Any], *, valid: bool) -> None:
    """What the one refuses, the other refuses."""
    assert component("Alert").is_valid(alert) is valid
    try:
        msgspec.json.decode(json.dumps(alert), type=Alert)
    except msgspec.ValidationError:
        assert not valid
    else:
        assert valid


FIELDS = {
    "body": st.text(max_size=20),
    "category": st.just("disk"),
    "url": st.just("/hosts/db-1"),
    "icon": st.just("/icon.png"),
    "image": st.just("https://example.com/graph.png"),
    "actions": st.just((Action("open", "Open", "/hosts/db-1"),)),
    "data": st.dictionaries(st.text(max_size=5), st.integers()),
    "thread": st.just("disk:db-1"),
    "deliver_at": st.just(NOON),
    "expires_at": st.just(NOON + timedelta(hours=1)),
    "severity": st.sampled_from(["info", "critical"]),
    "push": st.sampled_from(["offline", "always", "never"]),
    "retract": st.booleans(),
}


@given(st.fixed_dictionaries({}, optional=FIELDS), st.booleans(), st.booleans())
def test_cards_have_the_shape_that_is_described(fields: dict[str, Any], read: bool, archived: bool) -> None:  # noqa: FBT001  # hypothesis gives them
    """Whatever is in an alert, its card is as described, with no field more."""
    fields["body"] = "".join(character for character in fields.get("body", "") if character.isprintable())
    card = msgspec.to_builtins(to_card(stored("b", 2, OFFICE, **fields), read=read, archived=archived))
    kind = Withdrawn if fields.get("retract") else Card
    assert card.keys() <= kind.__annotations__.keys()
    component(kind.__name__).validate(card)


def test_a_card_has_all_that_an_alert_has() -> None:
    """A field that is added to alerts is added to the description of cards."""
    names = set(Alert.__struct_encode_fields__) - {"retract"}
    assert names <= Card.__annotations__.keys()
    assert Card.__annotations__.keys() - names == {"card", "audience", "position", "at", "read", "archived"}


async def test_the_document_may_be_kept() -> None:
    """The same for everyone; a client that has it already is told so, without it."""
    description = Description(ISSUER)
    first = await description.describe(Request("GET", {}))
    assert (first.status, json.loads(first.body)) == (HTTPStatus.OK, DOCUMENT)
    assert first.headers["Cache-Control"] == "public, max-age=3600"
    tag = first.headers["ETag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = await description.describe(Request("GET", {"if-none-match": known}))
        assert (again.status, again.body, again.headers["ETag"]) == (HTTPStatus.NOT_MODIFIED, b"", tag)
    changed = await Description("https://other.example.com").describe(Request("GET", {"if-none-match": tag}))
    assert changed.status == HTTPStatus.OK


def test_examples_are_all_used() -> None:
    """None is left over."""
    text = json.dumps(DOCUMENT)
    for name, value in inspect.getmembers(examples):
        if name.isupper() and not name.startswith("_"):
            assert json.dumps(value) in text, name
