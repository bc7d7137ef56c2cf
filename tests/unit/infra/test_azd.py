import json
import re
from io import BufferedReader
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.hooks import web_settings
from scripts.make_test_issuer import write_issuer
from tests.unit.infra.bicep import read

PROJECT = Path(__file__).parents[3]
AZD: dict[str, Any] = yaml.safe_load((PROJECT / "azure.yaml").read_text())


def test_the_web_client_is_told_of_its_deployment_last() -> None:
    """`azd up` packages before there is anything to tell of, and packages by `npm run build`, which begins afresh."""
    web = AZD["services"]["web"]
    assert "build" in json.loads((PROJECT / web["project"] / "package.json").read_text())["scripts"]
    assert list(web["hooks"]) == ["predeploy"]
    for hook in web["hooks"]["predeploy"].values():
        python, script, folder = hook["run"].split()
        assert python.startswith("python")
        assert (PROJECT / web["project"] / script).resolve() == PROJECT / "infra/hooks/web_settings.py"
        assert folder == web["dist"]


def test_the_hosting_configuration_is_the_one_that_was_built() -> None:
    """Of all below the service's folder, the tools of Static Web Apps take one, and nobody knows which."""
    folder = PROJECT / AZD["services"]["web"]["project"]
    sources = (path for path in folder.rglob("staticwebapp.config.json") if "node_modules" not in path.parts)
    assert [path for path in sources if not path.is_relative_to(folder / AZD["services"]["web"]["dist"])] == []


def test_azd_asks_for_nothing_but_the_name_and_the_region() -> None:
    """`azd up` asks for each parameter that has neither value nor default, and only then calls the hook for sign-in."""
    parameters = read(PROJECT / "infra/main.bicep").of("param")
    assert [name for name, each in parameters.items() if each.value is None] == ["environmentName", "location"]


def test_the_version_of_azd_is_one_that_can() -> None:
    """Before 1.25.6 it deploys to an environment of the static web app by a name that there is none of."""
    wanted = AZD["requiredVersions"]["azd"].removeprefix(">= ")
    assert tuple(map(int, wanted.split("."))) >= (1, 25, 6)
    assert f"(`azd`) {wanted} or later" in (PROJECT / "docs/deploy.md").read_text()


def test_an_issuer_of_nothing_but_keys_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As that of the end-to-end tests is, whose environment is deployed as any other."""
    write_issuer("https://example.org", tmp_path)
    monkeypatch.setattr(web_settings, "urlopen", lambda address, **_: _open(tmp_path / "public", address))
    provider = web_settings.discovered("https://example.org")
    assert web_settings.origins(provider, "https://live.example.org") == [
        "https://example.org",
        "wss://live.example.org",
    ]


def test_what_is_given_for_a_secret_is_one() -> None:
    """Types of Notification Hubs hold all of a credential for secret; Bicep, as set up here, compiles nothing else."""
    rules = json.loads((PROJECT / "infra/bicepconfig.json").read_text())["analyzers"]["core"]["rules"]
    assert rules["use-secure-value-for-secure-inputs"] == {"level": "error"}
    module = (PROJECT / "infra/modules/notification-hubs.bicep").read_text()
    parameters = re.findall(r"^(@secure\(\)\n)?param ((?:fcm|apns|vapid)\w+)", module, re.MULTILINE)
    assert [name for secure, name in parameters if not secure] == ["apnsEnvironment"]


def _open(folder: Path, address: str) -> BufferedReader:
    return (folder / address.removeprefix("https://example.org/")).open("rb")
