import json

import pytest

from emulators.functions_host import settings
from emulators.functions_host.cors import Policy
from emulators.functions_host.errors import ConfigurationError
from emulators.functions_host.settings import Connection


def _parse(document: object) -> settings.LocalSettings:
    return settings.parse(json.dumps(document).encode())


def test_values_become_text() -> None:
    """Values are strings in the environment, also those written as numbers and booleans."""
    assert _parse({"Values": {"A": "x", "B": 5, "C": True}}).values == {"A": "x", "B": "5", "C": "True"}


@pytest.mark.parametrize(
    "document", [[], {"IsEncrypted": True}, {"Values": {"A": {}}}, {"Host": {"CORS": "*", "CORSCredentials": True}}]
)
def test_refused(document: object) -> None:
    """What cannot be honoured is refused, with the name of the file."""
    with pytest.raises(ConfigurationError, match=r"local\.settings\.json"):
        _parse(document)


def test_environment_wins() -> None:
    """A value that the environment has is not replaced."""
    environment = {"A": "environment"}
    settings.apply(settings.LocalSettings({"A": "file", "B": "file"}, None), environment)
    assert environment == {"A": "environment", "B": "file"}


def test_references() -> None:
    """Each %NAME% is replaced by the setting's value."""
    assert settings.resolve("%A%-%B%", {"A": "1", "B": "2"}) == "1-2"
    assert settings.resolve("100 %", {}) == "100 %"
    with pytest.raises(ConfigurationError, match="C: setting is missing; '%C%' refers to it"):
        settings.resolve("%C%", {})


@pytest.mark.parametrize(
    ("environment", "connection"),
    [
        ({"BUS": "text"}, Connection(connection_string="text")),
        ({"AzureWebJobsBUS": "web jobs", "BUS": "text"}, Connection(connection_string="web jobs")),
        ({"ConnectionStrings__BUS": "text"}, Connection(connection_string="text")),
        ({"BUS__fullyQualifiedNamespace": "a.b"}, Connection(namespace="a.b")),
        (
            {"BUS__fullyQualifiedNamespace": "a.b", "BUS__credential": "managedidentity", "BUS__clientId": "id"},
            Connection(namespace="a.b", managed_identity=True, client_id="id"),
        ),
    ],
)
def test_connections(environment: dict[str, str], connection: Connection) -> None:
    """A connection is found as a connection string or as an identity, under the names that Azure looks for."""
    assert settings.connection("BUS", environment) == connection


def test_default_connection() -> None:
    """Without a name the connection is AzureWebJobsServiceBus."""
    assert settings.connection("", {"AzureWebJobsServiceBus": "x"}) == Connection(connection_string="x")


def test_missing_connection() -> None:
    """A connection that is not set is named."""
    with pytest.raises(ConfigurationError, match="BUS: setting is missing"):
        settings.connection("BUS", {})


@pytest.mark.parametrize(
    ("name", "value", "disabled"),
    [
        ("AzureWebJobs.f.Disabled", "true", True),
        ("AzureWebJobs_f_Disabled", "1", True),
        ("AzureWebJobs.f.Disabled", "false", False),
        ("AzureWebJobs.g.Disabled", "true", False),
    ],
)
def test_disabled(name: str, value: str, *, disabled: bool) -> None:
    """A setting turns a function off."""
    assert settings.is_disabled("f", {name: value}) is disabled


def test_cors_origins() -> None:
    """Origins are read from the comma-separated list; a slash at the end means nothing."""
    assert _parse({"Host": {"CORS": "http://a/, http://b"}}).cors == Policy(
        frozenset({"http://a", "http://b"}), credentials=False
    )
    assert _parse({"Host": {}}).cors is None


def test_any_origin() -> None:
    """With `*` every origin may call, and is told so."""
    policy = Policy(frozenset({"*"}), credentials=False)
    assert policy.response_headers("http://a") == {"Access-Control-Allow-Origin": "*"}


def test_one_origin() -> None:
    """A single origin is told its own name, another nothing."""
    policy = Policy(frozenset({"http://a"}), credentials=False)
    assert policy.response_headers("http://a") == {"Access-Control-Allow-Origin": "http://a"}
    assert policy.response_headers("http://b") == {}
    assert policy.preflight_headers("http://b", "PUT", "x") == {}
    assert policy.preflight_headers("http://a", "PUT", "") == {
        "Access-Control-Allow-Origin": "http://a",
        "Access-Control-Allow-Methods": "PUT",
    }
