import dataclasses
import json
from pathlib import Path

import pytest

from scripts import write_settings
from shared.errors import SettingsError
from shared.settings import DECLARED, Settings, load_settings

ROOT = Path(__file__).parents[3]
LEAST = {
    "SERVICE_BUS_CONNECTION__fullyQualifiedNamespace": "belfry.servicebus.windows.net",
    "COSMOS_ENDPOINT": "https://belfry.documents.azure.com",
    "WEB_PUBSUB_ENDPOINT": "https://belfry.webpubsub.azure.com",
    "AUTH_ISSUER": "https://login.example/tenant/v2.0",
    "AUTH_AUDIENCE": "api://belfry",
}
PUBLIC_KEY = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
ALTERNATIVES = [
    ("SERVICE_BUS_CONNECTION", "SERVICE_BUS_CONNECTION__fullyQualifiedNamespace"),
    ("WEB_PUBSUB_CONNECTION", "WEB_PUBSUB_ENDPOINT"),
]


def refusal(environment: dict[str, str]) -> str:
    """The words that an environment is refused with."""
    with pytest.raises(SettingsError) as error:
        load_settings(environment)
    return str(error.value)


def without(*keys: str) -> dict[str, str]:
    """What is needed, but for these."""
    return {key: value for key, value in LEAST.items() if key not in keys}


def test_what_is_required_is_enough() -> None:
    """Everything else has a default or may be absent."""
    settings = load_settings(LEAST)
    assert settings.cosmos_endpoint == "https://belfry.documents.azure.com"
    assert (settings.cosmos_database, settings.web_pubsub_hub) == ("belfry", "belfry")
    assert (settings.retention_days, settings.auth_roles_claim) == (90, "roles")
    assert (settings.auth_user_claim, settings.cosmos_key) == (None, None)


