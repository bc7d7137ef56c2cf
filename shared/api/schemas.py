"""JSON Schema (2020-12) of the types that the code validates with, as OpenAPI and AsyncAPI documents carry it.

Patterns, bounds and defaults are what msgspec makes of the types. Descriptions of fields are the docstrings beneath
them, read from the source, so that each is written once. What a type checks in code, and a schema can say, stands in
`_RULES`; what no schema can say is in the descriptions.
"""

import ast
import inspect
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final

from msgspec import json

from shared.alert import Action, Alert, Escalation, Repeat
from shared.api.answers import (
    Accepted,
    AcceptedAlert,
    AllRead,
    Backend,
    Connection,
    HealthReport,
    RegisteredDevice,
    RegisteredDevices,
    Subscription,
    Subscriptions,
)
from shared.api.operations import CardState, ReadUpTo
from shared.api.problems import Problem
from shared.card import Card, Withdrawn
from shared.inbox.catching_up import Changes, History
from shared.inbox.profile import Preferences, QuietHours
from shared.inbox.settling_in import Export
from shared.inbox.state import Mark
from shared.push.devices import PushSubscription, Registration
from shared.wire.cloudevents import Event

type Schema = dict[str, Any]

TYPES: Final[tuple[type[Any], ...]] = (
    Accepted,
    AcceptedAlert,
    Action,
    Alert,
    AllRead,
    Backend,
    Card,
    CardState,
    Changes,
    Connection,
    Escalation,
    Event,
    Export,
    HealthReport,
    History,
    Mark,
    Preferences,
    Problem,
    PushSubscription,
    QuietHours,
    ReadUpTo,
    RegisteredDevice,
    RegisteredDevices,
    Registration,
    Repeat,
    Subscription,
    Subscriptions,
    Withdrawn,
)
"""Everything that has a name in the documents."""

_REFERENCES: Final = "#/components/schemas/{name}"
_TEXT: Final = {"type": "string"}
_BOOLEAN: Final = {"type": "boolean"}
_RULES: Final[Mapping[str, Schema]] = {
    "Alert": {
        "anyOf": [
            {"required": ["title"], "properties": {"title": _TEXT, "retract": {"const": False}}},
            {"required": ["id", "retract"], "properties": {"id": _TEXT, "retract": {"const": True}}},
        ]
    },
    "CardState": {
        "anyOf": [
            {"required": ["read"], "properties": {"read": _BOOLEAN}},
            {"required": ["archived"], "properties": {"archived": _BOOLEAN}},
        ]
    },
    "Event": {
        "anyOf": [
            {"required": ["data"], "properties": {"data": {"$ref": _REFERENCES.format(name="Alert")}}},
            {"required": ["data_base64"], "properties": {"data_base64": {"contentEncoding": "base64"}}},
        ]
    },
    "Registration": {
        "anyOf": [
            {"properties": {"platform": {"enum": ["fcmv1", "apns"]}, "pushChannel": {"type": "string"}}},
            {"properties": {"platform": {"const": "browser"}, "pushChannel": {"type": "object"}}},
        ]
    },
}


def reference(kind: type[Any]) -> Schema:
    """A reference to the schema of one of `TYPES`."""
    return {"$ref": _REFERENCES.format(name=kind.__name__)}


def schema_of(kind: Any) -> Schema:
    """The schema of a type, which refers to those of `components`."""
    (schema,), _ = json.schema_components([kind], ref_template=_REFERENCES)
    portable: Schema = _portable(schema)
    return portable


def components() -> dict[str, Schema]:
    """The schemas of `TYPES` and of what they are made of, by name."""
    _, found = json.schema_components(TYPES, ref_template=_REFERENCES)
    for kind in TYPES:
        _describe(found[kind.__name__]["properties"], _field_docstrings(kind))
    return {name: _portable(schema | _RULES.get(name, {})) for name, schema in sorted(found.items())}


def _describe(properties: dict[str, Schema], docstrings: Iterable[tuple[str, str]]) -> None:
    for name, docstring in docstrings:
        about_type = properties[name].get("description", "")
        properties[name]["description"] = f"{docstring} {about_type[:1].upper()}{about_type[1:]}".rstrip()


def _field_docstrings(kind: type[Any]) -> Iterable[tuple[str, str]]:
    """The fields of a class that have a docstring, by the name that they have in JSON."""
    encoded = dict(
        zip(getattr(kind, "__struct_fields__", ()), getattr(kind, "__struct_encode_fields__", ()), strict=True)
    )
    (definition,) = ast.parse(inspect.getsource(kind)).body
    for statement, following in pairwise(getattr(definition, "body", ())):
        match statement, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(docstring))):
                yield encoded.get(name, name), re.sub(r"\bNone\b", "null", " ".join(docstring.split()))


def _portable(value: Any) -> Any:
    r"""The schema without what only Python's patterns need, or only some others know.

    In ECMA-262, and so in JSON Schema, `$` never matches before a trailing line feed, as Python's does. And some
    validators take no range of surrogates: those are no characters anyhow, but this schema lets them pass.
    """
    match value:
        case dict():
            return {
                name: item.replace(r"$(?!\n)", "$").replace(r"\ud800-\udfff", "")
                if name == "pattern" and isinstance(item, str)
                else _portable(item)
                for name, item in value.items()
            }
        case list() | tuple():
            return [_portable(item) for item in value]
        case _:
            return value
