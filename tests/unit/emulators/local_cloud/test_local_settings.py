import json
from pathlib import Path

import pytest

from emulators.cloud import COMPONENTS, Cloud
from emulators.notification_hubs import vapid
from emulators.settings import SettingsError, read_settings, read_settings_file, with_addresses

ROOT = Path(__file__).parents[4]

MOVED = {"sb://localhost": "sb://localhost:7001", "sb://localhost:5672": "sb://localhost:7001"}


def write(folder: Path, name: str, values: object) -> None:
    """A settings file."""
    (folder / name).write_text(json.dumps({"IsEncrypted": False, "Values": values}))


def test_the_developers_own_file_goes_before_the_sample(tmp_path: Path) -> None:
    """The sample serves whoever has no file of their own yet."""
    write(tmp_path, "local.settings.sample.json", {"A": "sample"})
    assert read_settings(tmp_path) == {"A": "sample"}
    write(tmp_path, "local.settings.json", {"A": "own"})
    assert read_settings(tmp_path) == {"A": "own"}


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One setting can be tried without editing the file, as with Core Tools."""
    write(tmp_path, "local.settings.json", {"BELFRY_A": "file", "BELFRY_B": "file"})
    monkeypatch.setenv("BELFRY_B", "environment")
    assert read_settings(tmp_path) == {"BELFRY_A": "file", "BELFRY_B": "environment"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"Values": []}', '{"Values": {"A": 1}}'])
def test_a_wrong_file_is_named(tmp_path: Path, text: str) -> None:
    """Whoever has a mistake in the settings is told in which file."""
    (tmp_path / "local.settings.json").write_text(text)
    with pytest.raises(SettingsError, match=r"local\.settings\.json"):
        read_settings(tmp_path)


def test_the_sample_has_the_public_half_of_the_clouds_key() -> None:
    """Browsers subscribe with the one, and the hub signs with the other."""
    [hub] = (component for component in COMPONENTS if component.name == "notification_hubs")
    _, key = hub.arguments
    public = read_settings_file(ROOT / "local.settings.sample.json")["VAPID_PUBLIC_KEY"]
    assert vapid.Vapid(vapid.read_key(key)).public_key == public


def test_no_file_is_said(tmp_path: Path) -> None:
    """An application without settings is refused in words."""
    with pytest.raises(SettingsError, match="neither"):
        read_settings(tmp_path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "Endpoint=sb://localhost;UseDevelopmentEmulator=true;",
            "Endpoint=sb://localhost:7001;UseDevelopmentEmulator=true;",
        ),
        ("Endpoint=sb://localhost:5672;Key=x", "Endpoint=sb://localhost:7001;Key=x"),
        ("Endpoint=sb://localhost/;Key=x", "Endpoint=sb://localhost:7001/;Key=x"),
        ("sb://localhost", "sb://localhost:7001"),
        ("Endpoint=sb://localhost:8090;Key=x", "Endpoint=sb://localhost:8090;Key=x"),
        ("Endpoint=sb://localhost:56720;Key=x", "Endpoint=sb://localhost:56720;Key=x"),
        ("Endpoint=sb://localhost.example;Key=x", "Endpoint=sb://localhost.example;Key=x"),
        ("Endpoint=sb://belfry.servicebus.windows.net/;Key=x", "Endpoint=sb://belfry.servicebus.windows.net/;Key=x"),
    ],
)
def test_only_the_whole_address_is_replaced(before: str, after: str) -> None:
    """An address moves with or without its port; one that merely begins like it stays, and so does Azure's."""
    assert with_addresses({"A": before}, MOVED) == {"A": after}


def test_all_addresses_move_at_once() -> None:
    """A new address that looks like another's old one is not replaced again."""
    exchanged = {"http://localhost:1": "http://localhost:2", "http://localhost:2": "http://localhost:1"}
    before = {"A": "http://localhost:1/x http://localhost:2"}
    assert with_addresses(before, exchanged) == {"A": "http://localhost:2/x http://localhost:1"}
    assert with_addresses(before, {}) == before


def test_each_service_stands_once_in_the_table() -> None:
    """Names and ports are unique, and each service comes after those it needs."""
    assert len({component.name for component in COMPONENTS}) == len(COMPONENTS)
    assert len({component.port for component in COMPONENTS}) == len(COMPONENTS)
    before: set[str] = set()
    for component in COMPONENTS:
        assert before.issuperset(component.needs)
        before.add(component.name)


def test_an_address_moves_in_settings_and_in_connection_strings() -> None:
    """Notification Hubs is reached over HTTP, and its connection string says sb:// all the same."""
    [hubs] = [component for component in COMPONENTS if component.name == "notification_hubs"]
    before = {"A": "http://localhost:8090/_vapid", "B": "Endpoint=sb://localhost:8090;UseDevelopmentEmulator=true;"}
    assert with_addresses(before, hubs.moved(7001)) == {
        "A": "http://localhost:7001/_vapid",
        "B": "Endpoint=sb://localhost:7001;UseDevelopmentEmulator=true;",
    }


def test_an_unknown_service_is_refused() -> None:
    """A misspelled name is answered with the names that there are."""
    with pytest.raises(ValueError, match="no service comsos; there are service_bus, cosmos"):
        Cloud(["comsos"])


def test_a_cloud_at_its_own_ports_changes_no_setting(tmp_path: Path) -> None:
    """The addresses in a settings file are those of the services; settings that are given replace the file."""
    write(tmp_path, "local.settings.json", {"A": "http://localhost:8081"})
    assert Cloud(application=tmp_path).settings() == {"A": "http://localhost:8081"}
    assert Cloud(application=tmp_path, settings={"B": "given"}).settings() == {"B": "given"}
