import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

PROJECT = Path(__file__).parents[3]
SCHEMA = PROJECT / "tests/contract/node/node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"


@pytest.fixture
def validator() -> jsonschema_rs.Validator:
    """The JSON Schema that the AsyncAPI Initiative publishes for 3.0."""
    assert SCHEMA.is_file(), "the packages are missing: make setup"
    return jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))


@pytest.fixture
def page() -> Any:
    """docs/asyncapi.yaml."""
    return yaml.safe_load((PROJECT / "docs/asyncapi.yaml").read_text())


def test_the_page_is_asyncapi(validator: jsonschema_rs.Validator, page: Any) -> None:
    """docs/asyncapi.yaml is a valid AsyncAPI 3.0 document."""
    assert [error.message for error in validator.iter_errors(page)] == []


def test_the_schema_would_find_a_mistake(validator: jsonschema_rs.Validator, page: Any) -> None:
    """It looks into messages and operations, and does not let everything pass."""
    page["operations"]["deliver"]["action"] = "consume"
    assert not validator.is_valid(page)
    page["operations"]["deliver"]["action"] = "receive"
    assert validator.is_valid(page)
    page["components"]["messages"]["alert"]["payloads"] = {}
    assert not validator.is_valid(page)
