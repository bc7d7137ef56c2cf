import json
from argparse import Namespace
from pathlib import Path

import pytest

from belfry.cli.failing import WrongUseError
from belfry.cli.settings import API, LOCAL, find_target
from belfry.operations.service_bus import Access
from shared.settings import load_settings

PROJECT = Path(__file__).parents[3]
ELSEWHERE = {
    "SERVICE_BUS_CONNECTION__fullyQualifiedNamespace": "belfry.servicebus.windows.net",
    API: "https://belfry.example/api/",
}


def options(settings: Path | None = None, **others: str) -> Namespace:
    """What was typed."""
    return Namespace(settings=settings, **others)


def test_without_settings_the_local_cloud_is_meant() -> None:
    """Its addresses and keys are those that the repository's sample of settings has."""
    sample = json.loads((PROJECT / "local.settings.sample.json").read_text())["Values"]
    target = find_target(options(), {})
    assert {key: sample.get(key) for key in LOCAL if key != API} == {k: v for k, v in LOCAL.items() if k != API}
    assert target.service_bus == Access(sample["SERVICE_BUS_CONNECTION"], by_identity=False)
    assert (target.api, target.local_identity) == ("http://localhost:7071/api", "http://localhost:8091")


def test_settings_of_two_systems_are_never_mixed(tmp_path: Path) -> None:
    """One address in the environment, and nothing of the local cloud is left; a file leaves nothing of either."""
    target = find_target(options(), ELSEWHERE)
    assert target.service_bus == Access("belfry.servicebus.windows.net", by_identity=True)
    assert (target.api, target.local_identity) == ("https://belfry.example/api", None)
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"Values": {"AUTH_ISSUER": "https://issuer.example"}}))
    target = find_target(options(file), ELSEWHERE)
    assert target.values == {"AUTH_ISSUER": "https://issuer.example", API: ELSEWHERE[API]}
    with pytest.raises(WrongUseError, match=rf"SERVICE_BUS_CONNECTION is missing in {file}"):
        _ = target.service_bus


def test_settings_of_no_address_keep_the_local_cloud() -> None:
    """A shell that has an identity's id in it does not mean another system."""
    assert find_target(options(), {"AZURE_CLIENT_ID": "x", "COSMOS_ENDPOINT": ""}).api == LOCAL[API]


def test_a_file_may_be_as_the_azure_cli_prints_settings(tmp_path: Path) -> None:
    """`az functionapp config appsettings list` needs no editing."""
    file = tmp_path / "settings.json"
    file.write_text(json.dumps([{"name": "AUTH_AUDIENCE", "slotSetting": False, "value": " belfry "}]))
    assert find_target(options(file), {}).values == {"AUTH_AUDIENCE": "belfry"}


def test_the_settings_of_a_function_app_are_complete(tmp_path: Path) -> None:
    """Its key for pushes is a reference to a secret, which only the app resolves; no command is held up by it."""
    reference = {
        "name": "NOTIFICATION_HUBS_CONNECTION",
        "value": "@Microsoft.KeyVault(SecretUri=https://vault.example/x)",
    }
    others = {
        "SERVICE_BUS_CONNECTION__fullyQualifiedNamespace": "belfry.servicebus.windows.net",
        "COSMOS_ENDPOINT": "https://belfry.documents.azure.com",
        "WEB_PUBSUB_ENDPOINT": "https://belfry.webpubsub.azure.com",
        "AUTH_ISSUER": "https://issuer.example",
        "AUTH_AUDIENCE": "belfry",
    }
    file = tmp_path / "settings.json"
    file.write_text(json.dumps([reference, *({"name": key, "value": value} for key, value in others.items())]))
    target = find_target(options(file), {})
    assert (load_settings(target.values).auth_audience, target.misspelt) == ("belfry", {})


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"Values": {"A": 1}}', "[{}]"])
def test_a_file_that_has_no_settings_is_refused(tmp_path: Path, content: str) -> None:
    """With its name, whatever is in it."""
    file = tmp_path / "settings.json"
    file.write_text(content)
    with pytest.raises(WrongUseError, match=str(file)):
        find_target(options(file), {})


def test_an_address_on_the_command_line_goes_before_all() -> None:
    """`--api` is what one means now."""
    assert find_target(options(api="https://other.example/api"), ELSEWHERE).api == "https://other.example/api"


@pytest.mark.parametrize("address", ["http://belfry.example/api", "belfry.example", "ftp://localhost"])
def test_a_token_never_goes_over_plain_http(address: str) -> None:
    """But to this machine."""
    with pytest.raises(WrongUseError, match="https"):
        _ = find_target(options(), {API: address}).api


def test_a_misspelt_key_is_noticed() -> None:
    """What is not read would be missed in silence."""
    target = find_target(options(), {**ELSEWHERE, "COSMOS_ENDPIONT": "x", "HOME": "/", "PATH": "/bin"})
    assert target.misspelt == {"COSMOS_ENDPIONT": "COSMOS_ENDPOINT"}