@pytest.mark.parametrize("key", ["COSMOS_ENDPOINT", "AUTH_ISSUER", "AUTH_AUDIENCE"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_missing_one_is_named(key: str, value: str | None) -> None:
    """Empty is missing, too: a template that was not filled in."""
    environment = without(key) if value is None else LEAST | {key: value}
    assert f"{key} is missing" in refusal(environment)


@pytest.mark.parametrize(("connection", "address"), ALTERNATIVES)
def test_one_of_two_ways_to_reach_a_service_is_required(connection: str, address: str) -> None:
    """A connection string or an address: with neither, both are named; either is enough."""
    assert f"{connection} or {address} is missing" in refusal(without(address))
    load_settings(without(address) | {connection: "Endpoint=http://localhost;AccessKey=x;"})


def test_all_that_is_wrong_is_told_at_once() -> None:
    """Nobody likes to start ten times to hear of ten mistakes."""
    words = refusal({"COSMOS_ENDPOINT": "belfry", "RETENTION_DAYS": "forever"})
    for key in (
        "COSMOS_ENDPOINT",
        "RETENTION_DAYS",
        "AUTH_ISSUER",
        "AUTH_AUDIENCE",
        *ALTERNATIVES[0],
        *ALTERNATIVES[1],
    ):
        assert key in words


def test_a_key_vault_reference_that_was_not_resolved_ends_the_start() -> None:
    """Alerts wait in the queue until an operator has mended it, instead of failing ten times each."""
    reference = "@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/notification-hubs-connection)"
    words = refusal(LEAST | {"NOTIFICATION_HUBS_CONNECTION": reference})
    assert words == "NOTIFICATION_HUBS_CONNECTION is a Key Vault reference that was not resolved"


@pytest.mark.parametrize("key", ["COSMOS_ENDPOINT", "WEB_PUBSUB_ENDPOINT", "AUTH_ISSUER"])
@pytest.mark.parametrize(
    "value",
    [
        "http://belfry.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "ftp://localhost",
        "belfry.example",
        "https://",
        "https:///path",
        "https://belfry.example?x=1",
        "https://belfry.example#x",
        "https://[::1",
        "localhost:8081",
    ],
)
def test_a_url_is_https_unless_it_is_this_machine(key: str, value: str) -> None:
    """Keys and tokens go to these addresses: never in the clear, never with something left over."""
    assert key in refusal(LEAST | {key: value})


@pytest.mark.parametrize(
    "value",
    [
        "http://localhost:8081",
        "http://127.0.0.1:8081",
        "http://[::1]:8081",
        "https://belfry.example/path/",
        "HTTPS://A.B",
    ],
)
def test_addresses_of_this_machine_may_be_plain(value: str) -> None:
    """The local cloud has no certificates."""
    assert load_settings(LEAST | {"COSMOS_ENDPOINT": value}).cosmos_endpoint == value


@pytest.mark.parametrize("days", ["0", "3651", "-1", "1.5", "ninety", "90 d", "1e1", "9" * 5000, "²"])
def test_retention_is_a_number_of_days(days: str) -> None:
    """From one day to ten years."""
    assert "RETENTION_DAYS" in refusal(LEAST | {"RETENTION_DAYS": days})


@pytest.mark.parametrize("days", ["1", "90", "3650", " 30 "])
def test_retention_within_the_limits_is_taken(days: str) -> None:
    """Spaces around a value do not matter."""
    assert load_settings(LEAST | {"RETENTION_DAYS": days}).retention_days == int(days)


@pytest.mark.parametrize("hub", ["1hub", "my-hub", "a b", "x" * 129, "ü"])
def test_a_hub_has_a_name_that_the_service_takes(hub: str) -> None:
    """Found at start, not at the first alert."""
    assert "WEB_PUBSUB_HUB" in refusal(LEAST | {"WEB_PUBSUB_HUB": hub})


@pytest.mark.parametrize("key", [PUBLIC_KEY, PUBLIC_KEY + "=", f" {PUBLIC_KEY} "])
def test_the_key_of_browsers_is_taken_as_the_portal_shows_it(key: str) -> None:
    """And handed out as browsers take it, without padding."""
    assert load_settings(LEAST | {"VAPID_PUBLIC_KEY": key}).vapid_public_key == PUBLIC_KEY


@pytest.mark.parametrize(
    "key", [PUBLIC_KEY[:-1], "C" + PUBLIC_KEY[1:], PUBLIC_KEY + "AA", "private", "+" * 87, "ü", "=", "A"]
)
def test_what_is_no_key_of_browsers_is_refused(key: str) -> None:
    """Also the private one by mistake: found at start, not when a person wants pushes."""
    assert "VAPID_PUBLIC_KEY" in refusal(LEAST | {"VAPID_PUBLIC_KEY": key})


def test_a_wrong_value_is_not_repeated() -> None:
    """It may be a secret in the wrong place, and errors go to logs."""
    secret = "Endpoint=sb://x;SharedAccessKey=very-secret"
    assert "very-secret" not in refusal(LEAST | {"COSMOS_ENDPOINT": secret, "RETENTION_DAYS": secret})


def test_settings_do_not_show_their_secrets() -> None:
    """Written to a log by mistake they give no key away."""
    settings = load_settings(
        LEAST
        | {"COSMOS_KEY": "very-secret", "SERVICE_BUS_CONNECTION": "very-secret", "WEB_PUBSUB_CONNECTION": "very-secret"}
    )
    assert "very-secret" not in repr(settings)
    assert "very-secret" not in str(settings)


def test_other_variables_are_ignored() -> None:
    """An environment is full of things that are not ours."""
    assert load_settings(LEAST | {"PATH": "/bin", "COSMOS_ENDPOINTS": "x"}) == load_settings(LEAST)


def test_every_setting_is_declared_once() -> None:
    """With a key of its own, and a meaning that is a sentence."""
    assert len({declaration.key for declaration in DECLARED}) == len(DECLARED) == len(dataclasses.fields(Settings))
    assert all(declaration.meaning.endswith(".") for declaration in DECLARED)


def test_the_documentation_has_every_setting_as_it_is() -> None:
    """Whoever changes one writes docs/settings.md anew: `python -m scripts.write_settings`."""
    page = write_settings.PAGE.read_text(encoding="utf-8")
    assert write_settings.written(page) == page
    assert [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")] == [
        declaration.key for declaration in DECLARED
    ]


def test_the_sample_settings_are_valid() -> None:
    """Copied as they are they start the application, and they have no key that means nothing."""
    values = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    load_settings(values)
    of_the_platform = {"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"}
    assert values.keys() - of_the_platform <= {declaration.key for declaration in DECLARED}
